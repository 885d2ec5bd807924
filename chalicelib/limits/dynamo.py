"""Store the plan of starts, and the places of limits, on the control table.

The plan of starts is one row per job type, in whole microseconds. If the planned time is in the future, a write adds to
it; if it is in the past, a write begins at the present time. Each of these writes is one conditional write. If two
workers add at the same time, neither write is refused.

The places of a limit are one row, and its line is one row for each waiting job, in a partition for each type.
"""

import base64
import math
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import code_of, refused
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.schema import LIMIT, LIMIT_CHANGES, LIMITS, LINE, RATE
from chalicelib.counters.keys import PAUSE, SINCE, TOTALS
from chalicelib.errors import LimitBusy
from chalicelib.job_types.constants import TURNS_APART
from chalicelib.job_types.rate import MICRO, Rate, Spacing
from chalicelib.jobs.priority import HIGH, LOW, NORMAL
from chalicelib.jobs.retention import KEEP_LIMITS, KEEP_MARKS
from chalicelib.limits.changed import Changed, Changes, ChangesSeen
from chalicelib.limits.constants import (
    APART,
    ASKED_FOR,
    FIRST_POSITION,
    MOST_KNOWN,
    MOST_POSITION_TRIES,
    MOST_TURN_TRIES,
)
from chalicelib.limits.places import KeptSlot, Limit, Listed, Places, Slot, Waiter, is_earlier
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
    """See Turns. Only one thread at a time may use it for a type.

    Raises pynamodb's errors if the table does not answer.
    """

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


BUSY = frozenset({"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"})
"""Codes with which DynamoDB refuses a request because a partition, or the table, gets too many."""
PLACES, TENANT = "PLACES", "TENANT#"
LATER = 10**13
"""Milliseconds that put the rows of low priority behind all others."""
Item = Mapping[str, Any]
FREE = "attribute_exists(held) AND size(held) < :n"
"""Condition: a place is free."""


