"""A PostgreSQL server of the tests' own: in a temporary folder, on loopback, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "ledger"
PASSWORD = "not-to-be-shown"  # noqa: S105 - of a server that lives for seconds


class NoServerError(Exception):
    """No PostgreSQL server is installed. The text says what to do."""


class Server:
    """Starts, restarts and stops one server."""

    def __init__(self) -> None:
        found = shutil.which("postgres")
        bins = [Path(found).resolve().parent] if found else []
        bins += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        if not bins:
            raise NoServerError(
                "no PostgreSQL server here; `apt-get install postgresql` brings one"
            )
        self._bin = bins[0]
        # Not in pytest's own folder: another user can't enter that.
        self._folder = Path(tempfile.mkdtemp(prefix="bulkcall-postgresql-"))
        self._data = self._folder / "data"
        self.port = _free_port()
        self._user = ""
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        if os.getuid() == 0:
            # The server refuses to run as root.
            self._user = "postgres" if _known("postgres") else "nobody"
            shutil.chown(self._folder, self._user)
            shutil.chown(secret, self._user)
        options = ("-U", USER, "-A", "scram-sha-256", "-N", f"--pwfile={secret}")
        self._run("initdb", "-D", self._data, *options)

    def __enter__(self) -> Self:
        for left in reversed(range(5)):
            try:
                self.start()
                break
            except RuntimeError:
                if not left:
                    raise
                self.port = _free_port()  # somebody took it while initdb was at work
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop("immediate")
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        options += " -c fsync=off"  # no test cuts the machine's power
        log = self._data / "log"
        self._run("pg_ctl", "-D", self._data, "-o", options, "-l", log, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; "immediate" is what a crash of it leaves behind."""
        self._run("pg_ctl", "-D", self._data, "-m", mode, "-w", "stop")

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Give the URL of a database without a ledger; a new database for each costs too much."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'bulkcall'"
            )
            connection.execute("DROP SCHEMA IF EXISTS bulkcall CASCADE")
        yield self.url("postgres")

    @contextlib.contextmanager
    def standby(self) -> Iterator[Standby]:
        """Give a second server that follows this one."""
        standby = Standby(self)
        try:
            standby.start()
            yield standby
        finally:
            standby.stop("immediate")

    @contextlib.contextmanager
    def pooler(self, mode: str) -> Iterator[str]:
        """Give the URL of a pgbouncer before it. Raises NoServerError where none is installed."""
        found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
        if found is None:
            raise NoServerError("no pgbouncer here; `apt-get install pgbouncer` brings one")
        port = _free_port()
        users = self._folder / "users.txt"
        users.write_text(f'"{USER}" "{PASSWORD}"\n')
        settings = self._folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host=127.0.0.1 port={self.port}\n[pgbouncer]\n"
            f"listen_addr=127.0.0.1\nlisten_port={port}\nunix_socket_dir=\n"
            f"auth_type=plain\nauth_file={users}\npool_mode={mode}\ndefault_pool_size=20\n"
        )
        command = [found, str(settings)]
        if self._user:
            command = [*self._as_user(), *command]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                for _ in range(500):
                    with contextlib.suppress(OSError):
                        socket.create_connection(("127.0.0.1", port), 1).close()
                        break
                    time.sleep(0.02)
                yield f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}/postgres"
            finally:
                process.kill()

    def program(self, name: str) -> Path:
        """Give the path of one of its programs, e.g. pg_dump."""
        return self._bin / name

    def url(self, name: str) -> str:
        """Give a database's URL."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self.program(program)), *map(str, arguments)]
        if self._user:
            command = [*self._as_user(), *command]
        # Into a file, not a pipe: the server would keep a pipe open for good.
        with (self._folder / "said").open("w+b") as said:
            done = subprocess.run(
                command, check=False, stdout=said, stderr=said, cwd="/", timeout=60
            )
            said.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program} failed: {said.read().decode()}")

    def _as_user(self) -> list[str]:
        ids = [f"--reuid={self._user}", f"--regid={_group(self._user)}", "--clear-groups"]
        return ["setpriv", *ids]


class Standby(Server):
    """A server that follows another one and only reads, until it is promoted."""

    def __init__(self, primary: Server) -> None:
        self._bin, self._user = primary._bin, primary._user
        self._folder = primary._folder
        self._data = self._folder / f"standby-{_free_port()}"
        self.port = _free_port()
        self._run(
            "pg_basebackup", "-d", primary.url("postgres"), "-D", self._data, "-R", "-c", "fast"
        )

    def promote(self) -> None:
        """Let it take over."""
        self._run("pg_ctl", "-D", self._data, "-w", "promote")


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _known(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
