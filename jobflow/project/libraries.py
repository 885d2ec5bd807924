"""Find the files that pin the libraries of single job types, for their installation."""

import re
from collections.abc import Iterable
from pathlib import Path

INCLUDED = re.compile(r"(?:-r|--requirement)[ =]?\s*\S")
"""A line that names another file, as in pip and in infra.cloud.package.libraries. That module is not imported here,
because the client can be installed without the platform."""


def files(project: Path) -> list[Path]:
    """Return the requirements files of the job types, also those that other files name."""
    return sorted((project / "handlers").glob("*.requirements.txt"))


def loose(paths: Iterable[Path]) -> list[Path]:
    """Return the files with a library that has no hash yet."""
    return [path for path in paths if any(_is_loose(line) for line in _lines(path))]


def _lines(path: Path) -> list[str]:
    """Return one line for each requirement, with its hashes."""
    joined = path.read_text().replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _is_loose(line: str) -> bool:
    return not INCLUDED.match(line) and "--hash=" not in line
