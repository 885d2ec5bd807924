"""Store counter rows on the control table; the stream's function writes them, the API reads them."""

import functools
import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from operator import and_
from typing import Any

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from chalicelib.adapters.constants import MOST_LITTER, MOST_WRITES
from chalicelib.adapters.dynamo.counting import marks
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import code_of, message_of, refused
from chalicelib.counters import deploys, keys, moves
from chalicelib.counters.dear_runs import DearRun, runs_of
from chalicelib.counters.keys import (
    BY,
    DAY_STEP,
    DEAREST,
    DEPLOYS,
    ERRORS,
    MARK,
    MOVES,
    PAUSE,
    PROBE_AT,
    REASON,
    SINCE,
    STEPS,
    TENANTS,
    TOTALS,
    TROUBLES,
)
from chalicelib.counters.port import BY_BUDGET, Additions, ErrorHour, Pause, Row, Standing, TenantDay, Times
from chalicelib.counters.standing import litter, standing
from chalicelib.counters.troubles import Troubles
from chalicelib.errors import RowRefused
from chalicelib.jobs.listing import iso
from chalicelib.settings import Settings

KEYS = frozenset({"pk", "sk", "expires_at"})


class DynamoCounters:
    """See CounterTable (writing), Counters (reading), Pauses, Deploys and TroubleRow."""

    def __init__(self, settings: Settings) -> None:
        self._table = binding.control(settings)

    def add(
        self,
        row: Row,
        additions: Additions,
        source: str,
        first: str,
        last: str,
        times: Times | None = None,
    ) -> str | None:
        """See CounterRows. One request, unless the changes may belong to a moved mark."""
        mark, moved = Path([f"{MARK}{source}"]), Path([marks.MOVED])
        actions = [mark.set(marks.mark(last, times.latest) if times else last), *_actions(row, additions)]
        new: Condition = mark.does_not_exist()
        if times:
            new &= moved.does_not_exist() | (moved < marks.stamp(times.earliest))
        condition = new | (mark < first)
        while not self._write(row, actions, condition):
            item = self._get(row)
            name = f"{MARK}{source}"
            known = item.get(name) or self._get(keys.moved(row, source, 0.0)).get(name)
            if known is not None and marks.place(known) >= first:
                return marks.place(known)
            # The row was read before its moved marks. If MOVED is unchanged, no mark was moved in between, so these
            # changes are not counted yet.
            same = moved == item[marks.MOVED] if marks.MOVED in item else moved.does_not_exist()
            condition = (mark < first) | (mark.does_not_exist() & same)
        return None

    def read(self, row: Row) -> Mapping[str, Any]:
        """See CounterTable."""
        kept = {name: value for name, value in self._get(row).items() if not name.startswith(MARK)}
        return {name: value for name, value in kept.items() if name not in KEYS}

    def tidy(self, row: Row, now: float) -> int:
        """See CounterTable. One read, one write for each 50 removed attributes, and one write for each kept mark."""
        item = self._get(row)
        found = litter(item, now)
        for start in range(0, min(len(found), MOST_LITTER * MOST_WRITES), MOST_LITTER):
            part = found[start : start + MOST_LITTER]
            # The write is refused if one of the attributes has changed; the next cleanup soon checks them again.
            unchanged: list[Condition] = [Path([name]) == _typed(item[name]) for name in part]
            self._write(row, [Path([name]).remove() for name in part], functools.reduce(and_, unchanged))
        left = {name: value for name, value in item.items() if name not in found}
        return len(found) + self._move(row, left, now)

    def _move(self, row: Row, item: Mapping[str, Any], now: float) -> int:
        """Store old marks in separate rows, then remove them from this row, unless one of these marks was changed."""
        old, moved, horizon = marks.movable(item, now), Path([marks.MOVED]), marks.horizon(now)
        if not old:
            return 0
        for name in old:
            source, place = marks.source(name), marks.place(item[name])
            self.add(keys.moved(row, source, now), Additions(), source, place, place)
        unchanged: list[Condition] = [Path([name]) == item[name] for name in old]
        earlier: Condition = moved.does_not_exist() | (moved < horizon)
        actions: list[Action] = [*(Path([name]).remove() for name in old), moved.set(horizon)]
        self._write(row, actions, functools.reduce(and_, unchanged, earlier))
        return len(old)

    def replace_facts(self, row: Row, facts: Mapping[str, str], gone: Collection[str]) -> None:
        """See CounterTable."""
        self._write(row, [*_actions(row, Additions(facts={**facts})), *(Path([name]).remove() for name in gone)])

    def standing(self) -> Standing:
        """See Counters. Return the rows of one partition."""
        rows = {item["sk"]: item for item in self._pages(TOTALS, consistent_read=True)}
        return standing(rows, _pauses(rows))

    def pauses(self) -> Mapping[str, Pause]:
        """Return all stored pauses by queue, also those of queues that no longer exist."""
        return _pauses({item["sk"]: item for item in self._pages(TOTALS, consistent_read=True)})

    def pause(self, job_type: str, pause: Pause) -> bool:
        """See Pauses."""
        facts: dict[str, float | str] = {SINCE: pause.since, BY: pause.by, REASON: pause.reason}
        actions: list[Action] = [Path([name]).set(_typed(fact)) for name, fact in facts.items()]
        probe = Path([PROBE_AT])
        actions.append(probe.remove() if pause.probe_at is None else probe.set(_typed(pause.probe_at)))
        free: Condition = Path([SINCE]).does_not_exist() | Path([PROBE_AT]).exists()
        if not pause.by_budget and not pause.by_itself:
            free |= Path([BY]) == BY_BUDGET
        return self._write(Row(TOTALS, PAUSE + job_type), actions, free)

    def resume(self, job_type: str, *, by_itself: bool = False, by_budget: bool = False) -> bool:
        """See Pauses."""
        actions: list[Action] = [Path([name]).remove() for name in (SINCE, BY, REASON, PROBE_AT)]
        free: Condition | None = None
        if by_itself or by_budget:
            probe = Path([PROBE_AT])
            same = probe.exists() if by_itself else (Path([BY]) == BY_BUDGET) & probe.does_not_exist()
            free = Path([SINCE]).does_not_exist() | same
        return self._write(Row(TOTALS, PAUSE + job_type), actions, free)

    def deployed(self, version: str, at: float) -> None:
        """See Deploys. One row; its text is replaced only if no other process has replaced it."""
        row, kept = Row(TOTALS, DEPLOYS), Path([DEPLOYS])
        while True:
            text = self._get(row).get(DEPLOYS, "")
            unchanged: Condition = kept == text if text else kept.does_not_exist()
            if self._write(row, [kept.set(deploys.added(text, version, at))], unchanged):
                return

    def deployed_queues(self, shared: Mapping[str, str], at: float) -> None:
        """Record which types share which queue since `at`; without such types, nothing is written."""
        row, kept = Row(TOTALS, MOVES), Path([MOVES])
        while True:
            text = self._get(row).get(MOVES, "")
            new = moves.after(text, shared, at)
            unchanged: Condition = kept == text if text else kept.does_not_exist()
            if new == text or self._write(row, [kept.set(new)], unchanged):
                return

    def replace_troubles(self, seen: Troubles, new: Troubles) -> bool:
        """See TroubleRow."""
        kept = Path([TROUBLES])
        unchanged: Condition = kept == seen.text if seen.text else kept.does_not_exist()
        return self._write(Row(TOTALS, TROUBLES), [kept.set(new.text)], unchanged)

    def buckets(self, job_type: str, step: int, start: float, end: float) -> Sequence[tuple[float, Mapping[str, int]]]:
        """See Counters. One query for each megabyte, about three days of minutes."""
        rows = self._query(f"{STEPS[step]}#{job_type}", start, end)
        return [(_seconds(item["sk"]), _numbers(item)) for item in rows]

    def tenant_days(self, job_type: str, start: float, end: float, most: int) -> Sequence[TenantDay]:
        """See Counters. One query for each megabyte, about 5,000 rows."""
        rows = self._query(f"{STEPS[86_400]}#{job_type}{TENANTS}", start, end, newest_first=True)
        found = ((*item["sk"].partition("#"), item) for item in itertools.islice(rows, most))
        return [TenantDay(_seconds(day), tenant, _numbers(item)) for day, _, tenant, item in found]

    def dear_runs(self, job_type: str, start: float, end: float) -> Sequence[DearRun]:
        """See Counters. One query for each megabyte: about 1,000 days."""
        rows = self._query(f"{STEPS[DAY_STEP]}#{job_type}{DEAREST}", start, end)
        return [run for row in rows for run in runs_of(row)]

    def errors(self, start: float, end: float, most: int) -> Sequence[ErrorHour]:
        """See Counters. One query for each megabyte, about 3,000 error groups."""
        found = []
        for item in itertools.islice(self._query(ERRORS, start, end, newest_first=True, page=most), most):
            hour, fingerprint = item["sk"].split("#")
            found.append(ErrorHour(_seconds(hour), fingerprint, item))
        return found

    def _write(self, row: Row, actions: list[Action], condition: Condition | None = None) -> bool:
        try:
            self._table.update_item(self._table.name, row.pk, row.sk, actions=actions, condition=condition)
        except UpdateError as error:
            if code_of(error) == "ValidationException":
                raise RowRefused(f"DynamoDB refuses the row {row.pk}/{row.sk}: {message_of(error)}") from error
            if not refused(error):
                raise
            return False
        return True

    def _get(self, row: Row) -> dict[str, Any]:
        answer = self._table.get_item(self._table.name, row.pk, row.sk, consistent_read=True)
        return _plain(answer.get("Item", {}))

    def _query(
        self, partition: str, start: float, end: float, *, newest_first: bool = False, page: int | None = None
    ) -> Iterator[dict[str, Any]]:
        if start > end:
            return  # DynamoDB refuses a range with the lower bound above the upper
        # "~" sorts after every character of a key, so the last bucket is included with any suffix.
        between = Path(["sk"]).between(iso(start), iso(end) + "~")
        yield from self._pages(
            partition, range_key_condition=between, scan_index_forward=not newest_first, limit=page
        )  # fmt: skip

    def _pages(self, partition: str, **asked: Any) -> Iterator[dict[str, Any]]:
        position = None
        while True:
            answer = self._table.query(self._table.name, partition, exclusive_start_key=position, **asked)
            yield from (_plain(item) for item in answer["Items"])
            position = answer.get("LastEvaluatedKey")
            if position is None:
                return


def _actions(row: Row, additions: Additions) -> list[Action]:
    added = [Path([name]).add(_typed(number)) for name, number in additions.numbers.items() if number]
    known = [Path([name]).set(_typed(value)) for name, value in {**additions.facts, **additions.lows}.items()]
    once = [Path([name]).set(Path([name]) | _typed(value)) for name, value in additions.firsts.items()]
    expiry = [] if row.expires_at is None else [Path(["expires_at"]).set(_typed(row.expires_at))]
    return [*added, *known, *once, *expiry]


def _typed(value: float | str) -> dict[str, str]:
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float(value["N"]) if "N" in value else value["S"] for name, value in item.items()}


def _numbers(item: Mapping[str, Any]) -> Counter[str]:
    return Counter({k: int(v) for k, v in item.items() if isinstance(v, float) and k not in KEYS})


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _pauses(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Pause]:
    return {
        name.removeprefix(PAUSE): Pause(row[SINCE], row[BY], row[REASON], row.get(PROBE_AT))
        for name, row in rows.items()
        if name.startswith(PAUSE) and SINCE in row
    }
