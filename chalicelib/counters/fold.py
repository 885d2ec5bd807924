"""Fold the changes of the stream into additions per counter row. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from chalicelib.counters import keys, wait_times
from chalicelib.counters.changes import CanaryPassed, Image, JobChange, Told, Unreadable
from chalicelib.counters.constants import LEAST_RUN_MS, MOST_NUMBERS_OF_WRITE
from chalicelib.counters.dear_runs import DearRun
from chalicelib.counters.histogram import bucket
from chalicelib.counters.port import Additions, Row
from chalicelib.job_types.constants import LONGEST_TIMEOUT
from chalicelib.jobs.constants import LEASE_SLACK
from chalicelib.jobs.job import BROKEN, COUNTED, NEW, TERMINAL, Status
from chalicelib.jobs.texts.fingerprints import fingerprint, generalise

REMOVED, MOVED = "removed", "moved"
"""`removed`: jobs that expired. `moved`: jobs that got a turn or were started by hand. Only minute buckets count these
jobs, for the recount."""
SUSPENDED, RESUMED = "suspended", "resumed"
"""Jobs that were suspended, and jobs whose suspension ended, however it ended."""
DEFERRED = "deferred"
"""The part of `retried` that no failure caused: these jobs asked for a later run."""
DISCARDED = "discarded"
"""A failed job that an operator discarded. The recount needs the number of these moves, but a discarded job does not
count as a processed job."""


OF_USE = ("created", "completed", "retried", SUSPENDED)
"""The numbers of a day, besides those of `_used`, from which costs are computed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Describe what one change adds to one row, with the change's position in the stream."""

    sequence: str
    row: Row
    additions: Additions
    at: float = 0.0
    """The time at which the stream received the change, in epoch seconds; 0: unknown."""


@dataclass(slots=True)
class Folded:
    """The entries of a batch by row, in the stream's order, and the records that cannot be counted."""

    by_row: dict[Row, list[Entry]] = field(default_factory=dict)
    skipped: list[Unreadable] = field(default_factory=list)

    def ordered(self) -> list[tuple[Row, list[Entry]]]:
        """Return the rows in writing order.

        Totals come after the buckets: everything in the totals is then also in a bucket, and the recount relies on
        that. Then come the rows of tenants, which may be many, so that the others do not wait for them, and the longest
        runs. Canaries come last: a canary that has passed shows that everything before it is counted.
        """
        return sorted(self.by_row.items(), key=lambda item: _turn(item[0]))


def _turn(row: Row) -> tuple[bool, bool, bool, bool]:
    return row.pk == keys.RECOUNT, keys.is_dearest(row), keys.is_tenant(row), keys.is_totals(row)


def fold(told: Iterable[Told], now: float, by_tenant: Collection[str] = ()) -> Folded:
    """Fold the changes of the stream; `now` (epoch seconds) decides which marks of waiting jobs are still read.

    `by_tenant` are the types whose use is also counted by tenant.
    """
    folded = Folded()
    for one in told:
        if isinstance(one, Unreadable):
            folded.skipped.append(one)
            continue
        try:
            found = list(_entries(one, now, by_tenant))
        except Exception as error:
            item = one.after or one.before if isinstance(one, JobChange) else None
            folded.skipped.append(
                Unreadable(one.sequence, item.id if item else "?", f"{type(error).__name__}: {error}")
            )
            continue
        at = one.at if isinstance(one, JobChange) else 0.0
        for row, additions in found:
            folded.by_row.setdefault(row, []).append(Entry(one.sequence, row, additions, at))
    return folded


def total(entries: Iterable[Entry]) -> Additions:
    """Return the sum of entries of one row."""
    whole = Additions()
    for entry in entries:
        whole.merge(entry.additions)
    return whole


