"""Find and pin the libraries of a single job type: `handlers/report_pdf.requirements.txt`.

Such a type gets its own zip: the common package with these libraries. The other types keep the common package.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from infra.cloud.errors import CloudError
from infra.cloud.package import libraries, own_code
from infra.cloud.package.dependencies import LOCK, SHIPPED
from infra.cloud.package.libraries import INCLUDED, PINNED, SUFFIX, WHEEL
from infra.cloud.package.target import Target
from infra.program import called, spoken

LARGEST = 262_144_000
"""Maximum bytes of an unpacked function with its layers (Lambda's quota "Deployment package size")."""
RUNTIME = ("boto3", "botocore", "s3transfer")
"""Distributions that are part of Lambda's runtime."""
OLDEST = "3.11"
"""The oldest Python on which this project can be developed. The pinned versions work with this Python and with all
newer ones."""
DEFAULT = Target()
ELSEWHERE = re.compile(r"(?:-e|--editable|\.{0,2}/|file:|git\+|https?:)|\S+ *@ ")
"""The start of a requirement that is neither a pinned version nor a wheel in the repository."""


def files_of(root: Path, modules: Collection[str]) -> dict[str, Path]:
    """Return the requirements file of each type that has one, by the type's module. `modules` are those of all types.

    Raises CloudError for a file that belongs to no type and that no other file names.
    """
    found = libraries.files(root)
    shared = {one.resolve() for path in found.values() for one in libraries.included(path)}
    for name, path in found.items():
        if name not in modules and path.resolve() not in shared:
            raise CloudError(
                f"handlers/{name}{SUFFIX} belongs to no job type: there is no handlers/{name}.py, and no other file "
                f"names it with -r {name}{SUFFIX}."
            )
    return {name: path for name, path in found.items() if name in modules}


def hashed(path: Path, shipped: str, root: Path, to: Target = DEFAULT) -> str:
    """Return the file's lines that the common package lacks, each pinned with hashes.

    Equal sets of lines are returned in the same order.

    Lines whose marker is false for the target are left out; the other lines lose their marker. Raises CloudError for a
    line without a pinned version, or with another version than the common package has.
    """
    common: dict[str, str] = {
        canonicalize_name(f[1]): f[2] for line in shipped.splitlines() if (f := PINNED.match(line))
    }
    kept = set[tuple[str, str]]()
    for block in _read(path):
        name, wheel = libraries.name_of(block), WHEEL.match(block)
        if name is None or "--hash=" not in block:
            raise CloudError(f"{path.name} does not pin {block.split()[0]!r} with hashes. {_way(block)}")
        if not _applies(block, path, to):
            continue
        version = str(parse_wheel_filename(Path(wheel[1]).name)[1]) if wheel else PINNED.match(block)[2]  # type: ignore[index]
        there = common.get(name)
        if there is not None and there != version:
            raise CloudError(
                f"{path.name} pins {name}=={version}, and every function ships {there} ({SHIPPED}). Pin that "
                "version, or change it for all."
            )
        if there is None:
            kept.add((name, _line(block, _placed(wheel[1], path, root) if wheel else "", wheel.end() if wheel else 0)))
    if twice := [name for name, times in Counter(name for name, _ in kept).items() if times > 1]:
        raise CloudError(
            f"The files that {path.name} names pin {min(twice)} in different versions. Pin it in one of them."
        )
    return "".join(f"{line}\n" for _, line in sorted(kept))


def together(key: str, needed: Sequence[str]) -> str:
    """Return the lines that the function of a queue needs, from the lines of its types. Raises CloudError."""
    if len(needed) == 1:
        return needed[0]
    lines = sorted({line for one in needed for line in one.splitlines()})
    versions = Counter(libraries.name_of(line) or line for line in lines)
    if twice := [name for name, times in versions.items() if times > 1]:
        raise CloudError(
            f"The types of the queue {key} pin {min(twice)} in different versions. They share one package: pin one "
            "version, for example in a file that the others name with -r."
        )
    return "".join(f"{line}\n" for line in lines)


def _read(path: Path) -> list[str]:
    try:
        return libraries.read(path)
    except FileNotFoundError as error:
        raise CloudError(
            f"{path.name} names with -r a file that does not exist: {error.filename}. "
            "The name is relative to the file that names it."
        ) from error


def _applies(block: str, path: Path, to: Target) -> bool:
    requirement, _, rest = _said(block).partition(";")
    marker = " ".join(rest.split())
    try:
        return not marker or to.needs(marker)
    except ValueError as error:
        raise CloudError(
            f"{path.name}: the marker {marker!r} of {requirement.strip()!r} is not valid. An example of a marker: "
            "python_version < '3.12'."
        ) from error


def _line(block: str, wheel: str, rest: int) -> str:
    required = (wheel + _said(block[rest:]).partition(";")[0]).split()
    return " ".join([*required, *sorted(re.findall(r"--hash=\S+", block))])


def _said(block: str) -> str:
    """Return a requirement without its hashes."""
    return block.partition("--hash=")[0].replace("\\", " ")


def _placed(wheel: str, path: Path, root: Path) -> str:
    place = own_code.home(root) / wheel.removeprefix("file:")
    if not place.is_file():
        raise CloudError(
            f"{path.name} names {wheel}, which does not exist. Write its path from the repository's folder."
        )
    return place.resolve().as_uri()


def _way(block: str) -> str:
    if WHEEL.match(block) or not ELSEWHERE.match(block):
        return "`make lock` does it."
    return (
        "Put its wheel into the repository, name the file, such as ./wheels/acme-1.0-py3-none-any.whl, and run "
        "`make lock`; `pip wheel --no-deps -w wheels` and the address builds it."
    )


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


def lock(path: Path, root: Path) -> None:
    """Rewrite the file with all dependencies of its lines, pinned with hashes.

    Libraries that all functions ship keep their version. The tools of a developer's machine also keep their versions,
    unless the file's lines exclude these versions. Raises CloudError with uv's reason.
    """
    text = path.read_text()
    if any(INCLUDED.match(block) for block in libraries.blocks(text)):
        if any(not INCLUDED.match(block) for block in libraries.blocks(text)):
            raise CloudError(
                f"{path.name} names a file with -r and has libraries of its own. Move these to a file of their own, "
                "and name it with another -r."
            )
        return
    for block in libraries.blocks(text):
        if ELSEWHERE.match(block) and not WHEEL.match(block):
            raise CloudError(f"{path.name}: {block.split()[0]!r} cannot be pinned. {_way(block)}")
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", OLDEST,
        "--no-header", "--no-annotate", "--no-emit-index-url", "--generate-hashes", "--constraint",
        str(root / SHIPPED), str(path), "--output-file", str(path),
    ]  # fmt: skip
    for name in RUNTIME:
        command += ["--no-emit-package", name]
    for constraint in (["--constraint", str(root / LOCK)], []):
        done = subprocess.run(
            [*command, *constraint], cwd=own_code.home(root), check=False, capture_output=True, text=True
        )
        if not done.returncode:
            return
    raise CloudError(f"{path.name} cannot be pinned:\n{done.stderr.strip()}")


def main() -> int:
    """Pin every file of this kind, and the files that they name; print how to install them."""
    root = Path.cwd()
    found = list(libraries.files(root).values())
    named = [one for path in found for one in libraries.included(path)]
    try:
        for path in {one.resolve(): one for one in [*found, *named]}.values():
            lock(path, root)
    except (CloudError, FileNotFoundError) as error:
        print(spoken(str(error), os.environ.get("JOBFLOW_PROGRAM", "make")), file=sys.stderr)
        return 1
    if found:
        install = "make setup" if called(os.environ) != "jobflow" else "jobflow setup"
        print(f"Pinned: {', '.join(path.name for path in found)}. To install them here: `{install}`")
    else:
        print("No job type has libraries of its own: there is no handlers/<type>.requirements.txt.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