class ChangedLimitRow(Model):
    """How many places an operator has given to a limit."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    n = Whole()
    by = Text()
    reason = Text(null=True)
    at = Seconds()


class DynamoPlaces:
    """See LimitStore. Raises botocore's errors if the table does not answer, LimitBusy if it throttles a write.

    The row of a limit has a map of names by job, whose keys are the jobs' ids in 22 characters. pynamodb cannot ask for
    the row in the answer to a refused write, so the requests are made of expressions.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._table, self._clock = binding.control(settings), clock
        self._changed = self._table.bind(ChangedLimitRow)
        self._seen = ChangesSeen(self._read_changes, self._read_change, clock)
        self._taken: dict[str, tuple[int, bool]] = {}

    def read(self, limit: Limit) -> Places:
        """See PlaceStore."""
        item = self._item(LIMIT + limit.id, PLACES)
        return replace(self._in_force(limit, item), asked=self._asked(item))

    def take(self, limit: Limit, job: str, name: str) -> bool:
        """See PlaceStore. One query more every CHANGES_KEPT seconds, for the changed limits."""
        n = self._seen.n(limit)
        for _ in range(2):
            taken, row = self._write(
                limit, "SET held.#job = :name, expires_at = :end",
                f"attribute_exists(held.#job) OR {FREE} AND attribute_not_exists(waits)", n, job, name,
            )  # fmt: skip
            if taken or (row is not None and "held" in row):
                return taken
            if n < 1:
                return False
            first, _row = self._write(
                # a row that was restored has the slots of its rate, and no names
                limit,
                "SET held = :held, expires_at = :end",
                "attribute_not_exists(held)",
                held={_key(job): name},
            )
            if first:
                return True
        return False

    def grant(self, limit: Limit, waiter: Waiter, clock: int | None = None, *, asked: bool = False) -> bool:
        """See PlaceStore."""
        n = self._seen.n(limit)
        if limit.rate is not None and n > 0:
            n = limit.n  # the caller knows how many turns there may be now
        fits = f"attribute_not_exists(held.#job) AND {FREE} AND attribute_exists(waits)"
        gives = "SET held.#job = :name, expires_at = :end"
        about = n, waiter.job, waiter.name
        if clock is not None and not asked:
            name = _clock(waiter.rank)
            later = f"{fits} AND (attribute_not_exists({name}) OR {name} < :clock)"
            granted, row = self._write(limit, f"{gives}, {name} = :clock", later, *about, clock=clock)
            if granted or _places(row).clocks[waiter.rank] < clock:
                return granted or _places(row).held.get(waiter.job) == waiter.name
        if asked:
            gives, fits = f"{gives} REMOVE asked", f"{fits} AND begins_with(asked, :mine)"
        granted, row = self._write(limit, gives, fits, *about, mine=f"{waiter.type} " if asked else "")
        # if the answer of the write was lost, its repetition was refused
        return granted or _places(row).held.get(waiter.job) == waiter.name

    def position(self, limit: Limit, tenant: str, rank: int) -> int:
        """See PlaceStore. A row for each tenant and rank, in the partition of the limit.

        A lost answer leaves a position unused. The row is valid until the mark of the limit is removed the next time.
        """
        pk, sk = LIMIT + limit.id, f"{TENANT}{rank}#{tenant}"
        for _ in range(MOST_POSITION_TRIES):
            row, mine = self._item(pk, PLACES), self._item(pk, sk)
            clock, closed = _places(row).clocks[rank], row.get("closed_by", {"S": "-"})
            values = {":closed": closed, ":clock": _number(clock), ":end": self._end()}
            if mine.get("closed_by") == closed and int(mine["ahead"]["N"]) >= clock:
                change, fits = (
                    "SET ahead = ahead + :apart, expires_at = :end",
                    "closed_by = :closed AND ahead >= :clock",
                )
                values[":apart"] = _number(APART)
            else:
                change = "SET ahead = :ahead, closed_by = :closed, expires_at = :end"
                fits = "attribute_not_exists(pk) OR closed_by <> :closed OR ahead < :clock"
                values[":ahead"] = _number(self._moved(limit, rank) + APART)
            written, after = self._update(pk, sk, change, fits, values, {})
            if written and after is not None:
                return int(after["ahead"]["N"]) - APART
        raise LimitBusy

    def _moved(self, limit: Limit, rank: int) -> int:
        """Move the clock of a rank by 1, and return it."""
        values = {":one": _number(1), ":end": self._end()}
        change = f"SET expires_at = :end ADD {_clock(rank)} :one"
        return _places(self._update(LIMIT + limit.id, PLACES, change, "", values, {})[1]).clocks[rank]

    def _item(self, pk: str, sk: str) -> Item:
        return self._table.get_item(self._table.name, pk, sk, consistent_read=True).get("Item") or {}

    def ask_for(self, limit: Limit, job_type: str) -> None:
        """See PlaceStore. The type, and until when it is asked for (epoch milliseconds)."""
        until = round((self._clock() + ASKED_FOR) * 1000)
        self._write(limit, "SET asked = :mine", "attribute_exists(waits)", mine=f"{job_type} {until}")

    def slot(
        self, limit: Limit, job: str, name: str, *, now: float, until: float, turn: bool, again: bool = False
    ) -> Slot | None:
        """See PlaceStore. Two requests if the row is not as this process remembers it.

        The time up to which slots are taken is in whole microseconds. If it has passed, a slot begins now. If the last
        slot was taken with another number, that time is moved, if nobody takes a slot in between.
        """
        limit, mine = self._seen.rated(limit), _tag()
        rate = limit.pace or Rate(1)
        # a slot that begins now must not seem to be later
        apart, begin, latest = _whole(rate.apart), math.floor(now * MICRO), _whole(until) + _whole(rate.ahead)
        seen, spaced = self._taken.get(limit.id, (0, limit.changed is not None))
        before, to = Places(slot_rate=rate.spacing if spaced else None), None
        unknown = turn and limit.shared
        for _ in range(MOST_TURN_TRIES if now <= until and limit.changed != 0 else 0):
            taken, row = self._take_slot(
                limit, job, name, mine, (begin, apart, latest), before, moved=to, ahead=seen >= begin, turn=turn,
                again=again, unless_kept=unknown,
            )  # fmt: skip
            unknown = False
            before, seen = replace(_places(row), n=limit.changed), _slots_to(row)
            self._remember(limit, before, seen)
            # if the answer of the write was lost, its repetition was refused
            if taken or (row is not None and row.get("slot_by", {}).get("S") == mine):
                return Slot(max(now, (seen - apart - _whole(rate.ahead)) / MICRO), before)
            to = None if not seen or limit.follows(before) else math.ceil(limit.slots_to(before, now) * MICRO)
            kept = limit.usable(before, job, name, now, until)
            if kept is not None and (used := self._use(limit, before, kept, max(now, kept.at))) is not None:
                return used
            if kept is None and (seen if to is None else to) > latest:
                self._move(limit, before, now)
                return None
            turn = before.held.get(job) == name
            if before.waits and not turn and not again:
                return None
        return None

    def keep_slot(self, limit: Limit, job: str, name: str, *, now: float, soon: float) -> KeptSlot | None:
        """See PlaceStore. At least one read and one write."""
        limit = self._seen.rated(limit)
        for _ in range(MOST_TURN_TRIES):
            seen = replace(_places(self._item(LIMIT + limit.id, PLACES)), n=limit.changed)
            if not limit.may_keep(seen, job, name, now):
                return None
            kept = _rounded(limit.keep(seen, job, name, now, soon))
            if self._replace_slots(limit, seen, kept, kept)[0]:
                return kept
        return None

    def _use(self, limit: Limit, seen: Places, kept: KeptSlot, at: float) -> Slot | None:
        """Use a slot that is kept, and the turn; return None if another process has written since."""
        used = replace(kept, slots_to=math.ceil(limit.used(seen, kept, at) * MICRO) / MICRO)
        taken, row = self._replace_slots(limit, seen, used, None)
        return Slot(at, replace(_places(row), n=limit.changed)) if taken else None

    def _replace_slots(
        self, limit: Limit, seen: Places, after: KeptSlot, kept: KeptSlot | None
    ) -> tuple[bool, Item | None]:
        """Write up to which time slots are taken, and the slot that is kept, unless a slot was taken or kept since.

        Without one that is kept, the job of `after` has used it, and its turn. If the answer of the write was lost, its
        repetition was refused.
        """
        mine, names = _tag(), dict[str, str]()
        values: dict[str, Any] = {":mine": {"S": mine}, ":end": self._end()}
        fits = _taken_at(values, seen.slot_rate, ":old")
        before = {"slots_to": seen.slots_to and _number(_whole(seen.slots_to)), "kept_slot": _kept(seen.kept)}
        for field, value in before.items():
            fits += f" AND {field} = :{field}" if value else f" AND attribute_not_exists({field})"
            values |= {f":{field}": value} if value else {}
        change = "SET slots_to = :to, slot_by = :mine, expires_at = :end"
        values[":to"] = _number(_whole(after.slots_to))
        if limit.slot_rate(seen) is not None:
            change, values[":spaced"] = f"{change}, slot_rate = :spaced, slot_to = :to", _spaced(limit, seen)
        if kept is None:
            change, names = f"{change} REMOVE kept_slot, held.#job", {"#job": _key(after.job)}
        else:
            change += ", kept_slot = :kept, held = if_not_exists(held, :held)"
            values |= {":kept": _kept(kept), ":held": {"M": {}}}
        written, row = self._update(LIMIT + limit.id, PLACES, change, fits, values, names)
        return written or (row is not None and row.get("slot_by", {}).get("S") == mine), row

    def move(self, limit: Limit) -> Places:
        """See PlaceStore."""
        found = self.read(limit)
        return self._move(limit.now(found), found, self._clock())

    def _move(self, limit: Limit, seen: Places, now: float) -> Places:
        """Move the time up to which slots are taken after a higher number, unless a slot is taken in between.

        The row says that another write was the last one: whoever has lost the answer of a slot must not find the time
        of its slot in the moved one.
        """
        if not limit.is_raised(seen):
            return seen
        values: dict[str, Any] = {":mine": {"S": _tag()}, ":end": self._end(), ":seen": _number(_whole(seen.slots_to))}
        fits = f"slots_to = :seen AND {_taken_at(values, seen.slot_rate, ':old')}"
        values |= {":to": _number(math.ceil(limit.slots_to(seen, now) * MICRO)), ":spaced": _spaced(limit, seen)}
        change = "SET slots_to = :to, slot_to = :to, slot_rate = :spaced, slot_by = :mine, expires_at = :end"
        change += " REMOVE kept_slot"
        _, row = self._update(LIMIT + limit.id, PLACES, change, fits, values, {})
        found = replace(_places(row), n=seen.n)
        self._remember(limit, found, _slots_to(row))
        return found

    def _remember(self, limit: Limit, found: Places, slots_to: int) -> None:
        """Remember up to which time slots are taken, and forget the limit that was used longest ago."""
        self._taken.pop(limit.id, None)
        self._taken[limit.id] = slots_to, limit.slot_rate(found) is not None
        if len(self._taken) > MOST_KNOWN:
            self._taken.pop(next(iter(self._taken), ""), None)

    def _take_slot(
        self, limit: Limit, job: str, name: str, mine: str, times: tuple[int, int, int], seen: Places, *,
        moved: int | None, ahead: bool, turn: bool, again: bool, unless_kept: bool,
    ) -> tuple[bool, Item | None]:  # fmt: skip
        """Write a slot. `seen` is the row that was read, of which `moved` is the time up to which slots are taken now.

        Without `moved`, only the rate of the last slot counts of `seen`. `unless_kept`: take none if one is kept for
        the job.
        """
        begin, apart, latest = times
        values: dict[str, Any] = {":begin": _number(begin), ":mine": {"S": mine}, ":end": self._end()}
        spaced = limit.slot_rate(seen) is not None
        to = ":to"
        if moved is not None:
            fits = f"slots_to = :seen AND {_taken_at(values, seen.slot_rate, ':old')}"
            values |= {":seen": _number(_whole(seen.slots_to)), ":to": _number(max(begin, moved) + apart)}
            del values[":begin"]
        else:
            same = "attribute_not_exists(slot_rate)"
            if spaced:
                same = "slot_rate = :spaced AND slot_to = slots_to"
            if ahead:
                to, fits = "slots_to + :apart", f"slots_to BETWEEN :begin AND :latest AND {same}"
                values |= {":apart": _number(apart), ":latest": _number(latest)}
            else:
                fits = f"(attribute_not_exists(slots_to) OR slots_to < :begin AND {same})"
                values |= {":to": _number(begin + apart)}
        change = f"SET slots_to = {to}, slot_by = :mine, expires_at = :end"
        if spaced:
            change += f", slot_rate = :spaced, slot_to = {to}"
            values[":spaced"] = _spaced(limit, seen)
        names, removed = {}, ["kept_slot"] * (moved is not None)
        if turn:
            removed, fits = [*removed, "held.#job"], f"{fits} AND held.#job = :name"
            names, values[":name"] = {"#job": _key(job)}, {"S": name}
            if unless_kept:
                fits += " AND NOT begins_with(kept_slot, :kept)"
                values[":kept"] = {"S": f"{_key(job)} {name} "}
        else:  # a turn can be given only in a row with names
            change = change.replace("SET ", "SET held = if_not_exists(held, :held), ")
            values[":held"] = {"M": {}}
            fits += "" if again else " AND attribute_not_exists(waits)"
        if removed:
            change += f" REMOVE {', '.join(removed)}"
        return self._update(LIMIT + limit.id, PLACES, change, fits, values, names)

    def leave(self, limit: Limit, job: str, name: str) -> bool:
        """See PlaceStore."""
        found = _places(self._write(limit, "REMOVE held.#job", "held.#job = :name", job=job, name=name)[1])
        earlier = found.held.get(job, "")
        return self.leave(limit, job, earlier) if is_earlier(earlier, name) else found.waits

    def stand(self, limit: Limit, waiter: Waiter) -> None:
        """See PlaceStore."""
        due = {} if waiter.position is None else {":due": _number(round(waiter.since * 1000))}
        self._update(
            _line(limit, waiter.type), _place(waiter),
            "SET gen = :gen, claims = :claims, #name = :name, narrower = :narrower, expires_at = :end"
            + (", due = :due" if due else ""),
            "attribute_not_exists(pk) OR gen < :gen OR gen = :gen AND claims < :claims",
            {":gen": _number(waiter.gen), ":claims": _number(waiter.claims), ":name": {"S": waiter.name},
             ":narrower": {"L": [{"S": one} for one in waiter.holds]}, ":end": self._end(), **due},
            {"#name": "name"},
        )  # fmt: skip

    def step_out(self, limit: Limit, waiter: Waiter) -> None:
        """See PlaceStore."""
        values = {":gen": _number(waiter.gen), ":claims": _number(waiter.claims)}
        self._delete(_line(limit, waiter.type), _place(waiter), "gen = :gen AND claims = :claims", values)

    def mark(self, limit: Limit, job_type: str) -> tuple[Places, bool]:
        """See PlaceStore. `waits` names the write, so that a repetition knows it."""
        change = "SET waits = :mine, held = if_not_exists(held, :held), expires_at = :end REMOVE closing"
        change += " ADD job_types :types"
        mine = _tag()
        _, row = self._write(limit, change, "", held={}, mine=mine, types=[job_type], before=True)
        waited = {} if row is None else row.get("waits", {})
        seen = self._in_force(limit, row)
        marked = replace(seen, waits=True, types=seen.types | {job_type}, closing=None)
        return marked, waited.get("S", mine) == mine

    def enlist(self, limit: Limit) -> None:
        """See PlaceStore."""
        values = {":mine": {"S": _tag()}, ":end": self._end()}
        self._update(LIMITS, limit.id, "SET entry = :mine, expires_at = :end", "", values, {})

    def in_force(self, limit: Limit) -> int:
        """See PlaceStore."""
        return self._seen.now(limit)

    def listed(self, *, consistent: bool = False) -> Sequence[Listed]:
        """See PlaceStore."""
        found, start = list[Listed](), None
        while True:
            answer = self._table.query(self._table.name, LIMITS, exclusive_start_key=start, consistent_read=consistent)
            found += [Listed(item["sk"]["S"], item["entry"]["S"]) for item in answer["Items"]]
            start = answer.get("LastEvaluatedKey")
            if start is None:
                return found

    def strike(self, listed: Listed) -> None:
        """See PlaceStore."""
        self._delete(LIMITS, listed.limit, "entry = :mine", {":mine": {"S": listed.entry}})

    def first(
        self, limit: Limit, types: Collection[str], most: int = 1, after: Waiter | None = None
    ) -> Sequence[Waiter]:
        """See PlaceStore."""
        found = [one for job_type in sorted(types) for one in self._first(limit, job_type, most, after)]
        return sorted(found, key=attrgetter("place"))[:most]

    def before(self, limit: Limit, types: Collection[str], waiter: Waiter, most: int) -> int:
        """See PlaceStore."""
        earlier, found = Path("sk") < _place(waiter), set[str]()
        for job_type in sorted(types):
            line = _line(limit, job_type)
            answer = self._table.query(self._table.name, line, range_key_condition=earlier, limit=most)
            found |= {_job_of(item) for item in answer["Items"]}
            if len(answer["Items"]) == most or len(found) >= most:
                return most
        return len(found)

    def paused(self) -> Collection[str]:
        """See PlaceStore. One request for each megabyte; a pause has some 200 bytes."""
        found, start = list[str](), None
        while True:
            answer = self._table.query(
                self._table.name, TOTALS, Path("sk").startswith(PAUSE), exclusive_start_key=start
            )
            found += [item["sk"]["S"].removeprefix(PAUSE) for item in answer["Items"] if SINCE in item]
            start = answer.get("LastEvaluatedKey")
            if start is None:
                return found

    def close(self, limit: Limit) -> Places | None:
        """See PlaceStore."""
        closed, row = self._write(limit, "SET closing = :mine", "attribute_exists(waits)", mine=_tag())
        return _places(row) if closed else None

    def unmark(self, limit: Limit, closing: str) -> Places | None:
        """See PlaceStore."""
        change = "SET closed_by = :mine REMOVE waits, job_types, closing"
        gone, row = self._write(limit, change, "closing = :mine", mine=closing)
        # if the answer of the write was lost, its repetition was refused
        repeated = row is not None and row.get("closed_by", {}).get("S") == closing and "waits" not in row
        return _places(row) if gone or repeated else None

    def changes(self) -> Changes:
        """See LimitStore."""
        return self._seen.fresh()

    def change(self, changed: Changed) -> None:
        """See LimitStore."""
        row = self._changed(LIMIT_CHANGES, changed.limit, n=changed.n, by=changed.by, at=changed.at)
        row.reason = changed.reason or None
        row.save()

    def reset(self, limit: str) -> None:
        """See LimitStore."""
        self._changed(LIMIT_CHANGES, limit).delete()

    def stamp(self, limit: Limit) -> None:
        """See LimitStore."""
        change = "SET changed_at = :mine, held = if_not_exists(held, :held), expires_at = :end"
        self._write(limit, change, "", held={}, mine=f"{round(self._clock() * 1000)}-{_tag()}")

    def waiting(self, limit: Limit, job_type: str, most: int) -> int:
        """See LimitStore."""
        found = self._table.query(self._table.name, _line(limit, job_type), limit=most, attributes_to_get=["sk"])[
            "Items"
        ]
        return most if len(found) == most else len({_job_of(item) for item in found})

    def _read_changes(self) -> Changes:
        found = [_change(row) for row in self._changed.query(LIMIT_CHANGES, consistent_read=True)]
        return {one.limit: one for one in found}

    def _read_change(self, limit: str) -> Changed | None:
        # a query: the role of a worker has no other right to this partition
        rows = self._changed.query(LIMIT_CHANGES, ChangedLimitRow.sk == limit, consistent_read=True)
        return next(map(_change, rows), None)

    def _in_force(self, limit: Limit, item: Item | None) -> Places:
        """Return the row with the number that an operator has given to the limit, and a kept slot while it is valid."""
        stamp = None if item is None else item.get("changed_at", {}).get("S")
        changed, found = self._seen.seen(limit, stamp), _places(item)
        kept = found.kept if found.kept is not None and self._clock() <= found.kept.until else None
        return replace(found, n=None if changed is None else changed.n, kept=kept)

    def _asked(self, item: Item | None) -> str:
        """Return the type for which a place is asked now; empty if there is none."""
        job_type, _, until = ("" if item is None else item.get("asked", {}).get("S", "")).partition(" ")
        return job_type if until and self._clock() * 1000 < int(until) else ""

    def _first(self, limit: Limit, job_type: str, most: int, after: Waiter | None) -> Sequence[Waiter]:
        behind = None if after is None else Path("sk") > _place(after)
        answer = self._table.query(self._table.name, _line(limit, job_type), behind, consistent_read=True, limit=most)
        return [_waiter(item, job_type) for item in answer["Items"]]

    def _write(
        self, limit: Limit, change: str, condition: str, n: int | None = None, job: str | None = None, name: str = "",
        held: Mapping[str, str] | None = None, mine: str = "", types: Sequence[str] = (), *,
        before: bool = False, clock: int | None = None,
    ) -> tuple[bool, Item | None]:  # fmt: skip
        """Write the row of a limit; return whether it was written, and the row after that, or the row that refused.

        `before`: return the row as it was before the write.
        """
        values: dict[str, Any] = {":n": None if n is None else _number(n), ":name": name and {"S": name}}
        values |= {":mine": mine and {"S": mine}, ":types": types and {"SS": list(types)}}
        values[":clock"] = None if clock is None else _number(clock)
        values[":held"] = None if held is None else {"M": {key: {"S": value} for key, value in held.items()}}
        values[":end"] = ":end" in change and self._end()
        names = {} if job is None else {"#job": _key(job)}
        given = {key: value for key, value in values.items() if value}
        return self._update(LIMIT + limit.id, PLACES, change, condition, given, names, before=before)

    def _update(
        self, pk: str, sk: str, change: str, condition: str, values: Mapping[str, Any], names: Mapping[str, str], *,
        before: bool = False,
    ) -> tuple[bool, Item | None]:  # fmt: skip
        request: dict[str, Any] = {
            "TableName": self._table.name, "Key": _keys(pk, sk), "UpdateExpression": change,
            "ReturnValues": "ALL_OLD" if before else "ALL_NEW", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }  # fmt: skip
        more = {
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ExpressionAttributeNames": names,
        }
        request |= {key: value for key, value in more.items() if value}
        try:
            return True, self._table.dispatch("UpdateItem", request).get("Attributes")
        except Exception as error:
            if code_of(error) in BUSY:
                raise LimitBusy from error
            if not refused(error):
                raise
            return False, getattr(error.__cause__, "response", {}).get("Item")

    def _delete(self, pk: str, sk: str, condition: str, values: Mapping[str, Any]) -> None:
        request = {
            "TableName": self._table.name, "Key": _keys(pk, sk), "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }  # fmt: skip
        try:
            self._table.dispatch("DeleteItem", request)
        except Exception as error:
            if not refused(error):
                raise

    def _end(self) -> dict[str, str]:
        return _number(math.ceil(self._clock() + KEEP_LIMITS))


def _change(row: ChangedLimitRow) -> Changed:
    return Changed(row.sk, int(row.n), row.by, row.reason or "", row.at)


def _tag() -> str:
    return uuid.uuid4().hex[:12]


def _places(item: Item | None) -> Places:
    if item is None:
        return Places()
    held = {_job(key): value["S"] for key, value in item.get("held", {"M": {}})["M"].items()}
    types = frozenset(item.get("job_types", {"SS": []})["SS"])
    closing = item.get("closing", {}).get("S")
    clocks = tuple(int(item.get(_clock(rank), {"N": "0"})["N"]) for rank in (HIGH, NORMAL, LOW))
    rate, to = _slot_rate(item), _slots_to(item)
    return Places(
        held, "waits" in item, types, closing, slots_to=to / MICRO, slot_rate=rate, clocks=clocks,
        stale=rate is not None and int(item.get("slot_to", {"N": "0"})["N"]) != to, kept=_kept_in(item),
    )  # fmt: skip


def _kept_in(item: Item) -> KeptSlot | None:
    if "kept_slot" not in item:
        return None
    job, name, *numbers, apart, ahead = item["kept_slot"]["S"].split(" ")
    at, until, begin, slots_to = (int(one) / MICRO for one in numbers)
    return KeptSlot(_job(job), name, at, until, begin, slots_to, Spacing(int(apart), int(ahead)))


def _kept(kept: KeptSlot | None) -> dict[str, str]:
    """Return the text of a slot that is kept: job, name, and times and rate in microseconds, with spaces."""
    if kept is None:
        return {}
    times = " ".join(str(_whole(one)) for one in (kept.at, kept.until, kept.begin, kept.slots_to))
    return {"S": f"{_key(kept.job)} {kept.name} {times} {kept.spacing.apart} {kept.spacing.ahead}"}


def _rounded(kept: KeptSlot) -> KeptSlot:
    """Return a slot that is kept as its row has it, in whole microseconds, never earlier or for longer."""
    at, begin, takes = (math.ceil(one * MICRO) for one in (kept.at, kept.begin, kept.slots_to - kept.begin))
    until = math.floor(kept.until * MICRO)
    return replace(kept, at=at / MICRO, until=until / MICRO, begin=begin / MICRO, slots_to=(begin + takes) / MICRO)


def _clock(rank: int) -> str:
    return f"clock_{rank}"


def _slots_to(item: Item | None) -> int:
    return 0 if item is None else int(item.get("slots_to", {"N": "0"})["N"])


def _slot_rate(item: Item) -> Spacing | None:
    """Return how far slots were apart at the last one: two numbers of microseconds, with a space."""
    if "slot_rate" not in item:
        return None
    apart, _, ahead = item["slot_rate"]["S"].partition(" ")
    return Spacing(int(apart), int(ahead))


def _text(rate: Spacing) -> dict[str, str]:
    return {"S": f"{rate.apart} {rate.ahead}"}


def _spaced(limit: Limit, found: Places) -> dict[str, str]:
    rate = limit.slot_rate(found)
    return {} if rate is None else _text(rate)


def _taken_at(values: dict[str, Any], rate: Spacing | None, name: str) -> str:
    """Return the condition that the last slot was taken at this rate, and add the rate to the values."""
    if rate is None:
        return "attribute_not_exists(slot_rate)"
    values[name] = _text(rate)
    return f"slot_rate = {name}"


def _waiter(item: Item, job_type: str) -> Waiter:
    place, _, job = item["sk"]["S"].partition("#")
    rank, order = _rank_and_order(place)
    holds = tuple(one["S"] for one in item.get("narrower", {"L": []})["L"])
    number = int(item["gen"]["N"]), int(item["claims"]["N"])
    since = int(item["due"]["N"]) if "due" in item else order
    position = order - FIRST_POSITION if order >= FIRST_POSITION else None
    return Waiter(since / 1000, job, job_type, *number, item["name"]["S"], holds, rank, position)


def _job_of(item: Item) -> str:
    return item["sk"]["S"].partition("#")[2]  # type: ignore[no-any-return]


def _line(limit: Limit, job_type: str) -> str:
    return f"{LINE}{limit.id}#{job_type}"


def _place(waiter: Waiter) -> str:
    """Return the sort key of a row: 15 characters that order the line, and the job.

    A row of normal priority begins with `00` and 13 digits (milliseconds, or a position after all of them), one of high
    priority with a minus sign and 14 digits, so that it comes before, and one of low priority with `01`. The version
    before this one knows only whole numbers of 15 characters, and writes each of them back as it was: during a
    deployment, it reads these rows, and removes them.
    """
    order = waiter.order
    return f"{-order if waiter.rank == HIGH else order + LATER * (waiter.rank == LOW):015}#{waiter.job}"


def _rank_and_order(place: str) -> tuple[int, int]:
    """Return the rank, and the time in milliseconds or the position, in the first part of a sort key."""
    number = int(place)
    rank = HIGH if number < 0 else LOW if number >= LATER else NORMAL
    return rank, abs(number) - LATER * (rank == LOW)


def _keys(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _key(job: str) -> str:
    """Return the id of a job in 22 characters."""
    return base64.urlsafe_b64encode(uuid.UUID(job).bytes).rstrip(b"=").decode()


def _job(key: str) -> str:
    return str(uuid.UUID(bytes=base64.urlsafe_b64decode(f"{key}==")))


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}
