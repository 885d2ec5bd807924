"""Check that each call in the pages can be made: bind its arguments to the signature in the code."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chalicelib
import jobflow
import jobflow.testing
from jobflow.models import JobFilter
from tests.infra.local.running import ROOT

OBJECTS = {"jobs": jobflow.JobFlow, "client": jobflow.JobFlow, "platform": jobflow.testing.Platform}
"""The names of objects in the pages, each with its class."""
PAGES = {"docs/client.md": jobflow.JobFlow, "docs/testing.md": jobflow.testing.Platform}
"""Pages whose lists have methods of one class, without the object."""
KEPT = {"job"}
"""Names that are also a method of the test kit."""
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
FENCED = re.compile(r"```.*?```", re.DOTALL)
INLINE = re.compile(r"`((?:[^`\n]|\n(?!\n))+)`")
ANY_VALUE = re.compile(r"(\w+)=(?=\s*[,)])")


@dataclass(frozen=True)
class Shown:
    """A call in a page, and what it calls. `exact`: its positional arguments are names of parameters."""

    text: str
    function: Callable[..., Any]
    call: ast.Call
    exact: bool

    def problem(self) -> str | None:
        """Return why the call cannot be made as it is shown."""
        given = [one for one in self.call.args if not is_rest(one)]
        names = [keyword.arg for keyword in self.call.keywords if keyword.arg is not None]
        signature = inspect.signature(self.function)
        whole = not self.exact and len(given) == len(self.call.args)
        try:
            (signature.bind if whole else signature.bind_partial)(*given, **dict.fromkeys(names))
        except TypeError as error:
            return f"{self.text}: {error}"
        parameters = signature.parameters
        if "filters" in parameters and (unknown := set(names) - {*parameters, *JobFilter.__annotations__}):
            return f"{self.text}: no filter {', '.join(unknown)}"
        return None


def is_rest(one: ast.expr) -> bool:
    """Return whether an argument stands for several."""
    return isinstance(one, ast.Starred) or (isinstance(one, ast.Constant) and one.value is ...)


def named(call: ast.Call, page: str, inline: bool) -> Callable[..., Any] | None:
    """Return what a call calls; None if it is not ours."""
    match call.func:
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in OBJECTS:
            return method(OBJECTS[owner], name)
        case ast.Name(id="run") if call.args:  # with a job type it is the function, without it the platform's method
            return jobflow.testing.run
        case ast.Name(id=name) if inline and page in PAGES and hasattr(PAGES[page], name):
            return method(PAGES[page], name)
        case ast.Name(id=name) if name not in KEPT:
            for module in (chalicelib, jobflow, jobflow.testing):
                if name in module.__all__:
                    found: Callable[..., Any] = getattr(module, name)
                    # a plain exception takes anything
                    return None if isinstance(found, type) and issubclass(found, BaseException) else found
    return None


def owner_of(call: ast.Call) -> str | None:
    """Return the name of the object that is called."""
    match call.func:
        case ast.Attribute(value=ast.Name(id=owner)):
            return owner
    return None


def method(owner: type, name: str) -> Callable[..., Any]:
    """Return the method of an object, without `self`. Raises AttributeError if there is none."""
    found: Callable[..., Any] = getattr(owner, name).__get__(object())
    return found


def shown(page: str) -> Iterator[Shown]:
    """Yield each call of ours in a page."""
    text = (ROOT / page).read_text()
    spans = [(span, True) for span in INLINE.findall(FENCED.sub("", text))]
    for code, inline in [*((block, False) for block in BLOCK.findall(text)), *spans]:
        # a span begins with a decorator's name, and a block may end with a decorator
        written = ANY_VALUE.sub(r"\1=...", code.replace("…", "...").strip())
        written = written.removeprefix("@") if inline else f"{written}\ndef following(): ..."
        try:
            tree = ast.parse(written)
        except SyntaxError:
            assert inline, code
            continue
        others = {one.arg for one in ast.walk(tree) if isinstance(one, ast.arg) and one.annotation is None}
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and owner_of(node) not in others
                and (function := named(node, page, inline)) is not None
            ):
                yield Shown(ast.unparse(node), function, node, exact=inline)


def test_every_call_that_a_page_shows_can_be_made() -> None:
    for path in (ROOT / "README.md", *sorted(Path(ROOT, "docs").rglob("*.md"))):
        page = str(path.relative_to(ROOT))
        assert [problem for one in shown(page) if (problem := one.problem())] == [], page


def test_the_client_page_lists_each_filter() -> None:
    (listed,) = [one for one in shown("docs/client.md") if one.exact and one.text.startswith("iterate(status=")]
    assert {keyword.arg for keyword in listed.call.keywords} == set(JobFilter.__annotations__)
