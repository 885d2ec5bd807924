"""Build the wheel of the client and the command line into build/wheel (`make wheel`); print its size and SHA-256."""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import chdir
from importlib.metadata import distribution
from pathlib import Path

from hatchling.build import build_wheel
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.cloud.package.sbom import library, listed

ROOT = Path(__file__).parent.parent
NEEDS = ("httpx", "rich", "typer")
MOST_BYTES = 200_000
THEN = "1767225600"
"""The time of every file in the wheel, in seconds since the epoch: the bytes must not depend on the day."""


def build(folder: Path) -> Path:
    """Build the wheel into a folder; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "wheel-sbom.json").write_text(sbom())
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = THEN
    try:
        with chdir(ROOT):
            return folder / build_wheel(str(folder.resolve()))
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


def sbom() -> str:
    """Return what an installation brings along, as CycloneDX: the versions that the client is tested with."""
    return listed([library(name, distribution(name).version) for name in sorted(needed())], "jobflow")


def needed() -> set[str]:
    """Return the distributions that the wheel needs, directly or not."""
    found = set[str]()
    waiting = list(NEEDS)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found.add(name)
            waiting += _needs_of(name)
    return found


def _needs_of(name: str) -> Iterator[str]:
    for text in distribution(name).requires or ():
        need = Requirement(text)
        if need.marker is None or need.marker.evaluate({"extra": ""}):
            yield need.name


def main() -> int:
    """Build it; return 1 when it is too large."""
    path = build(ROOT / "build" / "wheel")
    size, digest = path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path.relative_to(ROOT)}  {size:,} bytes of {MOST_BYTES:,}  sha256 {digest}")
    return 0 if size <= MOST_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
