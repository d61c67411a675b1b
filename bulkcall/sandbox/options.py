"""Everything that can be set about a sandbox, in one frozen object that makes its own flags."""

# ruff: noqa: RUF009 - `_option` is dataclasses.field with the help beside it

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, get_type_hints

import orjson

from bulkcall.sandbox.enums import (
    BadRecord,
    BatchIds,
    Counting,
    LabelRule,
    LabelShape,
    Masking,
    NumberForm,
    PlusRule,
    RetryAfter,
    Rules,
    Shape,
    TimeForm,
    TimesShown,
    Versions,
)
from bulkcall.sandbox.faults import Fault, fault_json, read_fault
from bulkcall.sandbox.labels import DEFAULT_LABELS, Label, read_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CLIENT_ACCOUNT_ID = "5a4db0c5-0000-4000-8000-00000000ac01"
KEY_ID = "5a4db0c5-0000-4000-8000-000000000e1d"
API_KEY = "5a4db0c5-0000-4000-8000-000000000a91"  # fixed, and of use on loopback only


def _option(default: Any, help_text: str) -> Any:
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """How a sandbox behaves. Each field's `metadata["help"]` says what it does.

    Limits, token life and the creation cap default to the documented ones (api.md, Calls).
    """

    client_account_id: str = _option(CLIENT_ACCOUNT_ID, "the one account that the sandbox knows")
    key_id: str = _option(KEY_ID, "its key id")
    api_key: str = _option(API_KEY, "its API key")
    static_tokens: tuple[str, ...] = _option((), "a token that is good from the start, without end")

    realtime_limit: int = _option(100, "real-time requests a window and token; 0: no limit")
    realtime_window: float = _option(1.0, "seconds of that window")
    batch_limit: int = _option(60, "batch creates a window and token; 0: no limit")
    batch_window: float = _option(60.0, "seconds of that window")
    status_limit: int = _option(60, "batch status requests a window and token; 0: no limit")
    status_window: float = _option(60.0, "seconds of that window")
    counting: Counting = _option(Counting.SLIDING, "how requests are counted against the limits")
    bucket_size: int = _option(0, "with bucket: how many requests it holds; 0: the limit")
    count_refused: bool = _option(False, "requests answered 429 fill the window too")
    retry_after: RetryAfter = _option(RetryAfter.SECONDS, "the form of Retry-After in a 429")
    label_limit: int = _option(60, "label listings a window and token; 0: no limit")
    label_window: float = _option(60.0, "seconds of that window")
    token_life: float = _option(3600.0, "seconds that a token lives")
    token_limit: int = _option(10, "tokens created a window and account; 0: no limit")
    token_window: float = _option(1800.0, "seconds of that window")
    batch_size: int = _option(500, "records that a batch may hold")

    rules: Rules = _option(Rules.DIGITS, "whether a receiver's last digits decide its outcome")
    bad_record: BadRecord = _option(BadRecord.REFUSE, "what becomes of a batch with a bad record")
    processing_min_ms: float = _option(
        500.0, "shortest time until a batch is final; at most the longest"
    )
    processing_max_ms: float = _option(2000.0, "longest time until a batch is final")
    working_word: str = _option("processing", "the status of a record that is not final")
    masking: Masking = _option(Masking.ALL, "what batch status shows of phone numbers")
    shuffle: bool = _option(True, "batch status lists records in no order")

    versions: Versions = _option(Versions.BOTH, "which versions of the API answer")
    plus: PlusRule = _option(PlusRule.DOCUMENTED, "whether numbers are sent with a plus")
    number_form: NumberForm = _option(
        NumberForm.SENT, "whether batch status shows numbers with a plus"
    )
    shape: Shape = _option(Shape.DOCUMENTED, "in which of the documented shapes answers come")
    batch_ids: BatchIds = _option(BatchIds.UUID, "what a batch id looks like")
    times: TimesShown = _option(TimesShown.SENT, "what batch status shows of times")
    time_unit_ms: int = _option(1000, "the unit that times are cut or rounded to")
    time_form: TimeForm = _option(TimeForm.MS, "how batch status writes times")
    start_shift_ms: int = _option(0, "batch status shows starts_at so much later")
    end_shift_ms: int = _option(0, "batch status shows ends_at so much later")

    labels: tuple[Label, ...] = _option(
        DEFAULT_LABELS, "a label of the account: id[,name[,category]], JSON, or none"
    )
    label_shape: LabelShape = _option(LabelShape.BARE, "what stands around the array of labels")
    label_rule: LabelRule = _option(LabelRule.ANY, "which label_id a record may name")

    arrival_jitter_ms: float = _option(0.0, "each request is seen up to so much late")
    latency_ms: float = _option(0.0, "each answer leaves so much later")
    latency_jitter_ms: float = _option(0.0, "give or take up to so much")
    clock_skew: float = _option(0.0, "seconds by which the server's clock is ahead")
    faults: tuple[Fault, ...] = _option((), "a fault: kind[@call][,name=value...], or JSON")
    seed: int = _option(0, "makes what is random repeatable; 0: it is not")

    journal: str = _option("", "a file to which each request is added as a JSON line")
    journal_memory: int = _option(1_000_000, "how many requests the journal keeps in memory")
    certfile: str = _option("", "serve https with this certificate (PEM)")
    keyfile: str = _option("", "the certificate's key (PEM)")


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """One option as a command line sees it."""

    name: str
    flag: str
    """`--retry-after`; a multiple option in the singular."""
    type: type
    """str, int, float, bool, or a StrEnum whose values are the choices."""
    default: Any
    multiple: bool
    """May be given several times; collects a tuple."""
    help: str

    @property
    def default_text(self) -> str:
        """What a help text says of the default; empty: nothing."""
        if self.multiple:
            return f"{len(self.default)} of its own" if self.default else ""
        return str(self.default)


