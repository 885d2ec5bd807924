"""Print the structure in numbers: packages, layers, circular imports, sizes, what a change touches (`make house`).

Exits with 1 when a number is past its limit. The limits are those that this layout was made for.
"""

import re
import statistics
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).parent.parent
LIBRARY = ROOT / "chalicelib"
REPAIRS = ROOT / "infra" / "local" / "emulator" / "repairs"
CODE = ("chalicelib", "handlers", "infra", "jobflow")
TOOLS = ("scripts", "tests")
TOUCHES = {"a field of a job": 4, "a status": 6, "a route": 3}
"""The most files that a change of each kind may touch, of those that docs/develop.md lists."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number beside its limit."""

    name: str
    value: float
    most: float

    @property
    def fits(self) -> bool:
        """True when the number is within its limit."""
        return self.value <= self.most


def figures() -> list[Figure]:
    """Return every number, measured now."""
    lengths = [len(path.read_text().splitlines()) for path in LIBRARY.rglob("*.py") if path.name != "__init__.py"]
    repairs = sum(len(path.read_text().splitlines()) for path in REPAIRS.rglob("*.py"))
    touched = touches((ROOT / "docs" / "develop.md").read_text())
    return [
        Figure("packages in chalicelib", len(rooms()), 15),
        Figure("modules in no layer", len(unplaced(layers())), 0),
        Figure("circular imports of modules", len(circles(imports())), 0),
        Figure("circular imports of packages", len(circles(squashed(imports()))), 0),
        Figure("circular imports inside packages", len(circles(squashed(imports(*CODE), parts=3))), 0),
        Figure("files of the fullest folder", max(folders(*CODE).values()), 15),
        Figure("files of the fullest folder of tools", max(folders(*TOOLS).values()), 18),
        Figure("lines that replace attributes of moto", repairs, 900),
        Figure("lines of the median file", statistics.median(lengths), 90),
        Figure("lines of the largest file", max(lengths), 230),
        *(Figure(f"files that {kind} touches", len(touched[kind]), most) for kind, most in TOUCHES.items()),
    ]


def rooms() -> list[str]:
    """Return the packages of the library."""
    return sorted(path.name for path in LIBRARY.iterdir() if (path / "__init__.py").exists())


def folders(*parts: str) -> dict[str, int]:
    """Return how many modules each folder of these parts has, `__init__.py` aside."""
    modules = (path for part in parts for path in (ROOT / part).rglob("*.py") if path.name != "__init__.py")
    return Counter(str(path.parent.relative_to(ROOT)) for path in modules)


def layers() -> set[str]:
    """Return the names that import-linter's contract about the inside of the library puts into a layer."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    inside = next(contract for contract in contracts if contract.get("containers") == ["chalicelib"])
    return {name.strip() for layer in inside["layers"] for name in re.split(r"[|:]", layer)}


def unplaced(placed: set[str]) -> set[str]:
    """Return the packages and files at the top of the library that are in no layer."""
    return {module.split(".")[1] for module in imports() if "." in module} - placed


def imports(*roots: str) -> dict[str, set[str]]:
    """Return which module imports which, inside the library or these packages."""
    first, *others = roots or ("chalicelib",)
    graph = grimp.build_graph(first, *others, exclude_type_checking_imports=True)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def squashed(modules: Mapping[str, Iterable[str]], parts: int = 2) -> dict[str, set[str]]:
    """Return which package imports which: modules whose names begin with the same `parts` are one package."""
    found: dict[str, set[str]] = {}
    for module, imported in modules.items():
        room = _room(module, parts)
        found.setdefault(room, set()).update({_room(name, parts) for name in imported} - {room})
    return found


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return a cycle of imports, if there is one."""
    try:
        TopologicalSorter({name: set(others) for name, others in graph.items()}).prepare()
    except CycleError as error:
        return [list(error.args[1])]
    return []


def touches(text: str) -> dict[str, list[str]]:
    """Return the files that a change of each kind touches, from the table in docs/develop.md."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", text, re.MULTILINE)
    return {kind.strip(): re.findall(r"`([^`]+)`", files) for kind, files in rows if kind.strip() in TOUCHES}


def _room(module: str, parts: int) -> str:
    return ".".join(module.split(".")[:parts])


def main() -> int:
    """Print the numbers; return 1 when one is past its limit."""
    found = figures()
    for figure in found:
        print(f"{figure.name:<42}{figure.value:>8g}  of {figure.most:g}{'' if figure.fits else '   TOO MANY'}")
    return 0 if all(figure.fits for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
