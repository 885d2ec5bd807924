"""Explain in one sentence why a job waits. Pure."""

from dataclasses import dataclass

from chalicelib.counters import wait_times
from chalicelib.counters.port import Standing
from chalicelib.errors import PayloadRefused
from chalicelib.job_types.jobtype import queue_of, urgent
from chalicelib.jobs.job import WAITING, Attempt, Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.priority import PriorityName
from chalicelib.jobs.step import waited_child, waited_event
from chalicelib.jobs.tenants import tenant_of
from chalicelib.jobs.texts.errors import cut
from chalicelib.limits.serial_rule import KeyHeld
from chalicelib.limits.turns import has_turn
from chalicelib.operating.constants import LONGEST_ERROR_SHOWN, SLOW_SEND
from chalicelib.operating.destination import is_urgent

ASKED = "asked to run again"
WITHOUT_REASON = (ASKED, "asked to come again")
"""Prefixes of the error of a `RetryLater` without a reason; 0.1.0 stored the second one."""
ONE_AT_A_TIME = "the jobs of a key run one at a time, in their order"
ACCEPT = "give the type a `Changes(upgrade=…)`, or deploy the version that accepted it (docs/operations.md#stalled)"
"""The explanation for a stored payload that the current schema refuses."""


@dataclass(frozen=True, slots=True)
class Place:
    """Describe where a blocked job stands: how many jobs have a place, of how many, and how many are before it.

    `value` is the value of the limit's field, None without one. `more`: there are more than `before`. `shared` is the
    name of a limit that types share; `own` of its places are of `by`, this job's type or its queue, of which `most`
    jobs can run at once. `declared`: the code declares the limit. `changed_at`: when an operator has set `of` (epoch
    seconds), None if it is as in the code; `of_all`: for all values of the field. `rate`: it waits for a turn of this
    rate, and not for a place; `instead`: of this number in the code, if an operator has changed it. `waits_as`: the
    priority with which the job waits: a higher one than its own if a job of that priority needs a place, or a turn,
    that it keeps.
    """

    taken: int
    of: int
    value: str | None
    before: int
    more: bool = False
    shared: str | None = None
    own: int = 0
    most: int = 0
    by: str = ""
    declared: bool = True
    changed_at: float | None = None
    of_all: bool = False
    priority: PriorityName = "normal"
    waits_as: PriorityName = "normal"
    rate: str | None = None
    instead: int | None = None


@dataclass(frozen=True, slots=True)
class QueueState:
    """A waiting job's queue: the maximum number of jobs ahead, and since when the oldest waits or it is paused.

    Times in seconds since the epoch. `reason`: why the queue is paused. `rate` is in words: 14 a second. `probe_at`:
    the pause is automatic, and one job is tried at that time. `serial`: jobs with the same key run one at a time;
    `holder` is the running job with this job's key. `line` is the place of a blocked job in its line.
    `declared`: the deployment has the job type.
    """

    ahead: int = 0
    oldest: float | None = None
    paused: float | None = None
    reason: str = ""
    rate: str | None = None
    probe_at: float | None = None
    serial: bool = False
    holder: str | None = None
    declared: bool = True
    line: Place | None = None

    @classmethod
    def of(cls, job: Job, standing: Standing, now: float, rate: str | None = None) -> "QueueState":
        """Return the queue of the job, as last counted."""
        marks, pause = standing.waiting.get(job.type, {}), standing.paused.get(job.type)
        return cls(
            wait_times.ahead(marks, job.updated_at, now),
            wait_times.oldest(marks, now),
            None if pause is None else pause.since,
            "" if pause is None else pause.reason,
            rate,
            None if pause is None else pause.probe_at,
        )

    @property
    def pause(self) -> str:
        """Return since when the queue is paused, and the reason that was given."""
        because = f" ({self.reason})" if self.reason else ""
        return f"is paused since {iso(self.paused or 0.0)}{because}"

    @property
    def until(self) -> str:
        """Return the event that ends the pause."""
        if self.probe_at is None:
            return "until it is resumed"
        return f"until a job that is tried completes (the next one at {iso(self.probe_at)}), or until it is resumed"


def asks(job: Job) -> bool:
    """Return whether the sentence needs the state of the queue: only for a waiting job."""
    return job.status in WAITING


