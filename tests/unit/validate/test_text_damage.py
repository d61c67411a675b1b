"""Words that stand for nothing or for damage (contract, Campaign file)."""
# ruff: noqa: RUF001 - texts of many scripts

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.records import Field
from bulkcall.validate.text_damage import TextDamage, control_character, find_damage, one_damage
from tests.unit.validate.conftest import GOOD

C, R, L, N, W, S, E = Field

ERROR_WORDS = [
    "#N/A",
    "#REF!",
    "#NAME?",
    "#VALUE!",
    "#DIV/0!",
    "#NV",
    "#NULL!",
    "#NUM!",
    "#BEZUG!",
    "#WERT!",
    "#ZAHL!",
    "#ÜBERLAUF!",
    "#SPILL!",
    "#CALC!",
    "#GETTING_DATA",
    "#ERROR!",
    "#FIELD!",
    "#BLOCKED!",
    "#CONNECT!",
    "#UNKNOWN!",
    "Err:502",
    "Err:522",
    "#¡REF!",
    "#¡VALOR!",
    "#¿NOMBRE?",
    "#Н/Д",
    "#ЗНАЧ!",
    "#ДЕЛ/0!",
    "#NÚM!",
    "#DEĞER!",
    "#VALEUR!",
    "#NOM?",
    "#N/D",
    "#RIF!",
    "#I/T",
    "#n/a",
    "#SAKNAS!",
    "#ARVO!",
    "#HODNOTA!",
    "########",
    "#YOK",
    "#UNCOMPUTED!",
]
NULL_WORDS = [
    "NULL",
    "null",
    "None",
    "NONE",
    "nan",
    "NaN",
    "undefined",
    "(null)",
    "<null>",
    "[null]",
    "\\N",
    "N/A",
    "nil",
    "NaT",
    "---",
    "...",
]
PLACEHOLDERS = [
    "{{name}}",
    "{{ customer.name }}",
    "[object Object]",
    "${x}",
    "${label}",
    "%NAME%",
    "%FIRST_NAME%",
    "<name>",
    "<First Name>",
    "«Name»",
    "«First_Name»",
    "{name}",
    "{0}",
    "[NAME]",
    "[Company Name]",
    "Dear {{name}} Bank",
    "<<name>>",
    "<%= name %>",
    "{% name %}",
    "#{name}",
    "[[name]]",
    "%(name)s",
    "__NAME__",
]
LOST = [
    "???? ????",
    "?????",
    "Caf� Noir",
    "M?ller",
    "Soci?t? G?n?rale",
    "Asha ????",
    "���",
    "¿¿¿???",
]
INVISIBLE = ["\u200d\u200d\u200d", "\u3164\u3164\u3164", "\u2800\u2800\u2800", "\u200c \u200c"]
CONTROL = [
    "Asha\nBank",
    "Asha\tBank",
    "Asha\x00Bank",
    "Asha\u200bBank",
    "Asha\x85Bank",
    "Asha\u202eknaB",
    "As\xadha",
    "Asha\ufeffBank",
    "Asha\x1bBank",
    "Asha\u2028Bank",
    "\u202eknaB ahsA",
]
SOUND = [
    "Asha Bank",
    "General",
    "TRUE",
    "123456",
    "Ready?",
    "Crédit Agricole",
    "आशा बैंक",
    "बैंक\u200dआफ",
    "Müller & Söhne",
    "#METOO",
    "Rate 5% off",
    "Cafe [Delhi]",
    "HDFC [Business]",
    "ООО «Ромашка»",
    "Price <5",
    "C# Ltd",
    "R&D 100%",
    "Where to? Travel",
    "📦📦📦",
    "Nanny",
    "Null Ltd",
    "👨\u200d👩\u200d👧 Fam",
    "❤️ Love",
    "Asha\xa0Bank",
    "Yahoo!",
    "Jeopardy!",
    "#1 Pizza",
    "Nullarbor",
    "مرحبا\u200f بك",
    "日本語",
    "한국 은행",
    "$5 Store",
    "Call [now]",
    "<3 Flowers",
    "O'Neill",
    "¿Qué tal?",
    "e.l.f. Cosmetics",
]


@pytest.mark.parametrize(
    ("texts", "damage"),
    [
        (ERROR_WORDS, TextDamage.ERROR_WORD),
        (NULL_WORDS, TextDamage.NULL_WORD),
        (PLACEHOLDERS, TextDamage.PLACEHOLDER),
        (LOST, TextDamage.LOST_CHARACTERS),
        (INVISIBLE, TextDamage.INVISIBLE),
        (CONTROL, TextDamage.CONTROL_CHARACTER),
    ],
)
def test_each_kind_of_damage_is_found(texts, damage):
    """Error words in any language, null words, placeholders, lost letters, nothing, controls."""
    found = find_damage(pa.array(texts), name=True)
    assert dict(zip(texts, found.tolist(), strict=True)) == dict.fromkeys(texts, int(damage))


def test_real_names_have_no_damage():
    """Names of every script, with joiners and common punctuation, pass."""
    found = find_damage(pa.array(SOUND), name=True)
    assert found is None, [SOUND[at] for at in found.nonzero()[0]]


@given(st.lists(st.sampled_from([*ERROR_WORDS, *NULL_WORDS, *LOST, *CONTROL, *SOUND, ""])))
def test_a_column_is_judged_as_its_texts_are(texts):
    """The quick test of a whole column by its bytes changes nothing."""
    found = find_damage(pa.array(["x", *texts], pa.string()).slice(1))
    expected = [one_damage(text) for text in texts]
    assert ([0] * len(texts) if found is None else found.tolist()) == expected


@pytest.mark.parametrize("field", [L, N, W])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("#BEZUG!", "error_word"),
        ("undefined", "null_word"),
        ("{{name}}", "placeholder"),
        ("???? ??????", "lost_characters"),
        ("\u3164" * 12, "invisible"),
        ("Your parcel\x07 today", "control_character"),
    ],
)
def test_damage_makes_a_name_reason_or_id_invalid(findings_of, field, text, code):
    """Contract: such words are invalid where a name, a reason or an id is expected; said once."""
    kind = {L: "label_id", N: "name", W: "reason"}[field]
    assert findings_of({field: text}) == [(field.value, f"{kind}.{code}")]


def test_a_null_value_is_an_empty_cell_in_every_column(check, findings_of):
    """Contract: `--null-value WORD` makes a word mean an empty cell."""
    given = {"null_values": ("NULL", "-")}
    assert check({L: "NULL", W: " - "}, **given).records.to_pylist()[0]["valid"]
    assert findings_of({C: "NULL"}, **given) == [("caller_number", "number.missing")]
    assert findings_of({S: "NULL"}, **given) == [("starts_at", "time.missing")]
    assert findings_of({N: "null"}, **given) == [("dynamic_label_name", "name.null_word")]


def test_messages_name_the_setting_and_the_character(message_of):
    """What to do: the setting for a null word, the code point of an invisible character."""
    assert "--null-value undefined" in message_of({N: "undefined"})
    assert "U+200B" in message_of({N: "Asha\u200bBank"})


@pytest.mark.parametrize("text", CONTROL)
def test_every_control_character_has_a_name(text):
    """What the column's pattern finds, the message can name."""
    assert "(U+" in control_character(text)


def test_a_damaged_label_is_not_missing_as_well(findings_of):
    """One fault, one finding."""
    assert findings_of({L: "", N: "#N/A"}) == [("dynamic_label_name", "name.error_word")]
    assert GOOD[N]
