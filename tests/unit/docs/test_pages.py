"""The documentation holds to the program: commands, settings, links and names that exist."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

import bulkcall
from bulkcall.cli.main import bulkcall as command_line
from bulkcall.settings import RULES, env_name, load_settings
from scripts.make_python_reference import python_page

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
MADE = {"commands.md", "settings.md", "python.md"}
PAGES = sorted(DOCS.rglob("*.md"))
WRITTEN = [ROOT / "README.md", ROOT / "deploy/README.md", *(p for p in PAGES if p.name not in MADE)]
OF_TESTS = {"BULKCALL_SOAK_SECONDS"}
"""Variables that the tests read, not bulkcall."""
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def name(path):
    """Name a file in a test's id."""
    return path.relative_to(ROOT).as_posix()


def blocks(path, *kinds):
    """Give the fenced blocks of these languages ('' is none)."""
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [body for kind, body in found if kind in kinds]


def commands(path):
    """Give each line of a page's shell blocks that starts bulkcall, as words after `bulkcall`."""
    for body in blocks(path, "sh", "bash", ""):
        for line in body.replace("\\\n", " ").splitlines():
            if line.startswith("bulkcall ") and not line.startswith("bulkcall --"):
                words = shlex.split(line, comments=True)[1:]
                ends = [i for i, word in enumerate(words) if word in {"&&", "|", ">", "&"}]
                yield words[: ends[0]] if ends else words


def parse(words):
    """Let the command line read the words as it would before it runs them."""
    command, context = command_line, click.Context(command_line, info_name="bulkcall")
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        assert found is not None, f"no command {words[0]!r}"
        if not isinstance(found, click.Group):
            return found.make_context(words[0], list(words[1:]), parent=context)
        command, context = found, click.Context(found, info_name=words[0], parent=context)
        words = words[1:]
    return None


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_each_command_is_one_that_bulkcall_takes(page):
    """Every `bulkcall …` line of the pages is read by the command line without a complaint."""
    for words in commands(page):
        parse(words)


def test_a_command_that_is_not_taken_would_be_found_out():
    """A flag that does not exist fails the test above."""
    with pytest.raises(click.UsageError, match="--windows"):
        parse(["run", "campaign.csv", "--windows", "8h"])


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_each_setting_exists(page):
    """Every BULKCALL_ variable that a page names is one that is read."""
    known = {env_name(each) for each in RULES} | {
        f"{env_name(each)}_FILE" for each, rule in RULES.items() if rule.kind.__name__ == "Secret"
    }
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"\bBULKCALL_[A-Z][A-Z_]*[A-Z]\b", text))
    assert named <= known | OF_TESTS


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_each_toml_is_taken(page, tmp_path):
    """Every bulkcall.toml that a page shows is read as it stands (secrets' files put in place)."""
    for body in blocks(page, "toml"):
        secret = tmp_path / "secret"
        secret.write_text("secret\n")
        secret.chmod(0o600)
        text = re.sub(r'^(\w+_file) = ".*(?<!prom)"', rf'\1 = "{secret}"', body, flags=re.MULTILINE)
        tomllib.loads(text)
        (tmp_path / "bulkcall.toml").write_text(text, encoding="utf-8")
        load_settings(config=tmp_path / "bulkcall.toml", environ={})


def prose(path):
    """Give a page without its fenced blocks."""
    return re.sub(r"(?ms)^```.*?^```", "", path.read_text(encoding="utf-8"))


def anchors(path):
    """Give the anchors of a page's headings, as GitHub and the site make them."""
    text = re.sub(
        r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", each.lower()) for each in headings]
    return {each.strip().replace(" ", "-") for each in plain}


@pytest.mark.parametrize(
    "page", [*WRITTEN, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"], ids=name
)
def test_each_link_leads_somewhere(page):
    """Every relative link is of a file, and its anchor of a heading, in the repository."""
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def test_each_page_is_in_the_site_s_navigation():
    """zensical.toml leads to every page of docs/, and to none that is not there."""
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]

    def leaves(entries):
        for entry in entries:
            for target in entry.values():
                yield from [target] if isinstance(target, str) else leaves(target)

    assert sorted(leaves(site["nav"])) == [path.relative_to(DOCS).as_posix() for path in PAGES]


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_examples_use_what_bulkcall_has(example):
    """Each example compiles, imports of bulkcall what exists, and calls it as it can be called."""
    _check(ast.parse(example.read_text(encoding="utf-8"), str(example)))


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_python_on_the_pages_uses_what_bulkcall_has(page):
    """The same for every block of Python in the documentation."""
    for body in blocks(page, "python"):
        _check(ast.parse(body))


def _check(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bulkcall"):
            module = importlib.import_module(node.module)
            assert all(hasattr(module, each.name) for each in node.names), ast.unparse(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "bulkcall":
                function = getattr(bulkcall, node.func.attr)
                given = {each.arg: None for each in node.keywords if each.arg}
                inspect.signature(function).bind_partial(*node.args, **given)


def test_a_call_that_does_not_fit_would_be_found_out():
    """An argument that does not exist fails the tests above."""
    with pytest.raises(TypeError, match="windows"):
        _check(ast.parse("bulkcall.run('campaign.csv', windows='8h')"))


def test_the_python_reference_is_what_the_code_says():
    """docs/python.md is as scripts/make_python_reference.py writes it."""
    assert (DOCS / "python.md").read_text(encoding="utf-8") == python_page()
