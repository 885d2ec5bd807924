"""Measure the CPU that the package needs at a cold start: for each import, then for the first use of AWS clients."""

import io
import json
import shutil
import statistics
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.cloud.errors import CloudError
from infra.cloud.package.build import ROOT, Package
from infra.cloud.package.clean import Imported, import_handler, runtime_path
from infra.definition import local_environment

ROUNDS = 7
FIRST_USE = "from chalicelib.assembly import parts; parts.job_service; parts.rate_limiter"
"""Statements that create the clients of DynamoDB and SQS, as the first request of a process does."""
FIRST_JOB = """
for kind in list(vars(__import__("sys").modules[{module!r}]).values()):
    getattr(getattr(kind, "run", None), "imports", bool)()
"""
"""Statements of a first job, which import the modules that a job function imports with its own function: a queue's
tasks."""
AS_LAMBDA = {"AWS_REGION": "us-east-1", "AWS_LAMBDA_FUNCTION_NAME": "measured"}
NO_NETWORK = local_environment("http://127.0.0.1:1", "123456789012", "us-east-1") | AS_LAMBDA
BUDGET = 150
"""Limit of CPU milliseconds for the import and the first use of AWS, for the API and for a worker, on a quiet
machine."""
BUDGETED = frozenset({"app.handler", "handlers.email_send.handler"})
OWN_CODE = ("app.py", "chalicelib", "handlers")


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU in milliseconds, user and system: minimum and median of some new processes.

    `ratio`: the CPU time divided by that of another revision's code (median; the measurements of both alternate); None
    without another revision.
    """

    best: float
    median: float
    ratio: float | None

    def __str__(self) -> str:
        """Return the minimum, the median in brackets, then the ratio if there is one."""
        said = f"{self.best:4.0f} ({self.median:.0f})"
        return said if self.ratio is None else f"{said} x {self.ratio:.2f}"


@dataclass(frozen=True, slots=True)
class ColdStart:
    """A handler's import, the import with the first use of AWS, and the number of loaded modules after both."""

    handler: str
    imported: Spent
    used: Spent
    modules: int

    def __str__(self) -> str:
        """Return one line, which also says whether the limit is exceeded."""
        over = self.handler in BUDGETED and self.used.best > BUDGET
        said = f"{self.handler:<36} {self.imported}   {self.used}, {self.modules} modules"
        return f"{said}, over {BUDGET} ms" if over else said


def cold_starts(package: Package, base: str = "", rounds: int = ROUNDS) -> Iterator[ColdStart]:
    """Measure every handler of the template. With `base`, also measure each handler in the code of that revision."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = runtime_path(Path(folder) / "runtime")
        unpacked = dict[Path, list[Path]]()
        for handler, archive in _handlers(package).items():
            if archive not in unpacked:
                unpacked[archive] = [_unpacked(archive, Path(folder) / archive.stem)]
                if base:
                    unpacked[archive].append(
                        with_code_of(base, _unpacked(archive, Path(folder) / f"{archive.stem}-base"))
                    )
            trees = unpacked[archive]
            if all(_has(tree, handler) for tree in trees):
                yield _measured(handler, trees, runtime, rounds)


def report(package: Package, base: str = "") -> str:
    """Return sizes and cold starts as text."""
    with zipfile.ZipFile(package.archive) as archive:
        entries = archive.infolist()
    pillow = sum(entry.compress_size for entry in entries if entry.filename.lower().startswith(("pil/", "pillow")))
    size, unpacked = package.archive.stat().st_size, sum(entry.file_size for entry in entries)
    then = "then with the first use of AWS clients and of a queue's tasks"
    heading = f"CPU of the import, {then}: ms, best (median) of {ROUNDS} new processes"
    beside = f", and the middle of the ratios to {base}, in turn" if base else ""
    return "\n".join([
        f"zip {size / 1e6:.1f} MB, {(size - pillow) / 1e6:.1f} MB without Pillow, unpacked {unpacked / 1e6:.1f} MB",
        heading + beside,
        *map(str, cold_starts(package, base)),
    ])  # fmt: skip


def with_code_of(base: str, task: Path) -> Path:
    """Replace our own code in an unpacked package by that of a git revision.

    Raises CloudError if git has no such revision.
    """
    made = subprocess.run(
        ["git", "-C", str(ROOT), "archive", "--format=tar", base, *OWN_CODE], check=False, capture_output=True
    )
    if made.returncode:
        raise CloudError(f"git has no code of {base}: {made.stderr.decode().strip()}")
    shutil.rmtree(task / "__pycache__", ignore_errors=True)
    for name in OWN_CODE[1:]:
        shutil.rmtree(task / name)
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(task, filter="data")
    return task


def _measured(handler: str, trees: Sequence[Path], runtime: list[str], rounds: int) -> ColdStart:
    def run(tree: Path) -> Imported:
        first = FIRST_USE + FIRST_JOB.format(module=handler.rpartition(".")[0])
        return import_handler(handler, tree, runtime, NO_NETWORK, first)

    for tree in trees:
        run(tree)  # the first run is not measured, because it writes the byte code for this Python
    pairs = [[run(tree) for tree in trees] for _ in range(rounds)]
    return ColdStart(
        handler,
        _spent([[one.cpu_ms for one in pair] for pair in pairs]),
        _spent([[one.with_then_ms for one in pair] for pair in pairs]),
        len(pairs[0][0].modules),
    )


def _spent(pairs: Sequence[Sequence[float]]) -> Spent:
    ours = [pair[0] for pair in pairs]
    ratios = [pair[0] / pair[1] for pair in pairs if len(pair) > 1]
    return Spent(min(ours), statistics.median(ours), statistics.median(ratios) if ratios else None)


def _unpacked(archive: Path, task: Path) -> Path:
    shutil.unpack_archive(archive, task)
    return task


def _has(task: Path, handler: str) -> bool:
    return (task / f"{handler.rpartition('.')[0].replace('.', '/')}.py").exists()


def _handlers(package: Package) -> Mapping[str, Path]:
    """Return the zip of each handler of the template."""
    resources = json.loads(package.template.read_text())["Resources"].values()
    zips = {archive.name: archive for archive in package.archives}
    functions = [one["Properties"] for one in resources if one["Properties"].get("Handler")]
    return {
        one["Handler"]: zips.get(Path(str(one.get("CodeUri", ""))).name, package.archive)
        for one in sorted(functions, key=lambda one: str(one["Handler"]))
    }
