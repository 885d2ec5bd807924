"""Store the audit log on the control table: a partition for the entries of each month, and one for its refusals.

An entry about one thing is also in the index `due`, in a partition of this thing: so the changes of a job are found
without reading those of others. A request that names up to 100 jobs also writes an entry for each of them. Nothing in
the partitions of the index is ever due.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

from pynamodb.exceptions import PynamoDBException, UpdateError
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.schema import AUDIT, DUE, REFUSED
from chalicelib.adapters.dynamo.tables.whole_rows import write_whole
from chalicelib.audit.constants import MOST_LOOKED, SOON
from chalicelib.audit.rule import (
    End,
    Entry,
    Outcome,
    Page,
    Refused,
    Which,
    bounds,
    ended,
    is_named,
    matches,
    matches_refused,
    month_of,
    months,
    paged,
    with_wholes,
)
from chalicelib.jobs.retention import KEEP_AUDIT
from chalicelib.settings import Settings

FIELDS = ("action", "kind", "target", "principal", "label", "ip", "correlation_id", "reason", "error",
          "bulk", "version")  # fmt: skip
NAMED = "NAMED#"
"""Follows AUDIT in the partitions of entries with the outcome `named`: a page of all changes is without them."""
NARROW, WIDE = 100, 250
"""Rows that one query reads: for a page of all entries, and for a page of some of them."""
Item = dict[str, Any]


class AuditRow(Model):
    """An entry."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    at = Seconds()
    action = Text()
    kind = Text()
    target = Text(null=True)
    principal = Text()
    label = Text(null=True)
    ip = Text(null=True)
    correlation_id = Text(null=True)
    reason = Text(null=True)
    outcome = Text()
    status = Whole(null=True)
    error = Text(null=True)
    bulk = Text(null=True)
    version = Text(null=True)
    ended_at = Seconds(null=True)
    due_in = Text(null=True)
    due_at = Text(null=True)
    expires_at = Whole()