def pieces(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Split the entries of one row into portions that fit into one write each."""
    start, names = 0, set[str]()
    for place, entry in enumerate(entries):
        if place > start and len(names | entry.additions.numbers.keys()) > MOST_NUMBERS_OF_WRITE:
            yield entries[start:place]
            start, names = place, set[str]()
        names |= entry.additions.numbers.keys()
    if entries:
        yield entries[start:]


def _entries(told: JobChange | CanaryPassed, now: float, by_tenant: Collection[str]) -> Iterator[tuple[Row, Additions]]:
    if isinstance(told, CanaryPassed):
        yield keys.canaries(told.run, now), Additions(Counter({keys.SEEN: 1}))
        return
    old, new = told.before, told.after
    yield from _totals(old, new, now)
    if new is None:
        if old is not None:
            yield keys.bucket(old.type, 60, told.at or now), Additions(Counter({REMOVED: 1}))
        return
    ran = _ran(old, new)
    used = _used(old, new, ran)
    if ran is not None and ran.run_ms >= LEAST_RUN_MS:
        yield keys.dearest(new.type, new.updated_at), Additions(facts={ran.name: ran.value})
    if old is not None and (old.type, old.status) == (new.type, new.status):
        if used:  # another worker has taken the job over
            yield keys.bucket(new.type, keys.DAY_STEP, new.updated_at), Additions(used)
            yield from _of_tenant(new, used, by_tenant)
        return
    numbers = _event_numbers(old, new)
    changed = numbers + _suspension(old, new)
    for seconds in keys.STEPS if changed else ():
        # without another number the day's row is not written: the use alone is not worth a write
        counted = changed + used if seconds == keys.DAY_STEP else Counter(changed)
        yield keys.bucket(new.type, seconds, new.updated_at), Additions(counted)
    if changed:
        yield from _of_tenant(new, used + Counter({name: changed[name] for name in OF_USE}), by_tenant)
    if not numbers or new.status is Status.SUSPENDED:  # for a suspended job, `numbers` has only durations
        yield keys.bucket(new.type, 60, new.updated_at), Additions(Counter({MOVED: 1}))
    if new.status in BROKEN and new.error_class:
        yield _error_entry(old, new)


def _ran(old: Image | None, new: Image) -> DearRun | None:
    """Return the run that has ended with this change; None: none has."""
    if old is None or old.status is not Status.PROCESSING:
        return None
    lost = new.status is Status.PROCESSING
    if lost and (new.started_at == old.started_at or old.started_at is None):
        return None  # the attempt goes on
    start = (None if lost else new.started_at) or old.started_at or new.updated_at
    # an attempt that was lost was billed at most until the end of its invocation
    end = new.updated_at if old.lease_until is None else min(new.updated_at, old.lease_until - LEASE_SLACK)
    # a wrong time of a worker must not make a number that DynamoDB refuses, with all numbers of the same write
    return DearRun(new.id, start, round(1000 * min(max(0.0, end - start), LONGEST_TIMEOUT)), new.status)


def _used(old: Image | None, new: Image, ran: DearRun | None) -> Counter[str]:
    """Return what a change adds to the numbers from which costs are computed, besides those that are counted anyway."""
    if old is None:
        return Counter({keys.MADE: 1}) if new.made else Counter()
    if ran is None:
        return Counter()
    again = Counter({keys.AGAIN: 1, keys.AGAIN_MS: ran.run_ms}) if old.again else Counter[str]()
    return +(Counter({keys.ATTEMPTS: 1, keys.RUN_MS: ran.run_ms, keys.STEPS_KEPT: new.kept - old.kept}) + again)


def _of_tenant(new: Image, used: Counter[str], by_tenant: Collection[str]) -> Iterator[tuple[Row, Additions]]:
    if used and new.tenant is not None and new.type in by_tenant:
        yield keys.tenant(new.type, new.tenant, new.updated_at), Additions(+used)


def _totals(old: Image | None, new: Image | None, now: float) -> Iterator[tuple[Row, Additions]]:
    by_type: dict[str, Counter[str]] = {}
    for image, sign in ((old, -1), (new, 1)):
        if image is not None:
            numbers = by_type.setdefault(image.type, Counter())
            numbers[keys.number(image.status)] += sign
            if image.at_work and not image.sent:
                numbers[keys.unsent(image.order)] += sign
            if image.status is Status.QUEUED:
                numbers.update(wait_times.queued(image.updated_at, now, sign))
    for name, numbers in by_type.items():
        changed = Counter({number: n for number, n in numbers.items() if n})
        of_new = new is not None and new.type == name
        lows = _claimed(old, new) if new is not None and of_new else {}
        facts = _latest(old, new, now) if new is not None and of_new else {}
        if changed or lows or facts:
            yield keys.totals(name), Additions(changed, facts, lows=lows)


def _latest(old: Image | None, new: Image, now: float) -> dict[str, float]:
    """Return when a job became a dead letter, failed, lost its worker, or was claimed, if the change is such a one."""
    if new.status is Status.PROCESSING and new.started_at is not None:
        held = old if old is not None and old.status is Status.PROCESSING else None
        if held is not None and held.started_at == new.started_at:
            return {}
        return {keys.CLAIMED_AT: new.started_at} | ({} if held is None else {keys.LOST_AT: round(now, 3)})
    if old is not None and old.status is new.status:
        return {}
    ended = {Status.DEAD_LETTER: keys.DEAD_AT, Status.FAILED: keys.FAILED_AT}
    return {ended[new.status]: round(now, 3)} if new.status in ended else {}


def _claimed(old: Image | None, new: Image) -> dict[str, float]:
    """Return when a job that is claimed for the first time was sent.

    A job that was sent again, retried or started by hand is ignored, because its earlier message may have come first.
    So is a job of `high` priority, whose message may have passed all others in the urgent queue of its type. The
    counters do not know which types have such a queue, and its messages may come while a deployment removes it.
    """
    if old is None or new.status is not Status.PROCESSING or old.status not in NEW:
        return {}
    if old.high or old.resends or (old.status is Status.QUEUED and old.updated_at > old.created_at):
        return {}
    return {keys.CLAIMED_TO: old.next_attempt_at or old.updated_at}


def _event_numbers(old: Image | None, new: Image) -> Counter[str]:
    if old is None:
        return Counter({"created": 1})
    numbers: Counter[str] = Counter()
    if new.status in COUNTED:
        # A discarded job stopped being unfinished when it failed. If its discard also counted as an end, the unfinished
        # jobs would be reduced twice.
        numbers[DISCARDED if old.status in TERMINAL else COUNTED[new.status]] += 1
    if _is_deferred(new):
        numbers[DEFERRED] += 1
    if new.status is Status.QUEUED and old.status in TERMINAL:
        numbers["requeued"] += 1
    if new.status is Status.PROCESSING and new.started_at is not None:
        due = old.next_attempt_at or old.updated_at
        numbers[f"wait{bucket(1000 * (new.started_at - due))}"] += 1
    elif old.status is Status.PROCESSING and new.status is not Status.BLOCKED and new.started_at is not None:
        numbers[f"run{bucket(1000 * (new.updated_at - new.started_at))}"] += 1
    if new.status is Status.COMPLETED and new.finished_at is not None:
        numbers[f"total{bucket(1000 * (new.finished_at - new.created_at))}"] += 1
    return numbers


def _suspension(old: Image | None, new: Image) -> Counter[str]:
    before = old is not None and old.status is Status.SUSPENDED
    if before is (new.status is Status.SUSPENDED):
        return Counter()
    return Counter({RESUMED if before else SUSPENDED: 1})


def _is_deferred(new: Image) -> bool:
    return new.status is Status.RETRYING and new.deferred


def _error_entry(old: Image | None, new: Image) -> tuple[Row, Additions]:
    error_class, message = new.error_class or "", new.error_message or ""
    # The fingerprint on the job was computed from the whole message; the item stores only the beginning of the message.
    name = new.fingerprint or fingerprint(new.type, error_class, message)[0]
    at = new.updated_at
    facts = {
        "type": new.type,
        "error_class": error_class,
        "message": generalise(message),
        "last_seen": at,
        f"job{int(new.id[-1], 16) % 3}": new.id,
    }
    # During its next attempt, a job keeps the fingerprint of its last error. If the new fingerprint differs, this error
    # is new for the job, so the job is counted.
    met = 0 if old is not None and old.fingerprint == name else 1
    return keys.error(name, at), Additions(Counter({"count": 1, "jobs": met}), facts, {"first_seen": at})
