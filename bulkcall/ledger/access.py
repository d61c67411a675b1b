"""How the ledger's calls reach its store: one transaction each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

from bulkcall.ledger import runs
from bulkcall.ledger.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkcall.ledger.store import Store, Transaction

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Access:
    """An open ledger, without the calls that say something about runs and rows."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._numbers: dict[str, int] = {}

    @classmethod
    def open(cls, url: str) -> Self:
        """Open (SQLite: create) the ledger at a path, `sqlite:///…` or `postgresql://…`.

        An older ledger is migrated. `:memory:` gives one that ends with the process.
        """
        return cls(open_store(url))

    def close(self) -> None:
        """Close all connections to the database."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _write(
        self,
        work: Callable[Concatenate[Transaction, Parameters], Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Result:
        return self._store.write(lambda transaction: work(transaction, *args, **kwargs))

    def _read(
        self,
        work: Callable[Concatenate[Transaction, Parameters], Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Result:
        return self._store.read(lambda transaction: work(transaction, *args, **kwargs))

    def _number(self, run_id: str) -> int:
        # A run never changes its number, so it is looked up once.
        if run_id not in self._numbers:
            self._numbers[run_id] = self._read(runs.find, run_id).run_no
        return self._numbers[run_id]
