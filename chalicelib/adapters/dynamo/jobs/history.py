"""Store and read a job's history: its attempts and the acts of operators, next to its main item."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from chalicelib.adapters.dynamo.jobs.rows import ActRow, AttemptRow, act_of, attempt_of
from chalicelib.adapters.dynamo.jobs.writes import unknown, written_before
from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.binding import Table
from chalicelib.adapters.dynamo.tables.schema import ACT, META
from chalicelib.adapters.dynamo.tables.whole_rows import write_whole
from chalicelib.jobs.constants import MOST_HISTORY
from chalicelib.jobs.history import Act, JobView, view_of
from chalicelib.jobs.job import LOST, Attempt, Job
from chalicelib.jobs.retention import KEEP_BODIES

Item = dict[str, Any]


class History:
    """Store and read the rows that sort before a job's main item. `clock` returns seconds since the epoch."""

    def __init__(self, table: Table, clock: Callable[[], float]) -> None:
        self._table = table
        self._attempts = table.bind(AttemptRow)
        self._acts = table.bind(ActRow)
        self._clock = clock

    def record(self, job_id: str, attempt: Attempt) -> None:
        """See JobStore."""
        sk = f"ATT#{attempt.gen:04}#c{attempt.token[1]:05}"
        now = self._clock()
        row = self._attempts(pk=job_id, sk=sk, expires_at=now + KEEP_BODIES, **asdict(attempt))
        same = (AttemptRow.started_at == attempt.started_at) & (AttemptRow.outcome == LOST)
        again = same & written_before(AttemptRow.expires_at, now)
        try:
            write_whole(row, unknown(attempt) | again if attempt.outcome == LOST else None)
        except UpdateError as error:
            if not refused(error):
                raise

    def keep_act(self, job_id: str, act: Act) -> None:
        """See JobStore."""
        sk = f"{ACT}{act.at:014.3f}#{act.name}"
        self._acts(pk=job_id, sk=sk, expires_at=self._clock() + KEEP_BODIES, **asdict(act)).save()

    def read(self, job_id: str) -> tuple[Item | None, list[Item]]:
        """Return the main item, and the newest MOST_HISTORY + 1 attempts and acts before it, oldest first.

        The read usually takes one request of up to 1 MB; a job with a longer history takes more requests.
        """
        items, start = self._newest(job_id, Path("sk") <= META, MOST_HISTORY + 2)
        while start and len(items) < MOST_HISTORY + 2:
            more, start = self._newest(job_id, Path("sk") <= META, MOST_HISTORY + 2 - len(items), start)
            items += more
        if start:
            # Rows are read from the newest to the oldest, and acts sort before attempts. So some acts are not read yet.
            acts, _ = self._newest(job_id, Path("sk").startswith(ACT), MOST_HISTORY)
            items = [item for item in items if not _is_act(item)] + acts
        main = next((item for item in items if item["sk"]["S"] == META), None)
        return main, [item for item in reversed(items) if item is not main]

    def view(self, job: Job, items: Sequence[Item]) -> JobView:
        """Return the job with its history."""
        acts = [act_of(self._acts.from_raw_data(item)) for item in items if _is_act(item)]
        attempts = [attempt_of(self._attempts.from_raw_data(item)) for item in items if not _is_act(item)]
        return view_of(job, attempts, acts)

    def _newest(
        self, job_id: str, which: Condition, most: int, start: Item | None = None
    ) -> tuple[list[Item], Item | None]:
        page = self._table.query(
            self._table.name, job_id, which, consistent_read=True, scan_index_forward=False, limit=most,
            exclusive_start_key=start,
        )  # fmt: skip
        return page["Items"], page.get("LastEvaluatedKey")


def _is_act(item: Item) -> bool:
    return bool(item["sk"]["S"].startswith(ACT))
