"""Find the files that pin the libraries of single job types, for their installation."""

from collections.abc import Iterable
from pathlib import Path


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
    return not line.startswith("-r ") and "--hash=" not in line
