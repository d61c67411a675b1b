"""Write docs/python.md, the reference of the Python interface, from signatures and docstrings.

`python scripts/make_python_reference.py` writes it; a test fails when it drifts from the code.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bulkcall
from bulkcall import app, errors
from bulkcall.progress import Progress, StopToken
from bulkcall.report import Report
from bulkcall.run.forecast import Planned
from bulkcall.run.result import RunResult
from bulkcall.run.send_plan import Plan
from bulkcall.run.validate_only import Problem, Validation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCS = Path(__file__).parents[1] / "docs"
FIRST = ("run", "validate", "plan", "resume", "reconcile", "report", "compare", "open_ledger")
"""In the order in which a user meets them; what else is exported follows."""
RESULTS = (RunResult, Report, Validation, Problem, Planned, Plan)
HANDED_IN = (Progress, StopToken)


def python_page() -> str:
    """Give docs/python.md."""
    exported = [getattr(bulkcall, name) for name in bulkcall.__all__]
    ours = {each.__name__ for each in exported if getattr(each, "__module__", "") == app.__name__}
    names = [*FIRST, *sorted(ours - set(FIRST))]
    parts = ["# Python", "Made from the code by `scripts/make_python_reference.py`."]
    parts += [_prose(inspect.getdoc(app) or "").partition("\n\n")[2]]
    parts += ["[A notebook](guide/notebook.md) shows them at work.", "## Functions"]
    for name in names:
        parts += _function(name, getattr(app, name))
    parts += [
        "## Results",
        "What the functions give. Rows are counted from 1; times are epoch milliseconds.",
    ]
    for each in RESULTS:
        parts += _class(each)
    parts += ["## What can be handed in"]
    for each in HANDED_IN:
        parts += _class(each)
    parts += ["## Errors", _prose(inspect.getdoc(errors) or "")]
    return "\n\n".join(parts) + "\n"


def _function(name: str, function: Callable[..., Any]) -> list[str]:
    signature = inspect.signature(function)
    shown = [f"    {each}," for each in _parameters(signature)]
    returns = signature.return_annotation
    if inspect.isgeneratorfunction(inspect.unwrap(function)):  # made one by `contextmanager`
        returns = returns.replace("Iterator", "AbstractContextManager")
    head = [f"bulkcall.{name}(", *shown, f") -> {returns}"] if shown else [f"bulkcall.{name}()"]
    return [f"### {name}", "```python\n" + "\n".join(head) + "\n```", *_sections(function)]


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    starred = False
    for each in signature.parameters.values():
        if each.kind is each.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        shown = repr(each.default)
        if isinstance(each.default, Enum):
            shown = f"{type(each.default).__name__}.{each.default.name}"
        given = "" if each.default is each.empty else f" = {shown}"
        yield f"{each.name}: {each.annotation}{given}"


def _sections(thing: Any) -> list[str]:
    """Give a docstring in Google's form as Markdown: prose, arguments, what is raised."""
    text = inspect.getdoc(thing) or ""
    head, *rest = re.split(r"^(Args|Raises|Returns):\n", text, flags=re.MULTILINE)
    parts = [_prose(head.strip())]
    for title, body in zip(rest[::2], rest[1::2], strict=True):
        lines = re.sub(r"\n {4,}(?=\S)", " ", textwrap.dedent(body).strip())
        items = [line.partition(": ") for line in lines.splitlines() if line.strip()]
        rows = [f"| `{name}` | {_escaped(told)} |" for name, _, told in items]
        parts.append("\n".join([f"| {_TITLES[title]} | |", "|---|---|", *rows]))
    return parts


_TITLES = {"Args": "argument", "Raises": "raises", "Returns": "returns"}


def _class(kind: type) -> list[str]:
    parts = [f"### {kind.__name__}", *_sections(kind)]
    rows = [
        f"| `{name}` | {_escaped(f'`{hint}`' if hint else '')} | {_escaped(told)} |"
        for name, hint, told in _members(kind)
    ]
    if rows:
        parts.append("\n".join(["| member | type | |", "|---|---|---|", *rows]))
    return parts


def _members(kind: type) -> Iterator[tuple[str, str, str]]:
    """Name a class's public fields, properties and methods, with types and docstrings."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(tree, ast.ClassDef)
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            told = after.value if isinstance(after, ast.Expr) else None
            text = told.value if isinstance(told, ast.Constant) else ""
            yield node.target.id, ast.unparse(node.annotation), " ".join(str(text).split())
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            first = (ast.get_docstring(node) or "").partition("\n\n")[0]
            names = {each.id for each in node.decorator_list if isinstance(each, ast.Name)}
            returns = ast.unparse(node.returns) if node.returns else ""
            call = "" if "property" in names else f"({_arguments(node)})"
            yield node.name + call, returns, " ".join(first.split())


def _arguments(node: ast.FunctionDef) -> str:
    return ", ".join(each.arg for each in node.args.args if each.arg != "self")


def _prose(text: str) -> str:
    """Turn the code blocks of a docstring (`::`, then indented) into fenced ones."""

    def fenced(found: re.Match[str]) -> str:
        code = textwrap.dedent(found[2]).strip("\n")
        kind = "python" if "import " in code else "text"
        return f"{found[1]}```{kind}\n{code}\n```\n"

    text = re.sub(r"(^|\n)::\n\n((?:(?: {4}.*)?\n)+?)(?=\n\S|\S|\Z)", fenced, text + "\n")
    return text.strip()


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write the page."""
    (DOCS / "python.md").write_text(python_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
