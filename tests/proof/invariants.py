"""Check what must be true in every simulated platform, whatever fails (the numbers are those of docs/delivery.md)."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator

from chalicelib.errors import MalformedMessage
from chalicelib.jobs.job import DISCARD, EXPIRED, LOST, MOVES, REPLACE, RETRYABLE, TERMINAL, Status
from chalicelib.jobs.message import parse_message
from chalicelib.jobs.port import Message
from chalicelib.jobs.step import CHILD, EVENT
from tests.proof.grounds.ground import Write, Written
from tests.proof.roles.clients import BALLAST
from tests.proof.world import World

DISCARDS = {(status, DISCARD.target) for status in DISCARD.source}
LEGAL = {(source, move.target) for move in MOVES for source in move.source}
REPLACED = (REPLACE.target, REPLACE.target)
CALLS = frozenset({"call", "call two"})
"""Outcomes after which an attempt may fail, because a called job has failed."""
COMPOSED = frozenset({"keep", "try", "nap", "long nap", "call", "call two", "wait", "wait or undo", "wait again"})
"""The last action of an attempt with steps in a type with `serial_by`; such an attempt fails."""
MAKING = frozenset({"make", "make many", "make quiet", "post"})
"""Actions that make jobs, or deliver a message."""
HARMLESS = COMPOSED | MAKING | frozenset({"ok", "progress", "stall", "nested", "long", "ask", "obey"})
"""Last actions of an attempt that may complete. The job function may not notice a request to stop if the check itself
failed."""
FAILING = COMPOSED | MAKING | frozenset({"err", "obey", "progress"})
"""Last actions of an attempt that may fail; a request to the platform fails if the platform refuses it."""
ASKING = COMPOSED | MAKING | frozenset({"obey", "progress"})
"""Actions that make requests to AWS: if one of these requests is refused, the attempt is given back."""
LATER = frozenset({"later", "a while later", "much later"})
"""Last actions of an attempt that may be given back."""
LONGEST_DOUBT = 86_400.0 - 10
"""Seconds for which the platform tries to run a job that it cannot run, less the difference of the clocks."""
CLOCKS_APART = 35.0
"""Maximum seconds by which two clocks of a simulated platform differ, with a margin."""
NO_EVIDENCE = frozenset({"Undeliverable"})
"""Given up because no message could be delivered: the dead-letter queue has no message of the job."""


def broken_at_rest(world: World) -> list[str]:
    """Return every invariant that is broken after the system has come to rest."""
    paused = [] if world.by_itself is None else world.by_itself.broken()
    paused += [] if world.planned is None else world.planned.broken()
    paused += [] if world.telling is None else world.telling.broken()
    paused += world.in_bulk.broken()
    ended = [
        *_unfinished(world),
        *_undone(world),
        *_evidence(world),
        *_results(world),
        *_asked_last(world),
        *_one_thing(world),
    ]
    return [*broken_always(world), *ended, *paused]


def broken_always(world: World) -> list[str]:
    """Return every invariant that must be true at any moment, and is broken."""
    writes = world.ground.writes()
    moves = [line for write in writes for line in (*_move(write), *_follows(world, write), *_given_up(world, write))]
    ended = [*_unrun(world), *_expired(world), *_forgotten(world), *_suspended(world)]
    return [*world.wrong, *moves, *_counted(world), *ended]


def _unfinished(world: World) -> Iterator[str]:
    jobs = {job.id: job for job in world.ground.jobs()}
    for name, job_id in world.accepted.items():
        if job_id not in jobs:
            yield f"I1 {name} was accepted and is gone"
    for job in jobs.values():
        if not job.terminal:
            yield f"I1 {job.id} is {job.status} for ever (gen {job.gen}, attempt {job.attempts})"
    for name in world.ground.types:
        if left := world.ground.waiting(name):
            yield f"I12 {left} messages are left in the queue of {name}"


def _asked_last(world: World) -> Iterator[str]:
    """What ran is what the last request that was answered asked for, or one after it that got no answer."""
    stored = {job.payload["name"] for job in world.ground.jobs()}
    for key, last in world.answered.items():
        names = world.debounced[key]
        if stored.isdisjoint(names[names.index(last) :]):
            yield f"I17 {key}: {last} was asked for last, and {sorted(stored.intersection(names))} ran"
    for key, ids in world.only.items():
        if len(ids) > 1:
            yield f"I17 {key}: {len(ids)} jobs were made"


def _one_thing(world: World) -> Iterator[str]:
    """Check that no second job was made for a unique key within its time, unless the first one had ended badly."""
    names = {job.id: (job.type, job.payload["name"]) for job in world.ground.jobs() if job.type in world.unique}
    newest: dict[tuple[str, str], str] = {}
    until: dict[str, float] = {}
    last: dict[str, Status] = {}
    for job_id, old, new in world.ground.writes():
        if old is None and job_id in names and job_id not in last:  # the job may come from a backup
            name, seconds = names[job_id], world.unique[new.type]
            earlier = newest.get(name, "")
            if earlier and last[earlier] not in RETRYABLE and new.updated_at < until[earlier] - CLOCKS_APART:
                left = until[earlier] - new.updated_at
                yield f"I17 {job_id} was made beside {earlier}, which stands for the same for {left:.0f} s"
            newest[name], until[job_id] = job_id, new.updated_at + seconds
        last[job_id] = new.status


def _undone(world: World) -> Iterator[str]:
    """Check that no job that noticed its stop has ended with a kept step that was not undone."""
    for job in world.ground.jobs():
        line = job.id, job.line
        undoes = "wait or undo" in world.always.get(job.payload.get("name", ""), "")
        left = line in world.composed.values and line not in world.composed.undone
        if undoes and job.status is Status.CANCELLED and left:
            yield f"I32 {job.id} was cancelled, and its step is not undone"


def _counted(world: World) -> Iterator[str]:
    claims = Counter((job_id, gen) for job_id, gen, _ in world.runs)
    # An attempt that was given back is not counted as one of the allowed attempts.
    for job_id, old, new in world.ground.writes():
        if old and _deferred(old, new) and (job_id, new.gen, new.claims) in world.runs:
            claims[job_id, new.gen] -= 1
        elif old and new.gen == old.gen and (new.kept > old.kept or new.attempts < old.attempts):
            # after a kept step, earlier attempts are not counted, also in a run that is taken over
            claims[job_id, new.gen] -= max(0, old.attempts + new.claims - old.claims - new.attempts)
        if old and _deferred(old, new) and new.attempts == 0:
            claims[job_id, new.gen] -= old.attempts - 1
    most = {job.id: job.max_attempts for job in world.ground.jobs()}
    for (job_id, gen), runs in claims.items():
        if runs > most.get(job_id, 0):
            yield f"I4 {job_id} ran {runs} times in generation {gen}"
    done = Counter(
        (job_id, new.gen)
        for job_id, old, new in world.ground.writes()
        if new.status is Status.COMPLETED and old is not None and old.status is not Status.COMPLETED
    )
    for (job_id, gen), times in done.items():
        if times > 1:
            yield f"I5 {job_id} was completed {times} times in generation {gen}"


def _suspended(world: World) -> Iterator[str]:
    """Check that a suspended job has no lease, and that only the event of its present wait wakes it."""
    ended = set[str]()
    for place, (job_id, old, new) in enumerate(world.ground.writes()):
        if new.status in (Status.SUSPENDED, Status.BLOCKED):
            if new.lease_until is not None:
                yield f"I34 {job_id} waits and holds its lease: {new}"
            if new.type in world.kinds and world.kinds[new.type].serial_by is not None:
                yield f"I34 {job_id} waits, and the next job of its key may run"
        woken = old is not None and (old.status, new.status, old.gen) == (Status.SUSPENDED, Status.QUEUED, new.gen)
        ended.update({job_id} if new.status in TERMINAL else ())
        waits = (old and old.waits) or ""
        child = waits.removeprefix(CHILD) if waits.startswith(CHILD) else None
        if child is not None and woken and not new.stops and child not in ended:
            yield f"I36 {job_id} was woken, which waited for {child}, and that has not ended"
        if old is not None and woken and not new.stops and child is None:
            waited = (old.waits or "").removeprefix(EVENT)
            if place < world.composed.asked.get((job_id, waited), math.inf):
                yield f"I36 {job_id} was woken, which waited for {old.waits}, and nobody has posted that"


def _unrun(world: World) -> Iterator[str]:
    """Check that a dead letter ran as often as its attempts were charged, unless workers died or a day has passed."""
    unrun: dict[tuple[str, int], set[int]] = defaultdict(set)
    for job_id, old, new in world.ground.writes():
        run, token = (job_id, new.gen), (job_id, new.gen, new.claims)
        if old is None or new.gen != old.gen:
            continue
        if _deferred(old, new):
            unrun[run].discard(new.claims)
        elif new.status is Status.BLOCKED:
            continue  # it waits again: its wait has a new number, and no attempt was charged
        elif new.claims > old.claims and token not in world.runs and token not in world.died:
            unrun[run].add(new.claims)
        if new.status is Status.DEAD_LETTER and old.status is not Status.DEAD_LETTER and unrun[run]:
            since = max(old.stalled_since or old.updated_at, old.next_attempt_at or 0, _resumed(world, new))
            if new.updated_at - since < LONGEST_DOUBT:
                yield f"I22 {job_id} was given up, and {len(unrun[run])} of its {new.attempts} attempts never ran"


def _expired(world: World) -> Iterator[str]:
    """Check that no attempt of an expired run began."""
    ran = {(job_id, gen) for job_id, gen, _ in world.runs}
    for job in world.ground.jobs():
        if job.error_class == EXPIRED and (job.id, job.gen) in ran:
            yield f"I27 {job.id} expired in generation {job.gen}, which had run"


def _move(write: Write) -> Iterator[str]:
    job_id, old, new = write
    if old is None:
        if new.status not in (Status.QUEUED, Status.SCHEDULED) or (new.gen, new.attempts) != (1, 0):
            yield f"I10 {job_id} was created as {new}"
        return
    if old.moment == new.moment:
        return
    if new.gen != old.gen:
        if (old.status, new.status, new.gen, new.attempts) == (*REPLACED, old.gen + 1, 0):
            return
        fresh = new.status is Status.QUEUED and new.attempts == 0 and new.gen == old.gen + 1
        if not (fresh and old.status in TERMINAL - {Status.COMPLETED}):
            yield f"I3 {job_id} went from {old} to {new}"
        return
    yield from _within_generation(job_id, old, new)


def _within_generation(job_id: str, old: Written, new: Written) -> Iterator[str]:
    discarded = (old.status, new.status) in DISCARDS
    if old.status in TERMINAL and not discarded:
        yield f"I3 {job_id} was {old} and became {new}"
    elif (old.status, new.status) not in LEGAL:
        yield f"I10 {job_id} went from {old} to {new}"
    claimed = new.status is Status.PROCESSING
    charged = {1} if claimed else {-1} if _deferred(old, new) else {0}
    if old.status is Status.PROCESSING and new.kept > old.kept:  # after a kept step, earlier attempts are not counted
        charged |= {-old.attempts, 1 - old.attempts}
    # a job that waits for a place again begins a wait with a new number
    numbered = claimed or (old.status, new.status) == (Status.QUEUED, Status.BLOCKED)
    if new.attempts - old.attempts not in charged or new.claims - old.claims != (1 if numbered else 0):
        yield f"I2 {job_id} went from {old} to {new}"
    if claimed and old.status is Status.PROCESSING and (old.lease_until or 0) >= (new.started_at or 0):
        yield f"I2 {job_id} was taken over under a live lease: from {old} to {new}"
    if new.attempts > new.max_attempts:
        yield f"I4 {job_id} was claimed more often than allowed: {new}"


def _deferred(old: Written, new: Written) -> bool:
    """Return whether the holder gave its attempt back."""
    if new.status is Status.RETRYING and new.kept > old.kept and new.attempts == 1:
        return False  # the attempt failed after it had kept a step, so it counts as the first one
    waits = new.status in (Status.RETRYING, Status.SUSPENDED, Status.BLOCKED)
    return waits and new.gen == old.gen and new.attempts < old.attempts


def _follows(world: World, write: Write) -> Iterator[str]:
    """Check that an attempt's recorded end follows from what its function did."""
    job_id, old, new = write
    if old is None or old.status is not Status.PROCESSING or new.status is old.status:
        return
    token = (job_id, old.gen, old.claims)
    words = world.runs.get(token, "never ran").split(" then ")
    last = words[-1]
    if _deferred(old, new) and token in world.disturbed and ASKING & set(words):
        return
    only_after = {
        Status.COMPLETED: HARMLESS,
        Status.FAILED: {"perm", *CALLS} if token in world.composed.failed_callers else {"perm"},
        # given back: it may not start yet, or its state cannot be read, or too little of the invocation was left
        Status.BLOCKED: {"never ran"},
        Status.RETRYING: LATER | {"never ran"} if _deferred(old, new) else FAILING,
    }
    if (new.status, old.attempts, new.attempts) == (Status.RETRYING, 2, 1) and new.kept > old.kept:
        # A lost attempt before had kept a step, so it counts as the first one. The present attempt was given back, or
        # failed after it had kept a step itself: both look the same.
        only_after[Status.RETRYING] = LATER | {"never ran"} | FAILING
    if new.updated_at <= (old.lease_until or 0):
        # The holder did it itself. After its lease, the job is given up, whatever the attempt's result was that it
        # could not write.
        only_after[Status.DEAD_LETTER] = FAILING
    if last not in only_after.get(new.status, {last}):
        yield f"I13 {job_id} became {new.status} after its attempt said {last!r}"