_SINGULAR = {"static_tokens": "--static-token", "faults": "--fault", "labels": "--label"}
NONE = ("none",)
"""How an empty list of labels is written as a flag."""
_SIGNED = frozenset({"clock_skew", "seed", "start_shift_ms", "end_shift_ms"})


def option_specs() -> Iterator[OptionSpec]:
    """Describe every option, in the order of `SandboxOptions`, for argparse, click and the docs."""
    hints = get_type_hints(SandboxOptions)
    for f in dataclasses.fields(SandboxOptions):
        multiple = f.name in _SINGULAR
        yield OptionSpec(
            name=f.name,
            flag=_SINGULAR.get(f.name, "--" + f.name.replace("_", "-")),
            type=str if multiple else hints[f.name],
            default=f.default,
            multiple=multiple,
            help=f.metadata["help"],
        )


def options_from(values: Mapping[str, Any], base: SandboxOptions | None = None) -> SandboxOptions:
    """Make options from plain values (texts, figures, sequences), over `base`.

    Raises:
        ValueError: an unknown name, or a value that does not fit; the text names it.
    """
    known = {spec.name: spec for spec in option_specs()}
    read: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"the sandbox has no option {name}")
        try:
            read[name] = _read(known[name], value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{known[name].flag} {value!r}: {error}") from error
    return dataclasses.replace(base or SandboxOptions(), **read)


def _read(spec: OptionSpec, value: Any) -> Any:
    if spec.name == "faults":
        return tuple(f if isinstance(f, Fault) else read_fault(f) for f in value)
    if spec.name == "labels":
        value = () if tuple(value) == NONE else value
        return tuple(one if isinstance(one, Label) else read_label(one) for one in value)
    if spec.multiple:
        return tuple(str(item) for item in value)
    if issubclass(spec.type, StrEnum) and value not in list(spec.type):
        raise ValueError(f"must be one of {', '.join(spec.type)}")
    if spec.type is bool and not isinstance(value, bool):
        raise ValueError("must be true or false")
    if spec.type in (int, float):
        number = spec.type(value)
        if number < 0 and spec.name not in _SIGNED:
            raise ValueError("must not be negative")
        if number == 0 and (spec.name.endswith("_window") or spec.name == "time_unit_ms"):
            raise ValueError("must be above zero")
        return number
    return spec.type(value)


def flags_of(options: SandboxOptions) -> list[str]:
    """Write options as the flags of `python -m bulkcall.sandbox`, defaults left out."""
    flags: list[str] = []
    for spec in option_specs():
        value = getattr(options, spec.name)
        if value == spec.default:
            continue
        if spec.type is bool:
            flags.append(spec.flag if value else "--no-" + spec.flag[2:])
            continue
        items = (value or NONE) if spec.multiple else (value,)
        flags += [f"{spec.flag}={_text(item)}" for item in items]
    return flags


def _text(item: Any) -> str:
    if isinstance(item, Fault):
        return orjson.dumps(fault_json(item)).decode()
    if isinstance(item, Label):
        return orjson.dumps(item.as_json()).decode()
    return str(item)
