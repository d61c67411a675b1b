"""A made-up run that has every outcome, several labels and callers, and cells that mean harm."""

from __future__ import annotations

import random

from tests.unit.report.ledgers import START, FakeLedger, batch, result

COLUMNS = ("caller", "receiver", "label", "reason", "note")
HOSTILE = (
    "<script>document.title='taken'</script>",
    '=HYPERLINK("http://example.invalid/","x")',
    "\u202egnorts\u202c",
    "<img src=http://example.invalid/a.png onerror=alert(1)>",
    "nul \x00 bell \x07 escape \x1b[31m",
    "]]></svg><iframe src=//example.invalid>",
)
LABELS = {"Delivery": 50, "Loan offer": 25, "KYC reminder": 15, "ऋण प्रस्ताव": 8, "Collections": 2}
ERRORS = (
    "Failed to push",
    "Not a Truecaller user",
    "OS not supported",
    "App version not supported",
)
_SIZE = 500


def sample_ledger(rows: int = 5_000, *, hostile: bool = True, seed: int = 4) -> FakeLedger:
    """Give the run; the same for the same arguments."""
    chance = random.Random(seed)
    results = [_result(chance, place) for place in range(rows)]
    if hostile:
        for place, text in enumerate(HOSTILE):
            results[place * 7] = result(
                "error", message=text, field=text, dynamic_label_name=text, sent_at=START
            )
    cells = [
        [
            str(each["caller_number"]),
            str(each["receiver_number"] or "98"),
            each["dynamic_label_name"],
            "Your parcel arrives today",
            HOSTILE[place % 6] if hostile and place < 60 else "",
        ]
        for place, each in enumerate(results)
    ]
    batches = [batch(number, batch_id=_batch_id(number)) for number in range(rows // _SIZE)]
    ledger = FakeLedger(
        COLUMNS,
        cells,
        results,
        batches=batches,
        requests=len(batches) + 1,
        retries=1,
        unexpected=[
            {
                "id": "a1",
                "receiver_number": "919812345678",
                "dynamic_label_name": HOSTILE[0] if hostile else "Delivery",
                "status": "success",
            }
        ],
        file="morning-deliveries.csv",
        sha256="9f2b6f3c6cb0a5d4f0a1f3d6b1f7f8d2a5c4e3b2918070605f4e3d2c1b0a9f8e",
    )
    ledger.chunk = 2_000
    return ledger


def _result(chance: random.Random, place: int) -> dict:
    luck = chance.random()
    who = {
        "dynamic_label_name": chance.choices(list(LABELS), list(LABELS.values()))[0],
        "caller_number": 918045000000 + chance.randrange(4),
        "receiver_number": 919810000000 + chance.randrange(10**7),
    }
    went = {**who, "sent_at": START + place * 17, "batch_id": _batch_id(place // _SIZE)}
    kinds = (
        (0.90, "success", {**went, "match": "number" if luck < 0.08 else "stamp"}),
        (0.93, "error", {**went, "message": ERRORS[place % 4]}),
        (0.94, "refused", {**went, "field": "ends_at", "http_status": 400, "message": (
            "Request body is invalid: ends_at cannot be older than current time")}),
        (0.945, "missing", went),
        (0.95, "pending", went),
        (0.955, "unknown", {**went, "message": "no answer within 30 s", "attempts": 2}),
        (0.958, "failed", {**who, "message": "503 at each of 5 tries"}),
        (0.985, "invalid", {**who, "receiver_number": None, "field": "receiver_number", "message": (
            f"'98{place}' is not a phone number: too short")}),
        (0.992, "duplicate", {**who, "message": f"the same record stands in row {place // 2 + 1}"}),
        (0.997, "expired", {**who, "message": "its ends_at passed before its turn"}),
        (1.0, "unsent", who),
    )  # fmt: skip
    outcome, other = next((word, other) for most, word, other in kinds if luck < most)
    return result(outcome, **other)


def _batch_id(number: int) -> str:
    return f"6f1c{number:04d}-0e7d-4a52-9c1e-0d5b4f3a9c11"