def _given_up(world: World, write: Write) -> Iterator[str]:
    """Check that a dead letter has spent its attempts, or its time since its type was last resumed."""
    job_id, old, new = write
    if new.status is not Status.DEAD_LETTER or old is None or old.status is Status.DEAD_LETTER:
        return
    due = max(old.stalled_since or old.updated_at, old.next_attempt_at or 0, _resumed(world, new))
    if new.attempts < new.max_attempts and new.updated_at - due < LONGEST_DOUBT:
        tried = f"{new.attempts} of {new.max_attempts} attempts and {new.updated_at - due:.0f} s"
        yield f"I15 {job_id} was given up after {tried}"


def _resumed(world: World, dead: Written) -> float:
    """Return when the type was last resumed before this time, in seconds since the epoch."""
    pauses = world.past_pauses.newest(dead.type, 1000)
    return max((past.until for past in pauses if past.until < dead.updated_at), default=0.0)


def _forgotten(world: World) -> Iterator[str]:
    """Check that an attempt's recorded end stays, even if the attempt is found lost, and was recorded in time."""
    last: dict[tuple[str, int, int], str] = {}
    for job_id, gen, attempt, outcome in world.ground.endings():
        token = job_id, gen, attempt
        if outcome == LOST and last.get(token, LOST) != LOST:
            yield f"I14 {token} was recorded as {last[token]!r}, and then as lost"
        last[token] = outcome
    for job_id, old, new in world.ground.writes():
        failed = new.status in (Status.RETRYING, Status.FAILED) and old is not None and old.status is Status.PROCESSING
        if failed and last.get((job_id, new.gen, new.claims), LOST) == LOST:
            yield f"I14 {job_id} became {new.status}, and its history does not say why attempt {new.attempts} failed"


