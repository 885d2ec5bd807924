"""Recount the jobs of a running `make dev` and compare them with its counters; `--repair` puts the counters right.

Reads the platform's addresses from `.jobflow/dev.json` (JOBFLOW_STATE_DIR names another folder). A repair takes two
recounts, `--apart` seconds apart, and adds only what both are sure of; the stream must deliver within that time.
Exits with 1 while a difference is sure.
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

from chalicelib import wiring
from chalicelib.counters.drift import sure
from chalicelib.counters.recount import Look, Recount
from infra.definition import local_environment
from infra.local.lambdas.specs import ACCOUNT, REGION

ROOT = Path(__file__).parents[1]
SETTLE = 5.0
"""Seconds to wait for the counters: on a laptop they are two behind."""


def main(arguments: Sequence[str]) -> int:
    """Recount, print, repair if asked to; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--repair", action="store_true", help="add what two recounts are sure of")
    parser.add_argument("--apart", type=float, default=30.0, metavar="SECONDS", help="between the two (default 30)")
    asked = parser.parse_args(arguments)
    console = Console()
    folder = Path(os.environ.get("JOBFLOW_STATE_DIR", ROOT / ".jobflow"))
    try:
        connect(json.loads((folder / "dev.json").read_text()))
    except FileNotFoundError:
        console.print("No platform runs here: start one with `make dev`.", style="bold red")
        return 2
    recount = Recount(wiring.census(), wiring.counters(), wiring.counter_rows(), settle=SETTLE)
    first = recount.look()
    console.print(table(first))
    wrong = sure(first.drifts)
    if wrong and asked.repair:
        console.print(f"Recounting in {asked.apart:g} s: what is still on its way arrives until then.")
        time.sleep(asked.apart)
        repaired = recount.repair((first.at, wrong), recount.look())
        console.print(f"Repaired {len(repaired)} numbers; what is left:")
        last = recount.look()
        console.print(table(last))
        wrong = sure(last.drifts)
    return 1 if wrong else 0


def connect(state: Mapping[str, str]) -> None:
    """Let this process work on the platform that the state file describes."""
    os.environ |= local_environment(state["aws"], ACCOUNT, REGION, state["stack"])
    os.environ |= {
        "AWS_ENDPOINT_URL": state["aws"],
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    }
    wiring.reset()


def table(look: Look) -> Table:
    """Return a table of the differences by type and status; `sure` is the part that running jobs cannot explain."""
    differing = [drift for drift in look.drifts if drift.status is not None]
    shown = Table(title=f"{look.jobs} jobs, {len(differing)} numbers differ")
    for heading in ("type", "status", "counted", "found", "in motion", "sure"):
        shown.add_column(heading, justify="left" if heading in ("type", "status") else "right")
    for drift in differing:
        numbers = (drift.counted, drift.found, drift.moved, drift.sure)
        shown.add_row(drift.job_type, str(drift.status), *map(str, numbers))
    return shown


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
