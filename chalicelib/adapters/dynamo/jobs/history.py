"""Keep and read what happened to a job: its attempts and what operators did, beside its main item."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from pynamodb.exceptions import PutError
from pynamodb.expressions.operand import Path

from chalicelib.adapters.dynamo.jobs.rows import ActRow, AttemptRow, act_of, attempt_of
from chalicelib.adapters.dynamo.jobs.writes import unknown
from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.binding import Table
from chalicelib.adapters.dynamo.tables.schema import ACT, META
from chalicelib.jobs.history import Act, JobView
from chalicelib.jobs.job import LOST, Attempt, Job
from chalicelib.jobs.limits import DAY, KEEP_BODIES

Item = dict[str, Any]


class History:
    """Rows that sort before a job's main item. `clock` gives seconds since the epoch."""

    def __init__(self, table: Table, clock: Callable[[], float]) -> None:
        self._table = table
        self._attempts = table.bind(AttemptRow)
        self._acts = table.bind(ActRow)
        self._clock = clock

    def record(self, job_id: str, attempt: Attempt) -> None:
        """See JobStore."""
        sk = f"ATT#{attempt.gen:04}#c{attempt.token[1]:05}"
        row = self._attempts(pk=job_id, sk=sk, expires_at=self._clock() + KEEP_BODIES, **asdict(attempt))
        try:
            row.save(condition=unknown() if attempt.outcome == LOST else None)
        except PutError as error:
            if not refused(error):
                raise

    def keep_act(self, job_id: str, act: Act) -> None:
        """See JobStore."""
        sk = f"{ACT}{act.at:014.3f}#{act.name}"
        self._acts(pk=job_id, sk=sk, expires_at=self._clock() + KEEP_BODIES, **asdict(act)).save()

    def read(self, job_id: str) -> tuple[Item | None, list[Item]]:
        """Return the main item and what lies before it, in one request as a rule (1 MB a request)."""
        items: list[Item] = []
        start = None
        while True:
            page = self._table.query(
                self._table.name, job_id, Path("sk") <= META, consistent_read=True, exclusive_start_key=start
            )
            items += page["Items"]
            start = page.get("LastEvaluatedKey")
            if start is None:
                break
        main = next((item for item in items if item["sk"]["S"] == META), None)
        return main, [item for item in items if item is not main]

    def view(self, job: Job, items: Sequence[Item]) -> JobView:
        """Return the job with its history."""
        acts = [act_of(self._acts.from_raw_data(item)) for item in items if _is_act(item)]
        attempts = [attempt_of(self._attempts.from_raw_data(item)) for item in items if not _is_act(item)]
        # A job that was created again under an expired one's id does not inherit that one's history. A day's slack,
        # because the clocks of two machines differ and an expired job is a month old.
        since = job.created_at - DAY
        return JobView(
            job, tuple(a for a in attempts if a.started_at > since), tuple(act for act in acts if act.at > since)
        )


def _is_act(item: Item) -> bool:
    return bool(item["sk"]["S"].startswith(ACT))
