"""All that is wrong with the settings, at once, each with its file and line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.errors import SettingsError
from bulkcall.settings import RULES, Secret, Settings, contradictions, load_settings, survey
from bulkcall.settings.schema import schema
from bulkcall.settings.tomlfile import read_toml

WRONG = '''# night loads
tokens = 11
note = """
batch_sise = 1
"""

[columns]
reciever_number = "Mobile"

[profiles.north]
  client_account_id = "../x"
  "batch_sise" = 20
  outside_hours = "pauze"
[profiles."south west"]
notify_webhook = "http://hooks.example.com/s3cr3t"
not_before = "25:00"
'''


def problems(tmp_path, text, environ=None):
    """Survey a file of this text; give its problems without the folder's name."""
    path = tmp_path / "bulkcall.toml"
    path.write_text(text)
    found = survey(config=path, environ=environ or {}).problems
    return [line.replace(f"{tmp_path}/", "") for line in found]


def test_every_problem_is_named_with_its_line_and_the_nearest_name(tmp_path):
    """Eight mistakes, eight lines, in the order of the file; no secret among them."""
    told = problems(tmp_path, WRONG)
    assert [line.split(":")[0] for line in told] == [
        f"bulkcall.toml, line {number}" for number in (2, 3, 8, 11, 12, 13, 15, 16)
    ]
    text = "\n".join(told)
    assert "must be at most 10, not 11" in text
    assert "(did you mean 'receiver_number'?)" in text
    assert "[profiles.north] no setting 'batch_sise' (did you mean 'batch_size'?)" in text
    assert "must be pause or stop, not 'pauze' (did you mean 'pause'?)" in text
    assert "must be https" in text
    assert "s3cr3t" not in text


def test_the_first_is_raised_and_says_how_many_more(tmp_path):
    """Every command refuses to start, in one line."""
    path = tmp_path / "bulkcall.toml"
    path.write_text(WRONG)
    with pytest.raises(
        SettingsError, match=r"line 2: .* \(and 7 more: see `bulkcall config check`"
    ):
        load_settings(config=path, environ={})


def test_the_environment_is_surveyed_too(tmp_path):
    """Variables with wrong values are problems; unknown ones are told with the nearest."""
    environ = {"BULKCALL_TOKENS": "x", "BULKCALL_BATCH_SISE": "1", "OTHER": "1"}
    loaded = survey(environ=environ)
    assert loaded.problems == ("BULKCALL_TOKENS: must be a whole number, not 'x'",)
    assert loaded.warnings == (
        "BULKCALL_BATCH_SISE: no setting reads this variable (did you mean 'BULKCALL_BATCH_SIZE'?)",
    )


def test_hours_that_never_come_are_a_problem(tmp_path):
    """Each time for itself is right, both together are not."""
    told = problems(tmp_path, 'not_before = "08:00"\nnot_after = "08:00"')
    assert told == ["not_before and not_after are both 08:00: no row could ever go out"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"smtp_host": "mail.example.com", "smtp_tls": "none"}, "smtp_tls = none"),
        ({"notify_email_to": "a@b"}, "no smtp_host"),
        ({"key_id": Secret("x")}, "no api_key"),
        ({"api_key": Secret("x")}, "no key_id"),
        ({"smtp_host": "127.0.0.1", "smtp_tls": "none", "notify_email_to": "a@b"}, ""),
        ({"key_id": Secret("x"), "token": Secret("y")}, ""),
    ],
)
def test_what_does_not_go_together(changes, told):
    """Settings that are right each for itself and wrong together are named."""
    found = list(contradictions(Settings(**changes)))
    assert (told in found[0]) if told else found == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('max_invalid = "101%"', "a count like 200"),
        ("max_invalid = true", "must be a text"),
        ('not_before = "8"', "a time of day"),
        ('out = "x/{name}"', "{run_id}, {file} and {date}"),
        ('notify_email_to = "nobody"', "no e-mail address"),
        ('notify_on = "sometimes"', "never, failure, threshold or always"),
        ("keep_days = -1", "at least 0"),
        ('quiet_timezone = "Mars"', "no time zone"),
        ("profiles = 3", "profiles are tables"),
        ('heartbeat_url = "ping"', "must be a URL"),
    ],
)
def test_each_new_setting_says_what_it_must_be(tmp_path, text, told):
    """One wrong value, one line that says what would be right."""
    (line,) = problems(tmp_path, text)
    assert line.startswith("bulkcall.toml, line 1: ")
    assert told in line


def test_max_invalid_may_be_a_number_without_quotes(tmp_path):
    """A count needs no quotes."""
    path = tmp_path / "bulkcall.toml"
    path.write_text("max_invalid = 200")
    assert load_settings(config=path, environ={}).settings.max_invalid == "200"


keys = st.lists(st.sampled_from(["a", "b-c", "tokens", "1"]), min_size=1, max_size=3)


@given(st.lists(st.tuples(st.booleans(), keys, st.integers(0, 2)), max_size=8))
def test_each_key_is_found_on_its_line(entries):
    """Headers and dotted keys in any order: the line that is told holds the key's last part."""
    import tempfile
    import tomllib
    from pathlib import Path

    lines = []
    for header, parts, blanks in entries:
        lines += [""] * blanks
        dotted = ".".join(parts)
        lines.append(f"[{dotted}]" if header else f"{dotted} = 1")
    text = "\n".join(lines)
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.toml"
        path.write_text(text)
        file = read_toml(path)
    for found, line in file.lines.items():
        assert found[-1] in lines[line - 1]
    assert sum(bool(line) for line in lines) == len(set(file.lines.values()))


def test_the_schema_knows_every_setting():
    """At the top and in profiles, and nothing else."""
    made = schema()
    assert set(made["properties"]) == {*RULES, "profiles"}
    assert set(made["$defs"]["profiles_table"]["properties"]) == set(RULES)
    assert made["additionalProperties"] is False
    assert made["$defs"]["tokens"]["maximum"] == 10
    assert made["$defs"]["outside_hours"]["enum"] == ["pause", "stop"]
    assert "default" not in made["$defs"]["api_key"]


def test_the_example_of_the_documentation_is_right(tmp_path):
    """What docs/configuration.md shows can be used as it stands."""
    import re
    from pathlib import Path

    page = (Path(__file__).parents[3] / "docs/configuration.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert problems(tmp_path, example) == []
    config = tmp_path / "bulkcall.toml"
    loaded = load_settings(config=config, environ={})
    assert list(contradictions(loaded.settings)) == []
    assert loaded.settings.client_account_id == "north-account"
    assert load_settings({"profile": "south"}, config=config, environ={}).settings.tokens == 1
