"""Every call that a page shows can be made: its arguments are bound to the signature that the code has."""

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
"""What the pages call the two classes that a user has objects of."""
PAGES = {"docs/client.md": jobflow.JobFlow, "docs/testing.md": jobflow.testing.Platform}
"""Pages whose tables have methods of one class, without the object."""
KEPT = {"job"}
"""Beside the decorator, a method of the test kit."""
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
ANY_VALUE = re.compile(r"(\w+)=(?=\s*[,)])")


@dataclass(frozen=True)
class Shown:
    """A call, with the signature it has to fit. `exact`: names stand for the parameters."""

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
    """Whether an argument stands for more of them."""
    return isinstance(one, ast.Starred) or (isinstance(one, ast.Constant) and one.value is ...)


def named(call: ast.Call, page: str, inline: bool) -> Callable[..., Any] | None:
    """What a call calls, if it is ours."""
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


def method(owner: type, name: str) -> Callable[..., Any]:
    """The method as an object has it, without `self`."""
    found: Callable[..., Any] = getattr(owner, name).__get__(object())
    return found


def shown(page: str) -> Iterator[Shown]:
    """Every call of ours on a page."""
    text = (ROOT / page).read_text()
    spans = [(span, True) for span in INLINE.findall(BLOCK.sub("", text))]
    for code, inline in [*((block, False) for block in BLOCK.findall(text)), *spans]:
        # a span begins with a decorator's name, and a block may end with a decorator
        written = ANY_VALUE.sub(r"\1=...", code.replace("…", "...").strip())
        written = written.removeprefix("@") if inline else f"{written}\ndef following(): ..."
        try:
            tree = ast.parse(written)
        except SyntaxError:
            assert inline, code
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (function := named(node, page, inline)) is not None:
                yield Shown(ast.unparse(node), function, node, exact=inline)


def test_every_call_that_a_page_shows_can_be_made() -> None:
    for path in (ROOT / "README.md", *sorted(Path(ROOT, "docs").rglob("*.md"))):
        page = str(path.relative_to(ROOT))
        assert [problem for one in shown(page) if (problem := one.problem())] == [], page