def why(job: Job, queue: QueueState, now: float, last: Attempt | None = None) -> str | None:
    """Return the sentence, at `now` (epoch seconds); None for a job that runs or has finished.

    `last` is the job's last attempt, if it was recorded.
    """
    if job.status is Status.PROCESSING:
        if job.lease_until is not None and job.lease_until < now:
            lost = f"The worker of attempt {job.attempts} is lost since {iso(job.lease_until)}"
            return f"{lost}; the job continues when its message is delivered again."
        return "Cancellation requested; it stops at its next cancellation check." if job.cancel_requested else None
    if job.status not in WAITING:
        return None
    if not queue.declared:
        return f"No deployment declares the type {job.type}; it is cancelled unless one declares it again."
    if job.expired(now):
        return f"It expired at {iso(job.start_by or now)}; it is cancelled when a worker or the watchdog looks at it."
    after = "" if job.start_by is None else f" It expires at {iso(job.start_by)}."
    if job.cancel_requested:
        after += " Cancellation requested: its function is called again, to undo its steps."
    sentence = _sentence(job, queue, now, last)
    if queue.paused is None or sentence == _paused(job, queue):
        return f"{sentence}.{after}"
    paused = f"the {queue_of(job.type)} queue {queue.pause}"
    return f"{sentence}; {paused}, so it does not start {queue.until if queue.probe_at else 'until resumed'}.{after}"


def _sentence(job: Job, queue: QueueState, now: float, last: Attempt | None) -> str:
    due = job.next_attempt_at
    if due is not None and has_turn(job):
        paced = f": {queue.rate}" if queue.rate else ""
        return (
            f"It waits for its turn{paced}; it starts at about {iso(due)}"
            if due > now
            else f"It waits for its turn{paced}"
        )
    if job.status is Status.SCHEDULED and due is not None:
        late = "; that has passed, and it waits for a worker" if due <= now else ""
        return f"It is scheduled for {iso(due)}{late}"
    if job.status is Status.BLOCKED:
        return _blocked(job, queue)
    if job.status is Status.SUSPENDED and due is not None:
        return _suspended(job, due, now)
    if job.status is Status.RETRYING and due is not None:
        given_back = last is not None and last.token == job.token and last.outcome == "deferred"
        return _given_back(job, last, due, now) if last and given_back else _failed(job, due, now)
    return _queued(job, queue, now)


def _suspended(job: Job, due: float, now: float) -> str:
    """Explain what the function waits for, and since when."""
    since = f"since {iso(job.updated_at)}"
    if due <= now:
        return f"It waited {since} until {iso(due)}; that has passed, and it waits for a worker"
    if (child := waited_child(job)) is not None:
        return f"It waits for the end of job {child}, which it has called, {since}"
    name = waited_event(job)
    if name is None:
        return f"It sleeps {since} until {iso(due)}"
    return f"It waits for the event {name} {since}; at {iso(due)} the wait times out"


def _blocked(job: Job, queue: QueueState) -> str:
    """Explain how many jobs run, and how many wait before this one."""
    line = queue.line
    if line is None:
        return f"It waits since {iso(job.updated_at)} for a place of its limit"
    if not line.declared:
        return "No deployment declares the limit that it waits for any more; the watchdog lets it run within minutes"
    whose = job.type if line.shared is None else f"the shared limit {line.shared}"
    whose += "" if line.value is None else f" for {line.value}"
    if line.rate is not None and not (line.of == 0 and line.changed_at is not None):
        rate = line.rate
        if line.instead is not None and line.changed_at is not None:
            rate += f" instead of {line.instead:,} (an operator changed it{_all(line)} at {iso(line.changed_at)})"
        return f"It waits for its turn of {whose}: {rate}{_before(line) or '; it is the next one'}{_ranked(line)}"
    if line.of == 0 and line.changed_at is not None:
        stopped = f"An operator set this limit, {whose}, to 0{_all(line)} at {iso(line.changed_at)}, so no job starts"
        return f"{stopped} until the limit is raised or reset{_before(line)}{_ranked(line)}"
    places = f"{line.taken:,} of {line.of:,} places of {whose} are taken"
    if line.shared is not None and line.taken < line.of and line.own >= line.most:
        places += f", {line.own:,} of them by {line.by}, of which at most {line.most:,} jobs run at once"
    if line.changed_at is not None:
        places += f" (an operator set this limit to {line.of:,}{_all(line)} at {iso(line.changed_at)})"
    return f"{places}{_before(line) or '; it is the next one'}{_ranked(line)}"


