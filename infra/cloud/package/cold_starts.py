"""Measure on the package what a cold start costs in CPU: each import, then the first use of AWS clients."""

import json
import statistics
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.cloud.package.build import Package
from infra.cloud.package.clean import import_handler, runtime_path
from infra.definition import local_environment

ROUNDS = 7
FIRST_USE = "from chalicelib import wiring; wiring.job_service(); wiring.rate_limiter()"
"""Statements of a first request: they make the clients of DynamoDB and SQS."""
NO_NETWORK = local_environment("http://127.0.0.1:1", "123456789012", "us-east-1") | {"AWS_REGION": "us-east-1"}


@dataclass(frozen=True, slots=True)
class ColdStart:
    """CPU in milliseconds, user and system, best and middle of some new processes; and how many modules were loaded."""

    handler: str
    best: float
    median: float
    modules: int


def cold_starts(package: Package, then: str = "") -> Iterator[ColdStart]:
    """Measure every handler of the template; `then` is run, and measured, after the import."""
    with tempfile.TemporaryDirectory() as folder:
        task, runtime = Path(folder) / "task", runtime_path(Path(folder) / "runtime")
        with zipfile.ZipFile(package.archive) as archive:
            archive.extractall(task)
        for handler in _handlers(package):
            runs = [import_handler(handler, task, runtime, NO_NETWORK, then) for _ in range(ROUNDS)]
            spent = sorted(run.cpu_ms for run in runs)
            yield ColdStart(handler, spent[0], statistics.median(spent), len(runs[0].modules))


def report(package: Package) -> str:
    """Return sizes and cold starts as text."""
    with zipfile.ZipFile(package.archive) as archive:
        entries = archive.infolist()
    pillow = sum(entry.compress_size for entry in entries if entry.filename.lower().startswith(("pil/", "pillow")))
    size, unpacked = package.archive.stat().st_size, sum(entry.file_size for entry in entries)
    rows = [
        f"zip {size / 1e6:.1f} MB, {(size - pillow) / 1e6:.1f} MB without Pillow, unpacked {unpacked / 1e6:.1f} MB",
        f"CPU of the import, then with the first use of AWS clients: ms, best (median) of {ROUNDS} new processes",
    ]
    for alone, used in zip(cold_starts(package), cold_starts(package, FIRST_USE), strict=True):
        rows.append(
            f"{alone.handler:<36} {alone.best:4.0f} ({alone.median:.0f}), {alone.modules} modules"
            f"   {used.best:4.0f} ({used.median:.0f})"
        )
    return "\n".join(rows)


def _handlers(package: Package) -> Sequence[str]:
    template = json.loads(package.template.read_text())
    found = (resource["Properties"].get("Handler") for resource in template["Resources"].values())
    return sorted({handler for handler in found if handler})
