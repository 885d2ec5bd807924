"""Store bulk actions on the control table: one row each, its ids in other rows, and a mark while it is open."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from pynamodb.attributes import BooleanAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import written
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.whole_rows import changes
from chalicelib.bulk.port import BulkAction, BulkState, Reason
from chalicelib.counters.keys import BULK, BULK_ACTIONS, BULK_IDS, TOTALS
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Filter
from chalicelib.jobs.retention import KEEP_BULK, KEEP_MARKS
from chalicelib.settings import Settings


class BulkRow(Model):
    """A bulk action."""

    pk = Text(hash_key=True, default_for_new=BULK_ACTIONS)
    sk = Text(range_key=True)
    action = Text()
    by = Text()
    principal = Text()
    started_at = Seconds()
    which = Text(null=True)
    listed = Whole(null=True)
    dry_run = BooleanAttribute()
    expected = Whole(null=True)
    state = Text()
    version = Whole()
    position = Text(null=True)
    following = Text(null=True)
    hand = Text(null=True)
    matched = Whole()
    done = Whole()
    skipped = Whole()
    reasons = Text()
    updated_at = Seconds()
    finished_at = Seconds(null=True)
    problem = Text(null=True)
    failures = Whole()
    lease_until = Seconds()
    reason = Text(null=True)
    edit = Text(null=True)
    expires_at = Whole()


class IdsRow(Model):
    """The ids that a bulk action lists, or that one of its slices has changed.

    They are in separate rows, because the progress of a bulk action is written often.
    """

    pk = Text(hash_key=True, default_for_new=BULK_IDS)
    sk = Text(range_key=True)
    ids = Text()
    expires_at = Whole()


class OpenRow(Model):
    """The mark of an open bulk action."""

    pk = Text(hash_key=True, default_for_new=TOTALS)
    sk = Text(range_key=True)
    open = Whole(null=True)
    expires_at = Whole()


PROGRESS = (
    "position", "following", "hand", "matched", "done", "skipped", "reasons", "updated_at", "finished_at", "problem",
    "failures", "lease_until",
)  # fmt: skip
"""Attributes that a worker writes after each slice, in addition to the state and the version."""


class DynamoBulkActions:
    """See BulkActionRows."""

    def __init__(self, settings: Settings) -> None:
        table = binding.control(settings)
        self._rows, self._ids, self._open = table.bind(BulkRow), table.bind(IdsRow), table.bind(OpenRow)

    def add(self, new: BulkAction, ids: Sequence[str] = ()) -> None:
        """See BulkActionRows.

        The row is written last, so that every bulk action in the list is complete and will be processed.
        """
        gone_at = new.started_at + KEEP_BULK
        if ids:
            row = self._ids(sk=new.id)
            row.update([IdsRow.ids.set(json.dumps(list(ids))), IdsRow.expires_at.set(gone_at)])
        self._open(sk=BULK + new.id).update([OpenRow.open.set(1), OpenRow.expires_at.set(gone_at)])
        values = {**_values(new), "state": str(new.state), "expires_at": gone_at}
        self._rows(sk=new.id).update(changes(BulkRow, values))

    def find(self, bulk_id: str) -> BulkAction | None:
        """See BulkActionRows."""
        try:
            return _bulk(self._rows.get(BULK_ACTIONS, bulk_id, consistent_read=True))
        except self._rows.DoesNotExist:
            return None

    def ids(self, bulk_id: str) -> Sequence[str]:
        """See BulkActionRows."""
        try:
            found: list[str] = json.loads(self._ids.get(BULK_IDS, bulk_id, consistent_read=True).ids)
        except self._ids.DoesNotExist:
            return ()
        return found

    def note(self, bulk_id: str, version: int, changed: Sequence[str]) -> None:
        """See BulkActionRows. A row for each slice, so that the row with the progress, written often, stays small."""
        expires = IdsRow.expires_at.set(int(time.time()) + KEEP_BULK)
        self._ids(sk=_slice(bulk_id, version)).update([IdsRow.ids.set(json.dumps(list(changed))), expires])

    def changed(self, bulk_id: str, most: int) -> Sequence[str]:
        """See BulkActionRows."""
        found: dict[str, None] = {}
        for row in self._ids.query(BULK_IDS, IdsRow.sk.startswith(f"{bulk_id}#")):
            found |= dict.fromkeys(json.loads(row.ids))
            if len(found) >= most:
                break
        return list(found)[:most]

    def newest(self, most: int) -> Sequence[BulkAction]:
        """See BulkActionRows. One query."""
        found = self._rows.query(BULK_ACTIONS, scan_index_forward=False, limit=most, consistent_read=True)
        return [_bulk(row) for row in found]

    def claim(self, bulk_id: str, now: float, until: float) -> BulkAction | None:
        """See BulkActionRows."""
        free = BulkRow.finished_at.does_not_exist() & (BulkRow.lease_until < now)
        return self._write(bulk_id, [BulkRow.lease_until.set(until), BulkRow.version.add(1)], free)

    def save(self, after: BulkAction) -> BulkAction | None:
        """See BulkActionRows."""
        values = _values(after)
        changed: dict[str, Any] = {name: values[name] for name in PROGRESS}
        if not after.open:
            changed["state"] = str(after.state)
        actions = [*changes(BulkRow, changed), BulkRow.version.set(after.version)]
        return self._write(after.id, actions, BulkRow.version == after.version - 1)

    def stop(self, bulk_id: str, now: float) -> BulkAction | None:
        """See BulkActionRows."""
        running = BulkRow.sk.exists() & BulkRow.finished_at.does_not_exist()
        asked = [BulkRow.state.set(str(BulkState.STOPPING)), BulkRow.updated_at.set(now)]
        return self._write(bulk_id, asked, running)

    def close(self, bulk_id: str, now: float) -> None:
        """See BulkActionRows.

        The row stays for a day without the mark, because functions may update rows but not delete them.
        """
        self._open(sk=BULK + bulk_id).update([OpenRow.open.remove(), OpenRow.expires_at.set(now + KEEP_MARKS)])

    def _write(self, bulk_id: str, actions: Sequence[Action], condition: Condition) -> BulkAction | None:
        row = self._rows(sk=bulk_id)
        return _bulk(row) if written(lambda: row.update(list(actions), condition)) else None


def _slice(bulk_id: str, version: int) -> str:
    return f"{bulk_id}#{version:08d}"


def _values(bulk: BulkAction) -> dict[str, Any]:
    """Return the attributes of a row, without its keys, its state and None values."""
    which = None if bulk.which is None else {k: v for k, v in asdict(bulk.which).items() if v is not None}
    reasons = {reason: [found.jobs, *found.samples] for reason, found in bulk.reasons.items()}
    values = {name: getattr(bulk, name) for name in _plain()}
    return {
        **values, "which": None if which is None else json.dumps(which), "reasons": json.dumps(reasons),
        "hand": json.dumps(bulk.hand, separators=(",", ":")) if bulk.hand else None,
        "edit": json.dumps(bulk.edit) if bulk.edit else None,
    }  # fmt: skip


def _plain() -> set[str]:
    """Return the names of the attributes that are stored without conversion."""
    return set(BulkRow.get_attributes()) - {"pk", "sk", "which", "reasons", "hand", "edit", "state", "expires_at"}


def _bulk(row: BulkRow) -> BulkAction:
    which = None if row.which is None else json.loads(row.which)
    status = which.pop("status", None) if which else None
    reasons = {reason: Reason(jobs, tuple(ids)) for reason, (jobs, *ids) in json.loads(row.reasons).items()}
    return BulkAction(
        id=row.sk,
        which=None if which is None else replace(Filter(**which), status=None if status is None else Status(status)),
        reasons=reasons,
        hand={} if row.hand is None else json.loads(row.hand),
        edit=None if row.edit is None else json.loads(row.edit),
        state=BulkState(row.state),
        **{name: getattr(row, name) for name in _plain()},
    )
