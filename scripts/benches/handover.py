"""Measure how soon a free place is used: from the end of a job to the start of the next one that waited for its place.

Run it as `python -m scripts.benches.handover`. It starts the platform of `make dev` on free ports, from a copy of the
code with one more job type, whose limit is full all the time.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.infra.local.running import Run, copy_of_the_code, running, until

JOBS, PLACES, RUNS_FOR = 300, 2, 0.2
WARMING = 40
WAITED = 1.0
"""Seconds for which a job has waited at least when the place becomes free."""
KIND = """\
import time

from pydantic import BaseModel, ConfigDict, Field

from chalicelib import AtMost, Function, JobContext, consume, job


class Works(BaseModel):
    "A job of some time."

    model_config = ConfigDict(extra="forbid", json_schema_extra={{"examples": [{{"seconds": 0.1}}]}})
    seconds: float = Field(description="How long it works.", examples=[0.1])


@job("bench.handover", timeout=30, function=Function(concurrency=10), limits=[AtMost({places})])
def bench_handover(payload: Works, ctx: JobContext) -> None:
    "Work."
    time.sleep(payload.seconds)


handler = consume(bench_handover)
"""


def handed_over(jobs: Sequence[dict[str, Any]], places: int) -> list[float]:
    """Return the seconds of each hand-over: the n-th job that ends frees the place in which the (n + places)-th starts.

    Only jobs that had been there for a while count.
    """
    created, starts, ends = (
        [datetime.fromisoformat(one[name]).timestamp() for one in jobs]
        for name in ("created_at", "started_at", "finished_at")
    )
    began, freed = sorted(zip(starts, created, strict=True)), sorted(ends)
    pairs = zip(freed, began[places:], strict=False)
    return [start - end for end, (start, since) in pairs if end - since >= WAITED]


def measured(run: Run, jobs: int, places: int) -> list[float]:
    """Let so many jobs run, `places` at a time; return the seconds of each hand-over.

    Before them, jobs start the processes of the workers.
    """
    for first in [run.submit("bench.handover", {"seconds": RUNS_FOR}) for _ in range(WARMING)]:
        run.finished(first)
    ids = [run.submit("bench.handover", {"seconds": RUNS_FOR}) for _ in range(jobs)]
    left = list(ids)

    def all_ended() -> bool:
        left[:] = [one for one in left[:20] if run.job(one)["status"] != "completed"] + left[20:]
        return not left

    while len(left) > 20:
        until(lambda: run.job(left[0])["status"] == "completed")
        all_ended()
        time.sleep(0.5)  # the reads must not slow the workers down
    until(all_ended)
    return sorted(handed_over([run.job(one) for one in ids], places))


def main(args: Sequence[str] | None = None) -> int:
    """Print the median, the 99th percentile and the longest."""
    parser = argparse.ArgumentParser(prog="python -m scripts.benches.handover", description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS, help="how many jobs run")
    parser.add_argument("--places", type=int, default=PLACES, help="how many of them run at once")
    asked = parser.parse_args(args)
    with TemporaryDirectory(prefix="jobflow-handover-") as folder:
        root = copy_of_the_code(Path(folder, "code"))
        (root / "handlers" / "bench_handover.py").write_text(KIND.format(places=asked.places))
        (root / ".jobflow").mkdir()
        with running(root, root / ".jobflow", JITTER="none") as run:
            took = measured(run, asked.jobs, asked.places)
    middle, most = took[len(took) // 2], took[min(len(took) - 1, len(took) * 99 // 100)]
    print(f"AtMost({asked.places}), {RUNS_FOR} s a job: {len(took)} free places given to jobs that waited")
    print(
        f"from the end to the next start: median {middle:.2f} s, 99th percentile {most:.2f} s, longest {took[-1]:.2f} s"
    )
    print(f"{sum(one <= 2 for one in took)} of {len(took)} within 2 s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
