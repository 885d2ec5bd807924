"""Find every shipped regular expression, for the check that each takes linear time.

`python -m scripts.redos.patterns` writes them as JSON; `scripts/redos/check.mjs` gives each to recheck. Patterns of
pydantic fields are not included: Rust's regex crate matches them, which is linear by construction
(https://docs.rs/regex, "Untrusted input").
"""

import ast
import importlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHIPPED = ("chalicelib", "handlers")
METHODS = frozenset({"fullmatch", "match", "search", "sub", "subn", "split", "findall", "finditer"})
WHOLE = frozenset({"fullmatch"})
"""Methods that match only from the first character. Other methods try every position of the text, so the time can be
multiplied by the text's length."""
CUT = "`_general` cuts its text to one line of READ characters first"
BOUNDED = {"chalicelib.jobs.texts.fingerprints.PARTS": CUT, "chalicelib.jobs.texts.fingerprints.CODES": CUT}
"""Patterns that recheck cannot decide; for each, the maximum length of the texts on which it is used."""
Trees = Mapping[Path, ast.Module]


class PatternError(Exception):
    """A pattern cannot be checked: it has no name at the top of its module."""


@dataclass(frozen=True, slots=True)
class Named:
    """A pattern in JavaScript's syntax, with the flags that affect matching."""

    name: str
    source: str
    flags: str


def patterns() -> list[Named]:
    """Return every named shipped pattern except those of BOUNDED. Raises PatternError for one without a name."""
    files = [path for folder in SHIPPED for path in sorted((ROOT / folder).rglob("*.py"))]
    trees = {path: ast.parse(path.read_text()) for path in files}
    used = _methods(trees)
    found = [named for path, tree in trees.items() for named in _of_module(path, tree, used)]
    return [named for named in found if named.name not in BOUNDED]


def unnamed(tree: ast.Module) -> list[int]:
    """Return the lines that use `re` in another way than `NAME = re.compile(…)` at the top of a module."""
    named = {id(value) for _, value in _compiled(tree)}
    return [
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_re(node) and id(node) not in named
    ]


def _of_module(path: Path, tree: ast.Module, used: Mapping[str, set[str]]) -> Iterator[Named]:
    relative = path.relative_to(ROOT)
    lines = unnamed(tree)
    if lines:
        raise PatternError(f"{relative}:{lines[0]}: give the pattern a name: NAME = re.compile(…) at the module's top")
    module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    for name, _ in _compiled(tree):
        pattern = getattr(importlib.import_module(module), name)
        yield Named(f"{module}.{name}", *javascript(pattern, whole=used.get(name, METHODS) & METHODS <= WHOLE))


def javascript(pattern: re.Pattern[str], *, whole: bool) -> tuple[str, str]:
    """Return the pattern's source and flags in JavaScript's syntax; `whole`: it is only used by `fullmatch`."""
    source = pattern.pattern.replace("(?P<", "(?<")
    flags = ("i" if pattern.flags & re.IGNORECASE else "") + ("s" if pattern.flags & re.DOTALL else "")
    return (f"^(?:{source})$" if whole else source), flags


def _methods(trees: Trees) -> dict[str, set[str]]:
    """Return for each name its attributes that any module uses."""
    found: dict[str, set[str]] = {}
    for node in (node for tree in trees.values() for node in ast.walk(tree)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.setdefault(node.value.id, set()).add(node.attr)
    return found


def _compiled(tree: ast.Module) -> list[tuple[str, ast.Call]]:
    return [
        (target.id, statement.value)
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call) and _is_re(statement.value)
        for target in statement.targets
        if isinstance(target, ast.Name)
    ]


def _is_re(call: ast.Call) -> bool:
    called = call.func
    return isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "re"


if __name__ == "__main__":
    print(json.dumps([asdict(named) for named in patterns()]))