def _evidence(world: World) -> Iterator[str]:
    jobs = {job.id: job for job in world.ground.jobs()}
    dead = [
        message
        for name in world.ground.types
        for body in world.ground.dead(name)
        if (message := _message(body)) is not None
    ]
    for message in dead:
        job = jobs.get(message.id)
        if job is None or job.gen != message.gen or job.status is not Status.DEAD_LETTER:
            state = "gone" if job is None else f"{job.status} gen {job.gen}"
            yield f"I6 the dead-letter queue holds {message.id} gen {message.gen}, and the job is {state}"
    held = {(message.id, message.gen) for message in dead}
    for job in jobs.values():
        # a FIFO queue would hide the later messages: the record is the evidence
        serial = world.kinds[job.type].serial_by is not None
        lacks = job.status is Status.DEAD_LETTER and (job.id, job.gen) not in held and not serial
        if lacks and job.error_class not in NO_EVIDENCE and job.id not in world.excused:
            yield f"I6 {job.id} is dead-lettered ({job.error_class}) and its message is not in the dead-letter queue"


def _results(world: World) -> Iterator[str]:
    for job in world.ground.jobs():
        if job.status is Status.COMPLETED and str(job.result).rstrip(BALLAST) != f"{job.gen}.{job.attempts}":
            yield f"I5 {job.id} holds the result {job.result!r} of another attempt than {job.token}"
        if job.status is Status.COMPLETED and (job.id, *job.token) not in world.runs:
            yield f"I5 {job.id} is completed by an attempt that never ran"


def _message(body: str) -> Message | None:
    try:
        return parse_message(body)
    except MalformedMessage:
        return None
