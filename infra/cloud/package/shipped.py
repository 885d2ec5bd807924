"""List the modules that a function may import, as on AWS: those that ship, and those of Lambda's runtime."""

import os
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.cloud.package import libraries, own_code
from infra.local.lifeline import NOT_SHIPPED, PROGRAM

RUNTIME = ("boto3", "awslambdaric")
"""Part of every Lambda function; awslambdaric is its runtime client."""
CLIENT = "jobflow"
"""The package of the client, which ships if code of the job types imports it."""
GATEWAY = ("chalice",)
"""More distributions that the API may import: Chalice is part of the package."""


def probed(root: Path, more: Iterable[str] = ()) -> dict[str, str]:
    """Return the environment for a process that runs the code of `root`.

    It may import only modules that ship, and `more`.
    """
    return {NOT_SHIPPED: not_shipped(root, more), PROGRAM: os.environ.get(PROGRAM, "make")}


def not_shipped(root: Path, more: Iterable[str] = ()) -> str:
    """Return the modules that `lifeline.NotShipped` refuses to the code of `root`, according to its requirements.txt.

    `more` names additional distributions.
    """
    refused_here = _not_shipped((root / "requirements.txt").read_text(), tuple(more), _installed())
    # Do not refuse the repository's packages. They look like a library if the repository is installed with `pip install
    # -e`.
    own = tuple(f"{name}=" for name in own_code.packages(root))
    return " ".join(pair for pair in refused_here.split() if not pair.startswith(own)) if own else refused_here


def shipped_modules(root: Path, more: Iterable[str] = ()) -> list[str]:
    """Return the top-level modules of the libraries that every function has, and of `more` distributions."""
    allowed = _pinned((root / "requirements.txt").read_text()) | needed((*RUNTIME, *more))
    return [
        module
        for module, names in packages_distributions().items()
        if allowed & {canonicalize_name(name) for name in names}
    ]


def own_libraries(root: Path, modules: Iterable[str]) -> list[str]:
    """Return the additional distributions of job types, from `handlers/x.requirements.txt`."""
    return list(dict.fromkeys(name for module in modules for name in libraries.names(root, module)))


def _installed() -> tuple[tuple[str, int], ...]:
    """Return a value that changes when a library is installed.

    A running `jobflow dev` then also refuses the new library.
    """
    return tuple((place, Path(place).stat().st_mtime_ns) for place in sys.path if Path(place).is_dir())


@lru_cache(64)
def _not_shipped(requirements: str, more: tuple[str, ...], _installed: object) -> str:
    return " ".join(sorted(refused(packages_distributions(), _pinned(requirements) | needed((*RUNTIME, *more)))))


def _pinned(requirements: str) -> set[str]:
    lines = (line.split("#")[0].strip() for line in requirements.splitlines())
    return {canonicalize_name(Requirement(line).name) for line in lines if line and not line.startswith("-")}


def refused(modules: Mapping[str, Iterable[str]], allowed: Iterable[str]) -> list[str]:
    """Return a text module=requirement for each top-level module that no `allowed` distribution contains."""
    fine = set(allowed)
    return [
        f"{module}={name}=={distribution(name).version}"
        for module, names in modules.items()
        if module.isidentifier()
        and module != CLIENT
        and not fine & {canonicalize_name(name) for name in names}
        and (name := min(names))
    ]


def needed(names: Iterable[str]) -> set[str]:
    """Return the installed distributions that `names` need, including themselves."""
    found: set[str] = set()
    waiting = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        try:
            requirements = [Requirement(text) for text in distribution(name).requires or ()]
        except PackageNotFoundError:
            continue
        wanted = (r for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""}))
        waiting += [canonicalize_name(requirement.name) for requirement in wanted]
    return found
