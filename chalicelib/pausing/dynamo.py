"""Store failures and automatic pauses of job types on the control table: one row per type, written as a whole."""

import json
import math
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.schema import AUTO_PAUSE
from chalicelib.counters.keys import PAST_PAUSES
from chalicelib.counters.port import Pause
from chalicelib.jobs.listing import iso
from chalicelib.jobs.retention import KEEP_COUNTERS, KEEP_FAILURES
from chalicelib.pausing.port import PastPause
from chalicelib.pausing.rule import AutoPause
from chalicelib.settings import Settings


class PastPauseRow(Model):
    """An ended pause: by whom and why, until when, and who resumed the type."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    by = Text()
    reason = Text()
    until = Seconds()
    resumed_by = Text()
    expires_at = Whole()


class DynamoPastPauses:
    """See PastPauses."""

    def __init__(self, settings: Settings) -> None:
        self._rows = binding.control(settings).bind(PastPauseRow)

    def add(self, job_type: str, past: PastPause) -> None:
        """See PastPauses."""
        row = PastPauseRow
        actions: list[Action] = [
            row.by.set(past.pause.by), row.reason.set(past.pause.reason), row.until.set(past.until),
            row.resumed_by.set(past.resumed_by), row.expires_at.set(past.until + KEEP_COUNTERS),
        ]  # fmt: skip
        self._rows(PAST_PAUSES + job_type, iso(past.pause.since)).update(actions)

    def newest(self, job_type: str, most: int) -> Sequence[PastPause]:
        """See PastPauses. One query, strongly consistent."""
        found = self._rows.query(PAST_PAUSES + job_type, scan_index_forward=False, limit=most, consistent_read=True)
        return [
            PastPause(Pause(datetime.fromisoformat(row.sk).timestamp(), row.by, row.reason), row.until, row.resumed_by)
            for row in found
        ]


SORT = "STATE"
BESIDE = {"version", "sent", "sent_at"}
"""The names that have an attribute of their own."""
IN_STATE = {one.name for one in fields(AutoPause)} - BESIDE


class AutoPauseRow(Model):
    """The state as JSON, which only this module reads, and the message of a probe for a laptop's runner.

    `sent` and `sent_at` are beside the state, because the version before could not read a state that has them.
    """

    pk = Text(hash_key=True)
    sk = Text(range_key=True, default_for_new=SORT)
    state = Text(null=True)
    version = Text(null=True)
    sent = Whole(null=True)
    sent_at = Seconds(null=True)
    asked = Text(null=True)
    expires_at = Whole(null=True)


class DynamoAutoPauses:
    """See AutoPauses. Raises pynamodb's errors if the table does not answer."""

    def __init__(self, settings: Settings) -> None:
        self._rows = binding.control(settings).bind(AutoPauseRow)

    def read(self, job_type: str, *, consistent: bool = True) -> AutoPause:
        """See AutoPauses."""
        try:
            row = self._rows.get(_key(job_type), SORT, consistent_read=consistent)
        except self._rows.DoesNotExist:
            return AutoPause()
        return _state(row)

    def replace(self, job_type: str, seen: AutoPause, new: AutoPause) -> AutoPause | None:
        """See AutoPauses."""
        row, version = self._rows(pk=_key(job_type)), uuid.uuid4().hex[:12]
        known = AutoPauseRow.version
        same: Condition = known == seen.version if seen.version else known.does_not_exist()
        state = {name: value for name, value in asdict(new).items() if name not in BESIDE}
        actions = [AutoPauseRow.state.set(json.dumps(state)), known.set(version), _kept(new)]
        if new.sent:
            actions += [AutoPauseRow.sent.set(new.sent), AutoPauseRow.sent_at.set(new.sent_at)]
        else:
            actions += [AutoPauseRow.sent.remove(), AutoPauseRow.sent_at.remove()]
        try:
            row.update(actions, same)
        except UpdateError as error:
            if not refused(error):
                raise
            # our write may have succeeded: if its reply was lost, the SDK repeated it, and only the repetition was
            # refused
            return replace(new, version=version) if self.read(job_type).version == version else None
        return replace(new, version=version)

    def ask(self, job_type: str, message: str) -> None:
        """Store the message of a probe for the runner on a laptop."""
        self._rows(pk=_key(job_type)).update([AutoPauseRow.asked.set(message)])


def _kept(new: AutoPause) -> Action:
    """Let a row expire after a week if nothing depends on it; the row of a pause or of a disabled queue stays."""
    if new.since is None and new.switched_at is None:
        ends: Action = AutoPauseRow.expires_at.set(math.ceil(time.time() + KEEP_FAILURES))
        return ends
    stays: Action = AutoPauseRow.expires_at.remove()
    return stays


def _key(job_type: str) -> str:
    return f"{AUTO_PAUSE}{job_type}"


def _state(row: AutoPauseRow) -> AutoPause:
    state = {name: value for name, value in json.loads(row.state or "{}").items() if name in IN_STATE}
    more = {"failures": tuple(state.get("failures", ())), "version": row.version or ""}
    return AutoPause(**{**state, **more, "sent": row.sent or 0, "sent_at": row.sent_at or 0.0})
