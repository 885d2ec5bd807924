"""Build the wheels into build/wheel (`make wheel`): the client with the command line, and the platform.

Prints their sizes and SHA-256. The same sources give the same bytes.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import chdir
from importlib.metadata import distribution
from pathlib import Path

from hatchling.build import build_wheel
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.cloud.package.sbom import library, listed
from scripts.wheels import platform_wheel

ROOT = Path(__file__).parents[2]
NEEDS = ("httpx", "rich", "typer")
THEN = "1767225600"
"""The time of every file in the wheel, in seconds since the epoch, so that the bytes do not depend on the day."""


def build(folder: Path) -> Path:
    """Build the client's wheel into a folder; return the file."""
    (ROOT / "build").mkdir(exist_ok=True)
    draft = ROOT / "build" / f"wheel-sbom.{os.getpid()}"
    draft.write_text(sbom())
    # replace the file in one step, because another build may be reading it
    draft.replace(ROOT / "build" / "wheel-sbom.json")
    return _built(ROOT, folder)


def build_platform(folder: Path) -> Path:
    """Build the platform's wheel into a folder; return the file."""
    return _built(platform_wheel.lay_out(folder / "platform"), folder)


def _built(project: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = THEN
    try:
        target = folder.resolve()
        with chdir(project):
            return target / build_wheel(str(target))
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


def sbom() -> str:
    """Return the dependencies of an installation as CycloneDX: the versions that the client is tested with."""
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


def main() -> None:
    """Build both wheels, and print the size and the digest of each."""
    folder = ROOT / "build" / "wheel"
    client = build(folder)
    for path in (client, build_platform(folder)):
        size, digest = path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"{path.relative_to(ROOT)}  {size:,} bytes  sha256 {digest}")
    shutil.rmtree(folder / "platform")


if __name__ == "__main__":
    main()
