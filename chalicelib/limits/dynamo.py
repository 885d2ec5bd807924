"""Store the plan of starts on the control table: one row per job type, in whole microseconds.

If the planned time is in the future, a write adds to it; if it is in the past, a write begins at the present time. Each
of these writes is one conditional write. If two workers add at the same time, neither write is refused.
"""

import math
import uuid
from collections.abc import Sequence

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.attributes import Text, Whole
from chalicelib.adapters.dynamo.tables.schema import RATE
from chalicelib.job_types.constants import TURNS_APART
from chalicelib.job_types.rate import MICRO, Rate
from chalicelib.jobs.retention import KEEP_MARKS
from chalicelib.limits.constants import MOST_TURN_TRIES
from chalicelib.limits.port import Taken
from chalicelib.settings import Settings

PLAN = "PLAN"


class PlanRow(Model):
    """The time up to which the starts of a job type are planned, in microseconds since the epoch."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True, default_for_new=PLAN)
    slots_to = Whole(null=True)
    turns_to = Whole(null=True)
    writer = Text(null=True)
    expires_at = Whole(null=True)


class DynamoTurns:
    """See Turns. Only one thread may use it at a time. Raises pynamodb's errors if the table does not answer."""

    def __init__(self, settings: Settings) -> None:
        self._rows = binding.control(settings).bind(PlanRow)
        self._known: dict[str, PlanRow] = {}

    def taken(self, job_type: str) -> Taken:
        """See Turns."""
        known, row = self._known.get(job_type), self._read(job_type, consistent=False)
        if known is not None and (row.slots_to or 0) < (known.slots_to or 0):
            self._known[job_type] = row = known  # slots only grow, so this read is older than the known row
        return Taken((row.slots_to or 0) / MICRO, (row.turns_to or 0) / MICRO)

    def slots(self, job_type: str, rate: Rate, count: int, now: float, until: float) -> Sequence[float]:
        """See Turns."""
        apart, ahead, begin = _whole(rate.apart), _whole(rate.ahead), _whole(now)
        latest = _whole(until) + ahead - (count - 1) * apart
        if latest < begin:
            return []
        moved = self._move(job_type, "slots_to", count * apart, begin, latest)
        return [] if moved is None else [max(now, (moved + n * apart - ahead) / MICRO) for n in range(count)]

    def turns(self, job_type: str, rate: Rate, count: int, after: float) -> Sequence[float]:
        """See Turns."""
        apart = math.ceil(TURNS_APART * _whole(rate.apart))
        moved = self._move(job_type, "turns_to", count * apart, _whole(after), None)
        return [(moved + n * apart) / MICRO for n in range(count)] if moved is not None else []

    def forget(self, job_type: str, turns_to: float) -> None:
        """See Turns."""
        row = self._rows(pk=f"{RATE}{job_type}")
        try:
            row.update([PlanRow.turns_to.remove()], PlanRow.turns_to == _whole(turns_to))
        except UpdateError as error:
            if not refused(error):
                raise
        self._known.pop(job_type, None)

    def _move(self, job_type: str, name: str, by: int, begin: int, latest: int | None) -> int | None:
        """Advance a field by `by` from its value, or from `begin` if the value is earlier; return the position before.

        Return None and change nothing if the field is later than `latest`.
        """
        row, writer = self._known.get(job_type) or self._read(job_type), uuid.uuid4().hex[:12]
        for _ in range(MOST_TURN_TRIES):
            seen: int = getattr(row, name) or 0
            if latest is not None and seen > latest:
                row = self._read(job_type)  # the remembered value may be old
                if (getattr(row, name) or 0) > latest:
                    return None
                continue
            if self._write(row, name, by, begin, latest, writer):
                self._known[job_type] = row
                return int(getattr(row, name)) - by
            row = self._read(job_type)
            if row.writer == writer:  # the reply to our write was lost, and the SDK repeated the write
                return int(getattr(row, name)) - by
        raise TimeoutError(f"Too many workers reserve starts of {job_type} at once.")

    def _write(self, row: PlanRow, name: str, by: int, begin: int, latest: int | None, writer: str) -> bool:
        field, behind = getattr(PlanRow, name), (getattr(row, name) or 0) < begin
        fits: Condition = field.does_not_exist() | (field < begin) if behind else field >= begin
        if not behind and latest is not None:
            fits &= field <= latest
        fits &= PlanRow.writer.does_not_exist() | (PlanRow.writer != writer)
        moved: Action = field.set(begin + by) if behind else field.add(by)
        ends = max(begin, getattr(row, name) or 0, row.turns_to or 0) + by
        kept = PlanRow.expires_at.set(math.ceil(ends / MICRO + KEEP_MARKS))
        try:
            row.update([moved, PlanRow.writer.set(writer), kept], fits)
        except UpdateError as error:
            if not refused(error):
                raise
            return False
        return True

    def _read(self, job_type: str, *, consistent: bool = True) -> PlanRow:
        key = f"{RATE}{job_type}"
        try:
            row = self._rows.get(key, PLAN, consistent_read=consistent)
        except self._rows.DoesNotExist:
            row = self._rows(pk=key)
        self._known[job_type] = row
        return row


def _whole(seconds: float) -> int:
    return round(seconds * MICRO)
