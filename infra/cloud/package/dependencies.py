"""Download the shipped libraries: wheels for Lambda's Python and processor, each compared with a hash of the lock.

After a version was pinned, its author may add more files of the version to the index. A file whose hash is not in the
lock is refused.
"""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

from infra.cloud.errors import CloudError
from infra.cloud.package.archive import wanted
from infra.cloud.package.libraries import PINNED, blocks
from infra.cloud.package.target import PROCESSORS

SHIPPED, LOCK = "requirements.txt", "requirements-dev.txt"
LIBCS = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")
"""Amazon Linux 2023, under Python 3.12 and newer, has glibc 2.34."""


def hashed(shipped: str, lock: str) -> str:
    """Return the shipped requirements with the hashes of the lock.

    Raises CloudError for a requirement that the lock lacks.
    """
    pinned = {found[1].lower(): block for block in blocks(lock) if (found := PINNED.match(block))}
    lines = []
    for line in (line.split("#")[0].strip() for line in shipped.splitlines()):
        if not line:
            continue
        found = PINNED.fullmatch(line)
        block = pinned.get(found[1].lower()) if found else None
        if found is None or block is None or PINNED.match(block)[2] != found[2]:  # type: ignore[index]
            raise CloudError(
                f"{SHIPPED} names {line!r}, but {LOCK} has no hashes for it. "
                f"Write name==version in {SHIPPED}, then run `make lock`."
            )
        hashes = re.findall(r"--hash=\S+", block)
        lines.append(" ".join([f"{found[1]}=={found[2]}", *hashes]))
    return "\n".join(lines) + "\n"


def fetch(root: Path, work: Path, python: str, architecture: str) -> list[Path]:
    """Download the wheels that `root` ships to `work`; raises CloudError with pip's reason."""
    return download(hashed((root / SHIPPED).read_text(), (root / LOCK).read_text()), work, python, architecture)


def download(lines: str, work: Path, python: str, architecture: str) -> list[Path]:
    """Download the wheels of requirements with hashes and without markers to `work`.

    Raises CloudError with pip's reason.
    """
    work.mkdir(parents=True)
    requirements = work / "hashed.txt"
    requirements.write_text(lines)
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--require-hashes",
        "--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", python, "--dest", str(work),
        "--requirement", str(requirements),
    ]  # fmt: skip
    for libc in LIBCS:
        command += ["--platform", f"{libc}_{PROCESSORS[architecture]}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise CloudError(
            f"The wheels for Python {python} on {architecture} cannot be downloaded. Either pip cannot reach its "
            f"package index, or the index has no such wheel:\n{done.stderr.strip()}"
        )
    return sorted(work.glob("*.whl"))


def unpack(wheels: list[Path], to: Path) -> None:
    """Unpack the parts of the wheels that functions need: no tests, no type stubs, no scripts.

    Raises CloudError for a wheel with a file whose path leads out of `to`.
    """
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in filter(wanted, archive.namelist()):
                place = _place(name)
                if place and not name.endswith("/"):
                    target = to / place
                    if not target.resolve().is_relative_to(to.resolve()):
                        raise CloudError(f"{wheel.name} has a file that leads out of the package: {name!r}")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.read(name))


def _place(name: str) -> str:
    """Return the path of a wheel's file, as in the wheel format; nothing for scripts and similar files."""
    top, _, rest = name.partition("/")
    if not top.endswith(".data"):
        return name
    kind, _, path = rest.partition("/")
    return path if kind in ("purelib", "platlib") else ""
