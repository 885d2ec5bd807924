"""Find imports, inside functions of a handler file, of modules that do not ship. They would fail only when a job runs.

Imports for a type checker are not checked, and neither are imports whose failure the code expects.
"""

import ast
import os
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from infra.cloud.package.shipped import not_shipped, own_libraries
from infra.local.lifeline import PROGRAM, missing

OURS = frozenset({"app", "chalicelib", "handlers"})
CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})

Ships = Callable[[str | None, str], bool]
"""A function that says whether a handler file may import a top-level module. The file is given by its name without
suffix; "" stands for a file without its own function, which several functions may share."""


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
    """Return the same sentences for the packages that are installed here, with the rules of `make dev`."""
    handlers = root / "handlers"
    own = {path.name.split(".")[0]: own_libraries(root, f"handlers.{path.name.split('.')[0]}.handler")
           for path in handlers.glob("*.requirements.txt")}  # fmt: skip
    modules = packages_distributions()
    installed = {canonicalize_name(name) for names in modules.values() for name in names}
    lines = dict(pair.split("=", 1) for pair in not_shipped(root).split())

    def ships(function: str | None, module: str) -> bool:
        libraries = [name for each in own if function in (None, each) for name in own[each]]
        if module not in modules:  # the module may come from a library that is downloaded only for the package
            return any(canonicalize_name(name) not in installed for name in libraries)
        refused = dict(pair.split("=", 1) for pair in not_shipped(root, libraries).split())
        return module not in refused

    return refusals(root, ships, lines.get)


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield each import that must succeed when the code runs, as its line and its top-level module."""
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
    """Yield the parts of the node that run, without parts for type checkers and without imports that may fail."""
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
