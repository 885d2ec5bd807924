"""Combine the platform and a user's code in `.jobflow/tree`, where the platform's commands run.

The platform is copied once per version; `handlers/`, the packages beside it, `dev/` and `.env` are links, so that an
edit takes effect at once. A clone of JobFlow is already a tree.
"""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from jobflow.errors import ConfigurationError
from jobflow.project import settings
from jobflow.version import __version__

STATE = ".jobflow"
LINKS = {"handlers": "handlers", ".env": ".env", "dev": "dev"}
NOT_OWN = frozenset({"handlers", "jobflow", "test", "tests"})
"""Packages beside `handlers/` that do not ship with the functions. Packages with the name of a file or folder of the
platform do not ship either."""
BUILT_IN = Path("chalicelib", "builtin", "types")
CLONE = ("app.py", "chalicelib", "infra")
PREFIX = "JOBFLOW_PREFIX"
PROGRAM = "JOBFLOW_PROGRAM"
"""The program's name as the user typed it; the platform's messages use it to name other commands."""


def root(start: Path) -> Path:
    """Return the repository that contains a folder; raises ConfigurationError if there is none."""
    for folder in (start, *start.parents):
        if (folder / settings.MARK).exists() or is_clone(folder):
            return folder
    raise ConfigurationError(f"There is no {settings.MARK} here or above. `jobflow new my-jobs` makes a repository.")


def is_clone(folder: Path) -> bool:
    """Return whether a folder is a clone of JobFlow itself, which already contains the platform."""
    return all((folder / name).exists() for name in CLONE) and not (folder / settings.MARK).exists()


def source() -> Path:
    """Return the installed platform; raises ConfigurationError if only the client is installed."""
    found = find_spec("jobflow_platform")
    if found is None or not found.submodule_search_locations:
        raise ConfigurationError("The platform is not installed: install jobflow-aws-platform, too.")
    return Path(found.submodule_search_locations[0]) / "tree"


def of(project: Path) -> Path:
    """Return the folder in which the platform's commands run for a repository. Raises ConfigurationError."""
    return project if is_clone(project) else assemble(project, source())


def assemble(project: Path, platform: Path) -> Path:
    """Update and return the folder with the platform and the project's handlers. Raises ConfigurationError."""
    wanted = settings.read(project).builtin
    with _alone(project):
        tree = _copied(project, platform)
        _put_built_in(project, platform.parent / "types", tree / BUILT_IN, wanted)
        for name, target in LINKS.items():
            link = tree / name
            if not link.is_symlink():
                link.symlink_to(project / target)
        _link_packages(project, platform, tree)
    return tree


def packages(project: Path, platform: Path) -> list[str]:
    """Return the names of the project's own packages, which ship with every function. Raises ConfigurationError."""
    found = sorted(path.parent.name for path in project.glob("*/__init__.py") if path.parent.name.isidentifier())
    own = [name for name in found if name not in NOT_OWN and not (platform / name).exists()]
    if hiding := [name for name in own if name in sys.stdlib_module_names]:
        raise ConfigurationError(f"The package {hiding[0]}/ would hide the module {hiding[0]} of Python. Rename it.")
    return own


def _link_packages(project: Path, platform: Path, tree: Path) -> None:
    own = packages(project, platform)
    for link in tree.iterdir():
        if link.is_symlink() and link.name not in {*own, *LINKS}:
            link.unlink()
    for name in own:
        if not (tree / name).is_symlink():
            (tree / name).symlink_to(project / name)


def _copied(project: Path, platform: Path) -> Path:
    tree = project / STATE / "tree"
    stamp = tree / "version"
    # In a copied or moved repository, the links of the tree still lead to the code and the .env of the original.
    wanted = f"{__version__} {platform} {platform.stat().st_mtime_ns} {project}\n"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(platform, tree)
        (tree / "vendor").mkdir(exist_ok=True)
        (tree / "vendor" / "handlers").symlink_to(Path("..") / "handlers")
        stamp.write_text(wanted)
    return tree


def _put_built_in(project: Path, offered: Path, to: Path, wanted: Sequence[str]) -> None:
    """Copy the enabled types, and remove the others; a running platform loads them as after an edit."""
    known = {path.stem.replace("_", "."): path for path in sorted(offered.glob("*.py"))}
    for name in wanted:
        if name not in known:
            raise ConfigurationError(f"{settings.MARK}: builtin has {name!r}; there are {', '.join(known)}.")
        if (project / "handlers" / known[name].name).exists():
            raise ConfigurationError(
                f"{settings.MARK}: builtin has {name}, and handlers/{known[name].name} "
                "declares it, too: remove one of them."
            )
    for name, path in known.items():
        there = to / path.name
        if name not in wanted:
            there.unlink(missing_ok=True)
        elif not there.exists():
            shutil.copyfile(path, there)


@contextmanager
def _alone(project: Path) -> Iterator[None]:
    """Let two commands that start at the same time build the tree one after the other."""
    (project / STATE).mkdir(parents=True, exist_ok=True)
    with (project / STATE / "tree.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def environment(project: Path, tree: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a command in the tree: with the tree's code first, and the state in the project."""
    named = {PROGRAM: "jobflow", **given}
    if tree == project:
        return named
    state = given.get("JOBFLOW_STATE_DIR", str(project / STATE))
    prefix = settings.read(project).prefix
    prefixed = {PREFIX: prefix} if prefix else {}
    mine = {"PYTHONPATH": str(tree), "JOBFLOW_STATE_DIR": state, "JOBFLOW_SETTINGS": str(project / settings.MARK)}
    return {**named, **prefixed, **mine}


def command(project: Path, module: str, arguments: Sequence[str]) -> None:
    """Replace this process by a module of the platform. Raises ConfigurationError."""
    tree = of(project)
    os.chdir(tree)
    os.execve(  # noqa: S606 - the same interpreter as of this process
        sys.executable, [sys.executable, "-m", module, *arguments], environment(project, tree, os.environ)
    )
