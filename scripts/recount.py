"""Recount the jobs of a running `make dev` and compare them with its counters; `--repair` repairs the counters.

It reads the platform's addresses from `.jobflow/dev.json` (JOBFLOW_STATE_DIR names another folder). It waits until the
stream has delivered the writes of this program, so every remaining difference is an error. It exits with 1 if at least
one difference is sure.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from chalicelib.assembly import parts
from chalicelib.counters.constants import RECOUNT_SPARE
from chalicelib.counters.port import Canaries, Census, Counters, CounterTable
from chalicelib.counters.recounting.recount import Recount, Report
from infra.definition import local_environment
from infra.local.lambdas.specs import ACCOUNT, REGION

ROOT = Path(__file__).parents[1]
PATIENCE = 240.0
"""Seconds after which it gives up. The program cannot finish while the platform's own recount runs, or if the stream
delivers no records."""


def main(arguments: Sequence[str]) -> int:
    """Recount, print, repair if requested; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--repair", action="store_true", help="add what is wrong for sure")
    asked = parser.parse_args(arguments)
    console = Console()
    folder = Path(os.environ.get("JOBFLOW_STATE_DIR", ROOT / ".jobflow"))
    try:
        connect(json.loads((folder / "dev.json").read_text()))
    except FileNotFoundError:
        console.print("No platform runs here: start one with `make dev`.", style="bold red")
        return 2
    report = counted(Recount(*_ports(), repair=asked.repair))
    if report is None:
        console.print("The stream did not pass in time: is the counters function running?", style="bold red")
        return 2
    console.print(table(report))
    if report.repaired:
        console.print(f"Repaired {len(report.repaired)} numbers.")
    return 1 if report.wrong.keys() - report.repaired.keys() else 0


def counted(recount: Recount) -> Report | None:
    """Recount until the comparison is done; None if that takes too long."""
    end = time.monotonic() + PATIENCE
    while (left := end - time.monotonic()) > 0:
        report = recount.step(lambda: end - time.monotonic() + RECOUNT_SPARE, start=True)
        if report.judged:
            return report
        time.sleep(min(1.0, left))
    return None


def _ports() -> tuple[Census, Canaries, Counters, CounterTable]:
    return parts.census, parts.canaries, parts.counters, parts.counter_rows


def connect(state: Mapping[str, str]) -> None:
    """Configure this process for the platform in the state file."""
    os.environ |= local_environment(state["aws"], ACCOUNT, REGION, state["stack"])
    os.environ |= {
        "AWS_ENDPOINT_URL": state["aws"],
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    }
    parts.reset()


def table(report: Report) -> Table:
    """Return a table of the differences by type and status; `sure` is the part that running jobs cannot explain."""
    differing = [drift for drift in report.drifts if drift.status is not None]
    shown = Table(title=f"{report.jobs} jobs, {len(differing)} numbers differ")
    for heading in ("type", "status", "counted", "found", "in motion", "sure"):
        shown.add_column(heading, justify="left" if heading in ("type", "status") else "right")
    for drift in differing:
        numbers = (drift.counted, drift.found, drift.moved, drift.sure)
        shown.add_row(drift.job_type, str(drift.status), *map(str, numbers))
    return shown


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
