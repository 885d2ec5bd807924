"""Find and pin the libraries of a single job type: `handlers/report_pdf.requirements.txt`.

Such a type gets its own zip: the common package with these libraries. The other types keep the common package.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chalicelib.job_types.jobtype import JobType
from infra.cloud.errors import CloudError
from infra.cloud.package.dependencies import PINNED, SHIPPED, blocks
from infra.program import called

SUFFIX = ".requirements.txt"
LARGEST = 262_144_000
"""Bytes that Lambda accepts for an unpacked function with its layers (quota "Deployment package size")."""
RUNTIME = ("boto3", "botocore", "s3transfer")
"""Part of Lambda's runtime."""
OLDEST = "3.11"
"""The oldest Python on which this project can be developed. The pins work on this and on all newer versions."""


def files_of(root: Path, types: Iterable[JobType[Any, Any]]) -> dict[str, Path]:
    """Return the requirements file of each type that has one, by the type's module.

    Raises CloudError for a file that belongs to no type.
    """
    found = {path.name.removesuffix(SUFFIX): path for path in sorted((root / "handlers").glob(f"*{SUFFIX}"))}
    strange = sorted(found.keys() - {kind.module for kind in types})
    if strange:
        raise CloudError(
            f"handlers/{strange[0]}{SUFFIX} belongs to no job type, because there is no handlers/{strange[0]}.py."
        )
    return found


def hashed(path: Path, shipped: str) -> str:
    """Return the file's lines that the common package lacks, each pinned with hashes.

    Raises CloudError for a line without a pinned version, or with another version than the common package has.
    """
    common = {found[1].lower(): found[2] for line in shipped.splitlines() if (found := PINNED.match(line))}
    kept = []
    for block in blocks(path.read_text()):
        pinned = PINNED.match(block)
        if pinned is None or "--hash=" not in block:
            raise CloudError(f"{path.name} does not pin {block.split()[0]!r} with hashes. `make lock` does it.")
        version = common.get(pinned[1].lower())
        if version is None:
            kept.append(re.sub(r"\s*\\\n\s*", " ", block).strip())
        elif version != pinned[2]:
            raise CloudError(
                f"{path.name} pins {pinned[1]}=={pinned[2]}, and every function ships {version} ({SHIPPED}). Pin that "
                "version, or change it for all."
            )
    return "\n".join(kept) + "\n"


def check_size(name: str, files: Path) -> int:
    """Return the size of the unpacked package in bytes. Raises CloudError with a solution if Lambda would refuse it."""
    size = sum(path.stat().st_size for path in files.rglob("*") if path.is_file())
    if size > LARGEST:
        raise CloudError(
            f"{name} has {size / 1e6:.0f} MB unpacked, and Lambda takes {LARGEST / 1e6:.0f} MB with all layers. Take a "
            "smaller build of the library, split the type, or fetch what it reads at run time from S3 into /tmp "
            "(ephemeral_storage=). Container images are not supported: docs/not-offered.md."
        )
    return size


def lock(path: Path, shipped: Path) -> None:
    """Rewrite the file with all dependencies of its lines, pinned with hashes.

    Shared libraries keep the common package's version. Raises CloudError with uv's reason.
    """
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", OLDEST,
        "--no-header", "--no-annotate", "--no-emit-index-url", "--generate-hashes", "--constraint", str(shipped),
        str(path), "--output-file", str(path),
    ]  # fmt: skip
    for name in RUNTIME:
        command += ["--no-emit-package", name]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise CloudError(f"{path.name} cannot be pinned:\n{done.stderr.strip()}")


def main() -> int:
    """Pin every file of this kind in the current folder, and print how to install them."""
    root = Path.cwd()
    for path in sorted((root / "handlers").glob(f"*{SUFFIX}")):
        lock(path, root / SHIPPED)
        name = path.relative_to(root)
        install = "`make setup`" if called(os.environ) != "jobflow" else f"pip install -r {name}"
        print(f"{name} is pinned; to install it here: {install}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
