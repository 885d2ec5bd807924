"""Find imports inside functions of modules that do not ship. Such imports would fail only when a job runs.

The files are those of `handlers/`, and those of the packages beside it that job types import.

Imports for a type checker are not checked, and neither are imports whose failure the code expects.
"""

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from infra.cloud.package import libraries, own_code
from infra.cloud.package.shipped import CLIENT, not_shipped

OURS = frozenset({"app", "chalicelib", "handlers", CLIENT})
CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})

Ships = Callable[[str | None, str], bool]
"""A function that says whether a handler file may import a top-level module. The file is given by its name without
suffix; "" stands for a file without its own function, which several functions may share."""


def refusals(root: Path, ships: Ships, requirements: Callable[[str], str | None] = lambda _: None) -> list[str]:
    """Return a sentence and its place for each import of a module that does not ship.

    `requirements` gives the requirements line for a module, if this machine knows it.
    """
    own, told = own_code.packages(root), []
    handlers = sorted((root / "handlers").rglob("*.py"))
    for path in [*handlers, *sorted(_reached(root, handlers))]:
        text, parsed = path.read_text(), _parsed(path)
        function = path.stem if path.parent.name == "handlers" and _has_function(parsed) else None
        for line, module in imported(parsed):
            if module in {*OURS, *own} or module in sys.stdlib_module_names or ships(function, module):
                continue
            sentence = own_code.explained(module, requirements(module), root)
            told.append(f"{sentence}\n  {path.relative_to(root)}:{line}: {text.splitlines()[line - 1].strip()}")
    return told


def refused_here(root: Path) -> list[str]:
    """Return the same sentences for the packages that are installed here, with the rules of `make dev`."""
    own = {name: libraries.names(root, name) for name in libraries.files(root)}
    modules = packages_distributions()
    installed = {canonicalize_name(name) for names in modules.values() for name in names}
    lines = dict(pair.split("=", 1) for pair in not_shipped(root).split())

    def ships(function: str | None, module: str) -> bool:
        libraries = [name for each in own if function in (None, each) for name in own[each]]
        # Do not refuse a module that is not installed here: it may come from a library that only the package contains.
        if module not in modules:
            return any(canonicalize_name(name) not in installed for name in libraries)
        refused = dict(pair.split("=", 1) for pair in not_shipped(root, libraries).split())
        return module not in refused

    return refusals(root, ships, lines.get)


def own_modules(root: Path, path: Path) -> dict[str, Path]:
    """Return the modules of the packages beside `handlers/` that a file imports, also inside functions: name and file.

    The packages that contain a module are included, because Python imports them first.
    """
    own, package = own_code.packages(root), path.relative_to(root).parent.parts
    names = set[str]()
    for node in _imports(_parsed(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        else:
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    parents = {".".join(name.split(".")[:count]) for name in names for count in range(1, name.count(".") + 2)}
    found = {name: _file(root, name) for name in sorted(parents) if name.partition(".")[0] in own}
    return {name: file for name, file in found.items() if file is not None}


def _reached(root: Path, start: Iterable[Path]) -> set[Path]:
    found, waiting = set[Path](), list(start)
    while waiting:
        new = set(own_modules(root, waiting.pop()).values()) - found
        found |= new
        waiting += new
    return found


def _file(root: Path, module: str) -> Path | None:
    place = root.joinpath(*module.split("."))
    return next((path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()), None)


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(), str(path))
    except SyntaxError:  # ignore the error here: the import of this file reports it
        return ast.Module(body=[], type_ignores=[])


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield each import that must succeed when the code runs, as its line and its top-level module."""
    for node in _imports(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif node.module is not None and not node.level:
            yield node.lineno, node.module.partition(".")[0]


def _imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in _run(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        else:
            yield from _imports(node)


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
