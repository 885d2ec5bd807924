"""Keep the longest runs of a type in a day: of one type, they are the dearest. Pure.

A run is an attribute of the day's row, with a name that only this run has. The longest of two sets of runs are the same
in whatever order, and however often, the sets are combined. So replays of the stream, and several shards that write the
same row, change nothing: a run that is left out is shorter than ten others that the row has.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.counters.constants import DEAR_RUNS
from chalicelib.jobs.job import Status

RUN = "run#"


@dataclass(frozen=True, slots=True)
class DearRun:
    """A run of a job: its start (epoch seconds), its milliseconds, and the status of the job after it.

    The status is `processing` if the worker was lost, and another one took the job.
    """

    job: str
    started_at: float
    run_ms: int
    status: Status

    @property
    def name(self) -> str:
        """Return the name of the run's attribute."""
        return f"{RUN}{self.job}#{self.started_at:.3f}"

    @property
    def value(self) -> str:
        """Return the value of the run's attribute."""
        return f"{self.run_ms}#{self.status}"

    @property
    def rank(self) -> tuple[int, str]:
        """Return what sorts runs, the longest last; no two runs have the same rank."""
        return self.run_ms, self.name


def runs_of(row: Mapping[str, Any]) -> list[DearRun]:
    """Return the runs of a row, in any order, without those that this version cannot read."""
    found = (_read(name, str(value)) for name, value in row.items() if name.startswith(RUN))
    return [run for run in found if run is not None]


def longest(runs: Iterable[DearRun], most: int = DEAR_RUNS) -> list[DearRun]:
    """Return the longest runs, the longest first; a run that is given twice counts once."""
    return sorted({run.name: run for run in runs}.values(), key=lambda run: run.rank, reverse=True)[:most]


def _read(name: str, value: str) -> DearRun | None:
    job, _, start = name.removeprefix(RUN).rpartition("#")
    run_ms, _, status = value.partition("#")
    try:
        return DearRun(job, float(start), int(run_ms), Status(status))
    except ValueError:  # another version or a person wrote it
        return None