def _ranked(line: Place) -> str:
    told = f"; its priority is {line.priority}"
    if line.waits_as != line.priority:
        needed = f"a {line.waits_as} job needs a place or a turn that it has"
        return f"{told}, but {needed}, so it waits as {line.waits_as}"
    return "" if line.priority == "normal" else told


def _all(line: Place) -> str:
    return ", as for all values," if line.of_all else ""


def _before(line: Place) -> str:
    if not line.before:
        return ""
    jobs = "1 job is" if line.before == 1 and not line.more else f"{line.before:,} jobs are"
    return f"; {'more than ' if line.more else ''}{jobs} before it"


def _failed(job: Job, due: float, now: float) -> str:
    attempt = f"attempt {job.attempts + 1} of {job.max_attempts}"
    backs_off = f"backs off until {iso(due)}, then {attempt} begins"
    return f"Attempt {job.attempts} failed and it " + (
        backs_off if due > now else f"waits for a worker: {attempt} is due since {iso(due)}"
    )


def _given_back(job: Job, last: Attempt, due: float, now: float) -> str:
    """Explain why an attempt was given back: the payload was refused, the platform failed, or the job asked to wait."""
    # use the error of the attempt, because the copy of the error on the job may be too short to name the field
    reason = cut(" ".join((last.error_message or "").split()), LONGEST_ERROR_SHOWN).rstrip(".")
    late = "" if due > now else "; that has passed, and it waits for a worker"
    if last.error_class == KeyHeld.__name__:
        return f"{reason}; the next try is at {iso(due)}{late}"
    if last.error_class == PayloadRefused.__name__:
        return f"{reason}; {ACCEPT}; the next try is at {iso(due)}{late}"
    # If `stalled_since` is later than this attempt, the stall belongs to a later message, and this attempt ended
    # because the job asked to wait.
    if job.stalled_since is not None and job.stalled_since <= (last.finished_at or last.started_at):
        return f"It could not be run: {reason}; the next try is at {iso(due)}{late}"
    told = f": {reason}" if reason and not reason.startswith(WITHOUT_REASON) else ""
    return f"It {ASKED} at {iso(due)}{told}{late}"


def _queued(job: Job, queue: QueueState, now: float) -> str:
    if queue.paused is not None:
        return _paused(job, queue)
    if not job.sent:
        late = now - job.updated_at > SLOW_SEND
        return "Not queued yet; it will be re-sent within 2 minutes" if late else "Being queued"
    if is_urgent(job):
        # nothing is stored about the queue, and a deployment that adds one leaves the messages where they are
        before = "unless it was sent before the type had this queue"
        return f"It waits for a worker in the urgent queue of {job.type}, whose jobs pass the others, {before}"
    if queue.holder is not None:
        return f"Job {queue.holder} with the same key is running; {ONE_AT_A_TIME}"
    keyed = queue.serial and tenant_of(job.tags) is not None
    if queue.ahead == 0 and keyed:
        return f"It waits for a worker, or for an earlier job of the same key that runs again; {ONE_AT_A_TIME}"
    if queue.ahead == 0:
        return f"Next {_where(job)}; waiting for a worker"
    jobs = "1 job" if queue.ahead == 1 else f"{queue.ahead:,} jobs"
    age = "" if queue.oldest is None else f"; the oldest has waited {_span(now - queue.oldest)}"
    paced = f"; at most {queue.rate} start" if queue.rate else ""
    order = f"; {ONE_AT_A_TIME}" if keyed else "; tenants take turns" if tenant_of(job.tags) else ""
    passed = "; later urgent jobs may pass it" if urgent(job.type) else ""
    return f"Up to {jobs} ahead {_where(job)}{age}{paced}{order}{passed}"


def _where(job: Job) -> str:
    """Return the place of the jobs that are counted as ahead: those of the type, also in a queue of several types."""
    queue = queue_of(job.type)
    return f"in the {job.type} queue" if queue == job.type else f"of its type in the {queue} queue"


def _paused(job: Job, queue: QueueState) -> str:
    return f"The {queue_of(job.type)} queue {queue.pause}; it waits {queue.until}"


def _span(seconds: float) -> str:
    whole = max(0, round(seconds))
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if whole >= 2 * size:
            return f"{whole // size} {unit}s"
    return "1 second" if whole == 1 else f"{whole} seconds"
