"""Find imports inside functions of a handler file that do not ship: they would fail only when a job runs.

Imports for a type checker, and imports whose failure the code expects, are not checked.
"""

import ast
import os
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from infra.local.code.shipped import not_shipped, own_libraries
from infra.local.lifeline import PROGRAM, missing

OURS = frozenset({"app", "chalicelib", "handlers"})
CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})

Ships = Callable[[str | None, str], bool]
"""Tell whether the function of a handler file (its name without suffix) may import a top-level module.

An empty name is a file without its own function, because several functions may share it.
"""


def refusals(root: Path, ships: Ships, requirements: Callable[[str], str | None] = lambda _: None) -> list[str]:
    """Return a sentence and its place for each import in `handlers/` of a module that does not ship.

    `requirements` gives the requirements line for a module, if this machine knows it.
    """
    program = os.environ.get(PROGRAM, "make")
    told = []
    for path in sorted((root / "handlers").rglob("*.py")):
        text = path.read_text()
        parsed = ast.parse(text, str(path))
        function = path.stem if _has_function(parsed) else None
        for line, module in imported(parsed):
            if module in OURS or module in sys.stdlib_module_names or ships(function, module):
                continue
            sentence = missing(module, requirements(module), program)
            told.append(f"{sentence}\n  {path.relative_to(root)}:{line}: {text.splitlines()[line - 1].strip()}")
    return told


def refused_here(root: Path) -> list[str]:
    """Return these sentences from the installed packages, with the rules of `make dev`."""
    handlers = root / "handlers"
    own = {path.name.split(".")[0]: own_libraries(root, f"handlers.{path.name.split('.')[0]}.handler")
           for path in handlers.glob("*.requirements.txt")}  # fmt: skip
    modules = packages_distributions()
    installed = {canonicalize_name(name) for names in modules.values() for name in names}
    lines = dict(pair.split("=", 1) for pair in not_shipped(root).split())

    def ships(function: str | None, module: str) -> bool:
        libraries = [name for each in own if function in (None, each) for name in own[each]]
        if module not in modules:  # it may come from a library that only the package downloads
            return any(canonicalize_name(name) not in installed for name in libraries)
        refused = dict(pair.split("=", 1) for pair in not_shipped(root, libraries).split())
        return module not in refused

    return refusals(root, ships, lines.get)


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the top-level module of each import that must succeed when the code runs."""
    for node in _run(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module is not None and not node.level:
                yield node.lineno, node.module.partition(".")[0]
        else:
            yield from imported(node)


def _has_function(module: ast.Module) -> bool:
    targets = (target for node in module.body if isinstance(node, ast.Assign) for target in node.targets)
    return any(_last_name(target) == "handler" for target in targets)


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the node's parts, without those for type checkers and those whose import may fail."""
    if isinstance(node, ast.If) and _last_name(node.test) == "TYPE_CHECKING":
        yield from node.orelse
    elif isinstance(node, ast.Try) and any(_expects(handler.type) for handler in node.handlers):
        yield from (*node.handlers, *node.orelse, *node.finalbody)
    elif isinstance(node, ast.With) and any(_suppresses(item.context_expr) for item in node.items):
        return
    else:
        yield from ast.iter_child_nodes(node)


def _expects(caught: ast.expr | None) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(name is None or _last_name(name) in CAUGHT for name in names)


def _suppresses(expression: ast.expr) -> bool:
    return (
        isinstance(expression, ast.Call)
        and _last_name(expression.func) == "suppress"
        and any(_expects(argument) for argument in expression.args)
    )


def _last_name(expression: ast.AST) -> str | None:
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else None
