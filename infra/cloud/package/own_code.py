"""Find the packages that job types share, such as `acme/` beside `handlers/`: they ship with every function.

In a user's repository, `root` is the tree, which contains links to these packages.
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from infra.local.lifeline import PROGRAM, missing

RESERVED = frozenset({
    "app", "build", "chalicelib", "dashboard", "handlers", "infra", "jobflow", "scripts", "test", "tests", "vendor",
})  # fmt: skip
"""Names that have another use in a repository or in a clone; a package with such a name does not ship."""


def packages(root: Path) -> tuple[str, ...]:
    """Return the names of the packages in a folder that job types may share."""
    found = (path.parent.name for path in root.glob("*/__init__.py"))
    return tuple(sorted(name for name in found if name.isidentifier() and name not in RESERVED))


def home(root: Path) -> Path:
    """Return the folder where the person works: the repository; `root` may be the repository's tree."""
    return (root / "handlers").resolve().parent


def explained(module: str, requirement: str | None, root: Path) -> str:
    """Return why the functions lack a module, and what to do, as a sentence.

    `requirement` is the requirements line of the library that contains it, if this machine knows the line.
    """
    name, beside = module.partition(".")[0], home(root)
    if name in RESERVED and ((beside / name).is_dir() or (root / name).is_dir()):
        return f"The folder {name}/ does not ship. Move what job types share to a package such as acme/."
    if (beside / name / "__init__.py").exists():
        return f"No module named {module!r} in the package {name}/, which ships."
    if (beside / name).is_dir():
        return (
            f"The folder {name}/ does not ship, because it is no package. Create {name}/__init__.py; it may be empty."
        )
    if (beside / f"{name}.py").exists():
        return f"The file {name}.py does not ship; packages beside handlers/ do. Move it to {name}/__init__.py."
    return missing(name, requirement, os.environ.get(PROGRAM, "make"))


def clashes(root: Path, shipped: Iterable[str]) -> list[str]:
    """Return a sentence for each package that would hide a module of Python or one of the `shipped` modules."""
    taken = {**dict.fromkeys(shipped, "of a library that ships"), **dict.fromkeys(sys.stdlib_module_names, "of Python")}
    return [
        f"The package {name}/ would hide the module {name} {taken[name]} from every function. Rename it."
        for name in packages(root)
        if name in taken
    ]
