"""Take a safeguard out of a module's syntax tree: by the name of its symbol, not by its text or its place."""

import ast
from collections.abc import Iterator
from pathlib import Path

from scripts.safeguards.safeguard import Safeguard

Code = list[ast.stmt] | ast.expr
Place = tuple[ast.AST, str, int | None, int]
"""A node, one of its fields, and where the code stands in it: an index and a length, or the field itself (None)."""


class Misplaced(Exception):
    """Raised when a safeguard's code is not in its symbol exactly once."""


def path_of(root: Path, safeguard: Safeguard) -> Path:
    """Return the file of the safeguard's module below `root`; raises Misplaced when there is none."""
    base = root.joinpath(*safeguard.module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    raise Misplaced(f"{safeguard.name}: there is no module {safeguard.module}")


def without(source: str, safeguard: Safeguard) -> str:
    """Return the module's source less the safeguard; raises Misplaced unless it is in its symbol exactly once."""
    tree = ast.parse(source)
    symbol = _symbol(tree, safeguard)
    wanted, left = _parse(safeguard.code, safeguard.without or "pass")
    if isinstance(wanted, ast.Dict) and isinstance(left, ast.Dict):
        found = [node for node in ast.walk(symbol) if isinstance(node, ast.Dict) and _items(wanted) <= _items(node)]
        _check(safeguard, len(found))
        _exchange(found[0], wanted, left)
    else:
        places = list(_places(symbol, wanted))
        _check(safeguard, len(places))
        _replace(places[0], left)
    return ast.unparse(ast.fix_missing_locations(tree))


def _check(safeguard: Safeguard, times: int) -> None:
    if times != 1:
        raise Misplaced(f"{safeguard.name}: its code is {times} times in {safeguard.symbol}")


def _items(node: ast.Dict) -> set[tuple[str, str]]:
    """Return a dictionary's items in a comparable form: a safeguard names those it is about, and no others."""
    return {
        (ast.unparse(key) if key else "**", ast.unparse(value))
        for key, value in zip(node.keys, node.values, strict=True)
    }


def _exchange(node: ast.Dict, wanted: ast.Dict, left: ast.Dict) -> None:
    kept = [
        (key, value)
        for key, value in zip(node.keys, node.values, strict=True)
        if not _items(ast.Dict([key], [value])) <= _items(wanted)
    ]
    node.keys = [*(key for key, _ in kept), *left.keys]
    node.values = [*(value for _, value in kept), *left.values]


def _parse(*codes: str) -> list[Code]:
    """Return expressions when each of the codes is one, statements otherwise."""
    bodies = [ast.parse(code).body for code in codes]
    values = [body[0].value for body in bodies if len(body) == 1 and isinstance(body[0], ast.Expr)]
    return [*values] if len(values) == len(bodies) else [*bodies]


def _symbol(tree: ast.Module, safeguard: Safeguard) -> ast.AST:
    found: ast.AST = tree
    for name in safeguard.qualname.split("."):
        named = [node for node in getattr(found, "body", []) if name in _names(node)]
        if len(named) != 1:
            raise Misplaced(f"{safeguard.name}: {safeguard.module} defines {safeguard.qualname} {len(named)} times")
        found = named[0]
    return found


def _names(node: ast.AST) -> list[str]:
    """Return the names that a statement of a module or a class binds."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _places(symbol: ast.AST, wanted: Code) -> Iterator[Place]:
    for node in ast.walk(symbol):
        for field, value in ast.iter_fields(node):
            if isinstance(wanted, list):
                yield from _runs(node, field, value, wanted)
            elif isinstance(value, list):
                yield from ((node, field, at, 1) for at, inner in enumerate(value) if _same(inner, wanted))
            elif _same(value, wanted):
                yield node, field, None, 1


def _runs(node: ast.AST, field: str, value: object, wanted: list[ast.stmt]) -> Iterator[Place]:
    """Return where the statements follow each other."""
    if not isinstance(value, list) or field not in ("body", "orelse", "finalbody"):
        return
    for at in range(len(value) - len(wanted) + 1):
        if all(_same(have, want) for have, want in zip(value[at : at + len(wanted)], wanted, strict=True)):
            yield node, field, at, len(wanted)


def _same(have: object, want: ast.AST) -> bool:
    return isinstance(have, ast.AST) and type(have) is type(want) and ast.dump(have) == ast.dump(want)


def _replace(place: Place, left: Code) -> None:
    node, field, at, length = place
    if at is None:
        setattr(node, field, left)
        return
    getattr(node, field)[at : at + length] = left if isinstance(left, list) else [left]
