"""Put the platform and a user's handlers together in `.jobflow/tree`, where the platform's commands run.

The platform is copied once per version; `handlers/` and `.env` are links, so that an edit takes effect at once.
"""

import os
import shutil
import sys
import tomllib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jobflow import __version__
from jobflow.errors import ConfigurationError

MARK = "jobflow.toml"
STATE = ".jobflow"
LINKS = {"handlers": "handlers", ".env": ".env"}


def root(start: Path) -> Path:
    """Return the repository that a folder is in; raises ConfigurationError when it is in none."""
    for folder in (start, *start.parents):
        if (folder / MARK).exists():
            return folder
    raise ConfigurationError(
        f"There is no {MARK} here or above: make a repository with `jobflow new my-jobs`, or use make in a clone."
    )


def source() -> Path:
    """Return the installed platform; raises ConfigurationError when only the client is installed."""
    found = find_spec("jobflow_platform")
    if found is None or not found.submodule_search_locations:
        raise ConfigurationError("The platform is not installed: install the wheel jobflow_platform, too.")
    return Path(found.submodule_search_locations[0]) / "tree"


def assemble(project: Path, platform: Path) -> Path:
    """Return the folder with the platform and the project's handlers, up to date."""
    tree = project / STATE / "tree"
    stamp = tree / "version"
    wanted = f"{__version__} {platform} {platform.stat().st_mtime_ns}\n"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(platform, tree)
        (tree / "vendor").mkdir(exist_ok=True)
        (tree / "vendor" / "handlers").symlink_to(Path("..") / "handlers")
        stamp.write_text(wanted)
    for name, target in LINKS.items():
        link = tree / name
        if not link.is_symlink():
            link.symlink_to(project / target)
    return tree


def environment(project: Path, tree: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a command in the tree: its code first, its state in the project."""
    state = given.get("JOBFLOW_STATE_DIR", str(project / STATE))
    return {**given, "PYTHONPATH": str(tree), "JOBFLOW_STATE_DIR": state}


def command(project: Path, module: str, arguments: Sequence[str]) -> None:
    """Replace this process by a module of the platform. Raises ConfigurationError."""
    tree = assemble(project, source())
    os.chdir(tree)
    os.execve(  # noqa: S606 - the interpreter that runs here
        sys.executable, [sys.executable, "-m", module, *arguments], environment(project, tree, os.environ)
    )


def parameters(project: Path, stage: str) -> list[str]:
    """Return a stage's parameters as `--set NAME=value` arguments; raises ConfigurationError.

    A name with a star, such as `[stages."pull*"]`, stands for the stages that have no entry of their own.
    """
    try:
        settings: dict[str, Any] = tomllib.loads((project / MARK).read_text())
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{MARK} cannot be read: {error}") from error
    stages = settings.get("stages", {})
    of_stage = stages.get(stage, next((found for name, found in stages.items() if fnmatchcase(stage, name)), None))
    if of_stage is None:
        known = ", ".join(stages) or "none"
        raise ConfigurationError(f"{MARK} has no stage {stage!r} (it has: {known}).")
    return [word for name, value in of_stage.get("parameters", {}).items() for word in ("--set", f"{name}={value}")]
