"""Read the requirements files of job types: `handlers/report_pdf.requirements.txt`.

A file lists libraries, or includes other such files with `-r`, so that several types can share one list.
"""

import re
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

SUFFIX = ".requirements.txt"
PINNED = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
INCLUDED = re.compile(r"(?:-r|--requirement)[ =]?\s*(\S+)")
"""A line that names another file; jobflow.project.libraries reads it in the same way."""
WHEEL = re.compile(r"(?:[A-Za-z0-9._-]+ *@ *)?((?!https?:)(?:file:)?\S+\.whl)(?=\s|;|$)")
"""A wheel by its path, which is relative to the repository, as pip and uv read it."""


def file_of(root: Path, module: str) -> Path:
    """Return the path of a type's requirements file, which need not exist."""
    return root / "handlers" / f"{module}{SUFFIX}"


def files(root: Path) -> dict[str, Path]:
    """Return every file of this kind in `handlers/`, by its name without the ending."""
    return {path.name.removesuffix(SUFFIX): path for path in sorted((root / "handlers").glob(f"*{SUFFIX}"))}


def blocks(text: str) -> list[str]:
    """Return one block for each requirement: its line, and the indented lines after that line."""
    return [block for block in re.split(r"\n(?=\S)", text) if block.strip() and not block.startswith("#")]


def included(path: Path) -> list[Path]:
    """Return the files that a file names with `-r`, relative to its own folder, as pip reads it."""
    found = (INCLUDED.match(block) for block in blocks(path.read_text()))
    return [path.parent / named[1] for named in found if named]


def read(path: Path) -> list[str]:
    """Return the blocks of a file and of the files that it names, without repetitions.

    Raises FileNotFoundError for a file that does not exist.
    """
    found: dict[str, None] = {}
    waiting, seen = [path], set[Path]()
    while waiting:
        here = waiting.pop(0)
        if here.resolve() in seen:
            continue
        seen.add(here.resolve())
        found |= dict.fromkeys(block.rstrip() for block in blocks(here.read_text()) if not INCLUDED.match(block))
        waiting += included(here)
    return list(found)


def name_of(block: str) -> str | None:
    """Return the normal name of the distribution that a block requires; None if the block does not say it."""
    if pinned := PINNED.match(block):
        return canonicalize_name(pinned[1])
    if wheel := WHEEL.match(block):
        try:
            return parse_wheel_filename(wheel[1].rpartition("/")[2])[0]
        except InvalidWheelFilename:
            return None
    return None


def names(root: Path, module: str) -> list[str]:
    """Return the distributions that a type has in addition to those of all functions."""
    path = file_of(root, module)
    try:
        return [name for block in read(path) if (name := name_of(block))] if path.exists() else []
    except FileNotFoundError:  # ignore a missing file here: `jobflow check` and packaging report it
        return []
