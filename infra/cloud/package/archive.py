"""Make zip files that depend only on their content, not on times, file order or file modes of this machine."""

import zipfile
from pathlib import Path

DROPPED = ("tests", "test", "__pycache__")
DROPPED_SUFFIXES = (".pyi", ".pyc", ".so.debug")
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can store."""
MODE = 0o644


def unpack(archive: Path, to: Path) -> None:
    """Unpack the parts that functions need: no tests of libraries, no type stubs."""
    with zipfile.ZipFile(archive) as source:
        source.extractall(to, [name for name in source.namelist() if wanted(name)])


def wanted(name: str) -> bool:
    """Return whether a file of the archive is needed at run time."""
    *folders, last = name.split("/")
    return not (any(folder in DROPPED for folder in folders) or last.endswith(DROPPED_SUFFIXES) or last == "py.typed")


def pack(folder: Path, archive: Path) -> Path:
    """Zip every file below `folder`; the same files give the same bytes."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), EPOCH)
            entry.external_attr = MODE << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, path.read_bytes())
    return partial.replace(archive)