class RefusalRow(Model):
    """Store how often one caller was refused in a minute, for one reason."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    minute = Whole()
    who = Text()
    why = Text()
    number = Whole()
    expires_at = Whole()


class DynamoAudit:
    """See AuditLog.

    `briefly`: a write takes about a second at most, so that a table that hangs costs no request its answer.
    """

    def __init__(self, settings: Settings, *, briefly: bool = False) -> None:
        self._table = binding.control(settings)
        self._written = binding.control_briefly(settings) if briefly else self._table
        self._rows = self._written.bind(AuditRow)

    def begin(self, entry: Entry) -> None:
        """See AuditLog. One write unit, and one in the index if the entry is about one thing."""
        if entry.outcome is Outcome.NAMED:
            # A request may have a hundred of these entries, and one slow or throttled write must not refuse it. The
            # first entry has just been stored, so the table answers: the SDK tries these writes again.
            _add(self._row(entry, self._table.bind(AuditRow)))
        else:
            row = self._row(entry, self._rows)
            _soon(lambda: _add(row))

    def end(self, entry: Entry, end: End) -> None:
        """See AuditLog. The same units as `begin`."""
        row = self._row(ended(entry, end), self._rows)
        names = ("outcome", "status", "error", "ended_at", "target", "due_in", "due_at")
        values = {name: getattr(row, name) for name in names}
        actions: list[Action] = [
            getattr(AuditRow, name).set(value) for name, value in values.items() if value is not None
        ]
        table = self._written
        _soon(lambda: table.update_item(table.name, row.pk, row.sk, actions=actions, condition=AuditRow.pk.exists()))

    def page(self, which: Which, limit: int, now: float, position: str | None = None) -> Page[Entry]:
        """See AuditLog.

        At most MOST_LOOKED rows are read. A page of all things also takes half a read unit for each month. A page by
        the id of a batch's action takes half a unit for its request.
        """
        low, high = bounds(which, now)
        if which.thing is not None:
            items = self._of_thing(_thing(*which.thing), low, high, position)
        else:
            narrow = which.principal is None and which.action is None
            prefix = f"{AUDIT}{NAMED}" if which.named else AUDIT
            items = self._by_time(prefix, low, high, position, NARROW if narrow else WIDE)
        entries = map(_entry, items)
        return with_wholes(paged(((entry, matches(entry, which)) for entry in entries), limit), which, self._find)

    def _find(self, key: str) -> Entry | None:
        return next(map(_entry, self._queried(_partition(key), Path("sk") == key, None, 1)), None)

    def add_refusals(self, counted: Refused) -> None:
        """See AuditLog."""
        row = RefusalRow
        actions: list[Action] = [
            row.number.add(counted.number), row.minute.set(counted.minute), row.who.set(counted.who),
            row.why.set(counted.why), row.expires_at.set(counted.minute + KEEP_AUDIT),
        ]  # fmt: skip
        table = self._written
        table.update_item(table.name, f"{REFUSED}{month_of(counted.id)}", counted.id, actions=actions)

    def refusals(self, which: Which, limit: int, now: float, position: str | None = None) -> Page[Refused]:
        """See AuditLog."""
        low, high = bounds(which, now)
        items = self._by_time(REFUSED, low, high, position, NARROW if which.principal is None else WIDE)
        rows = map(_refusal, items)
        return paged(((row, matches_refused(row, which)) for row in rows), limit)

    def _by_time(self, prefix: str, low: str, high: str, position: str | None, size: int) -> Iterator[Item]:
        for month in months(low, position or high):
            pk = f"{prefix}{month}"
            start = {"pk": {"S": pk}, "sk": {"S": position}} if position and month_of(position) == month else None
            yield from self._queried(pk, Path("sk").between(low, high), start, size)

    def _of_thing(self, thing: str, low: str, high: str, position: str | None) -> Iterator[Item]:
        start = position and {
            "pk": {"S": _partition(position)}, "sk": {"S": position},
            "due_in": {"S": thing}, "due_at": {"S": position},
        }  # fmt: skip
        yield from self._queried(thing, Path("due_at").between(low, high), start or None, NARROW, DUE)

    def _queried(
        self, pk: str, between: Any, start: Item | None, size: int, index: str | None = None
    ) -> Iterator[Item]:
        read = 0
        while read <= MOST_LOOKED:
            answer = self._table.query(
                self._table.name, pk, between, index_name=index, scan_index_forward=False, limit=size,
                exclusive_start_key=start,
            )  # fmt: skip
            yield from answer["Items"]
            read, start = read + len(answer["Items"]), answer.get("LastEvaluatedKey")
            if start is None:
                return

    def _row(self, entry: Entry, rows: type[AuditRow]) -> AuditRow:
        thing = _thing(entry.kind, entry.target) if entry.target else None
        texts: dict[str, Any] = {name: getattr(entry, name) or None for name in FIELDS}
        return rows(
            _partition(entry.id), entry.id, at=entry.at, outcome=str(entry.outcome), status=entry.status,
            ended_at=entry.ended_at, due_in=thing, due_at=entry.id if thing else None,
            expires_at=entry.at + KEEP_AUDIT, **texts,
        )  # fmt: skip


def _add(row: AuditRow) -> None:
    """Store a row. An earlier try may arrive after the end was stored, and must not remove it."""
    try:
        write_whole(row, AuditRow.outcome.does_not_exist())
    except UpdateError as error:
        if not refused(error):
            raise


def _soon(write: Callable[[], object]) -> None:
    """Write; try again if it failed at once, such as on a connection that was closed meanwhile."""
    began = time.monotonic()
    try:
        write()
    except PynamoDBException as error:
        if refused(error) or time.monotonic() - began >= SOON:
            raise
        write()


def _partition(key: str) -> str:
    return f"{AUDIT}{NAMED if is_named(key) else ''}{month_of(key)}"


def _thing(kind: str, target: str) -> str:
    return f"{AUDIT}{kind}#{target}"


def _entry(item: Item) -> Entry:
    row = AuditRow()
    row.deserialize(item)
    texts = {name: getattr(row, name) or "" for name in FIELDS if name != "error"}
    return Entry(
        id=row.sk, at=row.at, outcome=Outcome(row.outcome), ended_at=row.ended_at,
        status=None if row.status is None else int(row.status), error=row.error, **texts,
    )  # fmt: skip


def _refusal(item: Item) -> Refused:
    row = RefusalRow()
    row.deserialize(item)
    return Refused(int(row.minute), row.who, row.why, int(row.number))
