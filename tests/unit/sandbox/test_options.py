"""Options: described once, read and written everywhere."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from bulkcall.sandbox import Fault, FaultKind, Masking, SandboxOptions, option_specs, options_from
from bulkcall.sandbox.__main__ import main, parse
from bulkcall.sandbox.options import flags_of

ALL_CHANGED = SandboxOptions(
    static_tokens=("a", "b"),
    realtime_limit=0,
    realtime_window=0.5,
    masking=Masking.NONE,
    shuffle=False,
    count_refused=True,
    clock_skew=-30.0,
    faults=(Fault(kind=FaultKind.RESET, times=0), Fault(kind=FaultKind.HTML, body="a,b")),
    journal="a b.jsonl",
)


def test_each_option_says_what_it_does():
    """Every field is described, and every default is the one of the object."""
    specs = list(option_specs())
    assert [s.name for s in specs] == [f.name for f in dataclasses.fields(SandboxOptions)]
    assert all(s.help for s in specs)
    assert {s.name: s.default for s in specs} == {
        name: getattr(SandboxOptions(), name) for name in (s.name for s in specs)
    }


@pytest.mark.parametrize("options", [SandboxOptions(), ALL_CHANGED], ids=["defaults", "changed"])
def test_flags_round_trip(options):
    """Options written as flags are read back the same."""
    assert parse(flags_of(options)).options == options


def test_documented_limits_are_the_defaults():
    """The defaults are the documented limits."""
    o = SandboxOptions()
    assert (o.realtime_limit, o.realtime_window) == (100, 1.0)
    assert (o.batch_limit, o.batch_window, o.batch_size) == (60, 60.0, 500)
    assert (o.token_limit, o.token_window, o.token_life) == (10, 1800.0, 3600.0)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"colour": "red"}, "colour"),
        ({"masking": "half"}, "none, part, all"),
        ({"realtime_limit": "many"}, "--realtime-limit"),
        ({"realtime_limit": -1}, "negative"),
        ({"realtime_window": 0}, "above zero"),
        ({"shuffle": "maybe"}, "--shuffle"),
        ({"faults": ["boom"]}, "--fault"),
    ],
)
def test_wrong_values(values, told):
    """A wrong value is named."""
    with pytest.raises(ValueError, match=told):
        options_from(values)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.org", "::"])  # noqa: S104
def test_loopback_only(host, capsys):
    """No address but loopback is listened on."""
    with pytest.raises(SystemExit) as stopped:
        main(["--host", host])
    assert stopped.value.code == 2
    assert "loopback" in capsys.readouterr().err


def test_naming_options_loads_no_server():
    """`bulkcall --help` names the options, and must not load a web server for that."""
    program = "import sys, bulkcall.sandbox.options; print('starlette' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"
