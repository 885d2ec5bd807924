"""Try every order in which a waiter, a waker and the watchdog act on a job that waits for an event and then sleeps.

With `Rules.child`, the job waits for the end of a job that it has called. The event is then this end, and the process
that stores it wakes the caller afterwards. If that process dies, the caller looks again when its time has come.

An operator may ask the job to stop: its function has kept a step, and undoes it before the job ends.

Their steps are the requests that they really make; the writes to the job are those of `jobs/transitions.py`, and the
watchdog decides by its own rule. Up to two processes die, and one message comes twice. `parked` explores waits for a
time only: retries, and jobs made for later. Time passes only when this step
is chosen. A job that is awake only because its wait timed out therefore counts as not woken.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, NamedTuple

from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.step import EVENT, TIME
from chalicelib.watchdog.rule import Resend, Signs, check

WAITS = EVENT + "go"
TIMES = (0.0, 10_000.0, 20_000.0)
"""The possible times: the start, the end of the wait, the end of the sleep."""
SOON = 100.0
"""The watchdog runs this much later than everything else; at that time nothing is late any more."""
BY = Claimant("request")
Edit = Callable[[Change], Change]
EAGER = frozenset({"acknowledge", "send", "send the spare message"})
"""Requests that no other process notices at once: a message that is acknowledged was taken from the queue when it was
received, and a message that is sent may be received at any time afterwards."""


JOBS: list[Job] = []
"""Every job state that was reached; each has a number, because states are compared very often."""
NUMBERS: dict[Job, int] = {}


def number(job: Job) -> int:
    """Return the number of a job's state."""
    if job not in NUMBERS:
        NUMBERS[job] = len(JOBS)
        JOBS.append(job)
    return NUMBERS[job]


class Process(NamedTuple):
    """A process: its role, its next step, and what it has read. A worker holds a message until its last step."""

    who: str
    step: str
    seen: int = -1
    event: str = ""


class State(NamedTuple):
    """Everything at one moment.

    `event` is `posted`, `timed out` or nothing; `answer` is the answer that the sender got.

    `cancels` is how often an operator may still ask for a stop. `stop` is the row with the place of the stop, and
    `undone` says that the kept step is undone. `at_once`: an operator has stopped the job without its function.
    `hurries` is how often an operator may still run the job now (see `parked`). `indexed` is what an index shows of
    `event`.
    """

    key: int
    event: str = ""
    messages: tuple[str, ...] = ("visible",)
    processes: tuple[Process, ...] = ()
    time: int = 0
    crashes: int = 2
    duplicates: int = 1
    posts: int = 2
    answer: str | None = None
    outcome: str | None = None
    cancels: int = 0
    stop: bool = False
    undone: bool = False
    at_once: bool = False
    hurries: int = 0
    indexed: str = ""

    @property
    def job(self) -> Job:
        """Return the job's row."""
        return JOBS[self.key]

    @property
    def now(self) -> float:
        """Return the present time."""
        return TIMES[self.time]


@dataclass(frozen=True)
class Rules:
    """The changes of a negative control.

    Whether the waiter reads the event before it acknowledges, and the write of a wake.
    """

    looks: bool = True
    index: bool = False
    """Whether the waiter looks through an index, which follows the table later."""
    spare: bool = True
    refuses: bool = False
    """Whether SQS may refuse the spare message."""
    needs_spare: bool = True
    """Whether an event is stored only if the spare message was sent."""
    edit: Edit = lambda change: change
    event: bool = True
    """Whether an event is posted."""
    undoes: bool = True
    """Whether a job with a kept step is called again when it must stop."""
    child: bool = False
    """Whether the job waits for the end of a called job, and not for an event."""
    wakes: bool = True
    """Whether the process that ends the called job wakes the caller."""
    again: bool = True
    """Whether the caller looks again by itself."""
    crashes: int = 0
    """How many processes may die."""


@dataclass
class Explored:
    """How many states there are, and each bad state with the steps that lead to it."""

    states: int = 0
    bad: list[str] = field(default_factory=list)


def start() -> State:
    """Return a job that was just created, with its message."""
    return State(number(Job("job", "proof.note", Status.QUEUED, 0.0, 0.0, sent=True, max_attempts=9)))


def explore(rules: Rules, begin: State | None = None, most_bad: int = 3) -> Explored:
    """Visit every reachable state, each once."""
    first = begin or start()
    return visit(first, lambda state: steps(state, rules), lambda state, moves: broken(state, moves, rules), most_bad)


def visit(
    first: State,
    steps: Callable[[State], Iterable[tuple[str, State]]],
    broken: Callable[[State, list[tuple[str, State]]], str | None],
    most_bad: int = 3,
) -> Explored:
    """Visit every state that these steps, and the misfortunes, lead to from the first one.

    If a process is about to make a request of EAGER, it makes it, or dies, before anything else happens: whatever may
    happen in between may as well happen afterwards.
    """
    found, waiting, before = Explored(), deque([first]), {first: ("", first)}
    while waiting and len(found.bad) < most_bad:
        state = waiting.popleft()
        found.states += 1
        first_of_all = eager(state)
        moves = list(steps(state))
        wrong = broken(state, moves)
        if wrong:
            found.bad.append(f"{wrong}: {' / '.join(trace(state, first, before))}")
            continue
        for name, other in [*moves, *(deaths(state, first_of_all) if first_of_all else misfortunes(state))]:
            following = canonical(other)
            if following not in before:
                before[following] = name, state
                waiting.append(following)
    return found


def eager(state: State) -> Sequence[Process]:
    """Return a process whose next request is one of EAGER; nothing if there is none."""
    return [process for process in state.processes if process.step in EAGER][:1]


def trace(state: State, first: State, before: dict[State, tuple[str, State]]) -> list[str]:
    """Return the steps that led to a state."""
    names = []
    while state != first:
        name, state = before[state]
        names.append(name)
    return names[::-1]


def broken(state: State, moves: list[tuple[str, State]], rules: Rules) -> str | None:
    """Return what must never be true, but is."""
    job = state.job
    if state.outcome is not None and state.outcome != state.event:
        return f"the function found {state.outcome!r}, and the row says {state.event!r}"
    if (state.answer, state.event) in (("accepted", "timed out"), ("refused", "posted")):
        return f"the poster was told {state.answer}, and the row says {state.event!r}"
    if job.status is Status.COMPLETED and state.stop:
        return "the job is completed, and its function has learned that it must stop"
    if job.status is Status.CANCELLED and job.kept and not (state.undone or state.at_once):
        return "the job is cancelled, and nobody has undone its step"
    if moves:
        return None
    # a caller looks again by itself if the process that should have woken it has died
    if state.event == "posted" and job.waits == WAITS and not (rules.child and state.crashes < rules.crashes):
        return "nobody wakes the job, whose event has come"
    if state.time == len(TIMES) - 1 and not job.terminal:
        return f"the job is {job.status} for ever"
    return None


def misfortunes(state: State) -> Iterator[tuple[str, State]]:
    """Advance the time, let a process die, or deliver a message twice."""
    if state.time < len(TIMES) - 1:
        yield "time passes", state._replace(time=state.time + 1)
    if state.duplicates and "visible" in state.messages:
        yield "duplicate", state._replace(duplicates=0, messages=more(state.messages, "visible"))
    yield from deaths(state, state.processes)


def deaths(state: State, processes: Iterable[Process]) -> Iterator[tuple[str, State]]:
    """Let one of these processes die."""
    for process in processes if state.crashes else ():
        rest = without(state, process)
        held = process.who == "worker"
        messages = more(state.messages, "visible") if held else state.messages
        job = state.job
        works = process.who.endswith("worker")
        if works and process.seen >= 0 and JOBS[process.seen].token == job.token and job.status is Status.PROCESSING:
            job = replace(job, lease_until=-1.0)  # by the time when its message is delivered again
        died = state._replace(processes=rest, crashes=state.crashes - 1, messages=messages, key=number(job))
        yield f"{process.who} dies before {process.step}", died


def steps(state: State, rules: Rules) -> Iterator[tuple[str, State]]:
    """Return the next possible steps of the processes, and which processes may begin."""
    if first := eager(state):
        yield from _next_steps(state, first, rules)
        return
    posting = any(process.who == "poster" for process in state.processes)
    if "visible" in state.messages and sum(process.who == "worker" for process in state.processes) < 2:
        # to receive a message and to claim its job is one step: in between, the message might as well be in the queue
        begun = state._replace(messages=less(state.messages, "visible"))
        yield "a worker claims", _claim(begun, Process("worker", "claim"), rules)
    if "spare" in state.messages and not posting:
        shown = more(less(state.messages, "spare"), "visible")
        yield "the spare message is visible", state._replace(messages=shown)
    if rules.index and state.indexed != state.event:
        yield "the index follows", state._replace(indexed=state.event)
    if rules.child and not state.event and not posting:
        yield "the called job ends", begin(state, Process("poster", "store the event"))
    elif rules.event and not rules.child and state.posts and state.answer is None and not posting:
        yield "the event is posted", _poster(state._replace(posts=state.posts - 1), Process("poster", "read"), rules)
    if state.cancels and not any(process.who == "operator" for process in state.processes):
        asked = state._replace(cancels=state.cancels - 1)
        yield "a stop is asked for", _operator(asked, Process("operator", "read"), rules)
    if not any(process.who == "watchdog" for process in state.processes) and _resends(state):
        yield "the watchdog looks", begin(state, Process("watchdog", "check", state.key))
    yield from _next_steps(state, state.processes, rules)


def _next_steps(state: State, processes: Iterable[Process], rules: Rules) -> Iterator[tuple[str, State]]:
    for process in processes:
        step = {"worker": _worker, "poster": _poster, "watchdog": _watchdog, "operator": _operator}[process.who]
        rest = state._replace(processes=without(state, process))
        yield f"{process.who}: {process.step}", step(rest, process, rules)
        if rules.refuses and process.step == "send the spare message":
            kept_on = begin(rest, process._replace(step="store the event"))
            yield "SQS refuses the spare message", rest if rules.needs_spare else kept_on


def _resends(state: State) -> bool:
    return _due(state.key, state.time)


@cache
def _due(key: int, time: int) -> bool:
    job = JOBS[key]
    return isinstance(check(job, TIMES[time] + SOON, Signs()), Resend) and not job.sent


def _watchdog(state: State, process: Process, _: Rules) -> State:
    if process.step == "check":
        done, state = apply(state, "check", process.seen)
        return begin(state, process._replace(step="send")) if done else state
    if process.step == "send":
        sent = state._replace(messages=more(state.messages, "visible"))
        return begin(sent, process._replace(step="mark"))
    return apply(state, "mark sent again", process.seen)[1]


def _poster(state: State, process: Process, rules: Rules) -> State:
    seen = JOBS[process.seen] if process.seen >= 0 else state.job
    match process.step:
        case "read":
            if state.job.terminal:
                return state._replace(answer="finished")
            return begin(state, process._replace(step="send the spare message"))
        case "send the spare message":
            messages = more(state.messages, "spare") if rules.spare else state.messages
            return begin(state._replace(messages=messages), process._replace(step="store the event"))
        case "store the event":
            if state.event == "timed out":
                return state._replace(answer="refused")
            return begin(state._replace(event="posted"), process._replace(step="read again"))
        case "read again":
            return begin(state, process._replace(step="wake", seen=state.key))
        case "wake":
            seen = JOBS[process.seen] if process.seen >= 0 else state.job
            if seen.waits != WAITS or not rules.wakes:
                return state._replace(answer="accepted")
            done, after = apply(state, "wake", process.seen, rules.edit)
            return begin(after, process._replace(step="send", seen=after.key)) if done else _accepted(after)
        case "send":
            return begin(state._replace(messages=more(state.messages, "visible")), process._replace(step="mark"))
    return _accepted(apply(state, "mark sent", process.seen)[1])


def _operator(state: State, process: Process, rules: Rules) -> State:
    seen = JOBS[process.seen] if process.seen >= 0 else state.job
    match process.step:
        case "read":
            return state if state.job.terminal else begin(state, process._replace(step="ask", seen=state.key))
        case "ask":
            if seen.status is Status.PROCESSING:
                change = "ask to stop"
            else:
                change = "compensate" if rules.undoes and seen.kept and not seen.cancel_requested else "cancel"
            if change == "ask to stop" and seen.cancel_requested:
                return state
            done, after = apply(state, change, process.seen)
            if not done:
                return begin(state, process._replace(step="read", seen=-1))
            if change == "cancel" and rules.undoes:
                return after._replace(at_once=True)
            return begin(after, process._replace(step="send", seen=after.key)) if change == "compensate" else after
        case "send":
            return begin(state._replace(messages=more(state.messages, "visible")), process._replace(step="mark"))
    return apply(state, "mark sent", process.seen)[1]


def _accepted(state: State) -> State:
    return state._replace(answer="accepted")


def _worker(state: State, process: Process, rules: Rules) -> State:
    match process.step:
        case "read the steps":
            asked = JOBS[process.seen].cancel_requested
            return begin(state, process._replace(step=_next(state, state.event, asked, rules), event=state.event))
        case "store the end of the wait":
            kept, asked = state.event or "timed out", JOBS[process.seen].cancel_requested
            step = _next(state, kept, asked, rules)
            return begin(state._replace(event=kept), process._replace(step=step, event=kept))
        case "store the stop":
            return begin(state._replace(stop=True), process._replace(step="undo"))
        case "undo":
            return begin(state._replace(undone=True), process._replace(step="stop"))
        case "stop":
            return begin(apply(state, "stop", process.seen)[1], process._replace(step="acknowledge"))
        case "suspend to undo":
            done, state = apply(state, "suspend to undo", process.seen)
            return state._replace(messages=more(state.messages, "visible")) if done else state
        case "suspend" | "sleep":
            again = rules.child and process.step == "suspend"
            change = "suspend until the next look" if again and rules.again else process.step
            done, state = apply(_finds(state, process), change, process.seen)
            job = state.job
            if not done and rules.undoes and job.cancel_requested and JOBS[process.seen].token == job.token:
                return begin(state, process._replace(step="suspend to undo"))
            if not done and job.cancel_requested:
                return begin(apply(state, "stop", process.seen)[1], process._replace(step="acknowledge"))
            look = done and process.step == "suspend" and rules.looks
            return begin(state, process._replace(step="look" if look else "acknowledge", seen=state.key))
        case "look":
            found = state.indexed if rules.index else state.event
            return begin(state, process._replace(step="wake" if found else "acknowledge"))
        case "wake":
            _, state = apply(state, "wake with a message", process.seen, rules.edit)
            return state._replace(messages=more(state.messages, "visible"))
        case "complete":
            state = _finds(state, process)
            state = apply(state, "complete", process.seen)[1]
            return begin(state, process._replace(step="acknowledge"))
    return state


def _claim(state: State, process: Process, rules: Rules) -> State:
    job = state.job
    done, after = apply(state, "take over" if job.status is Status.PROCESSING else "claim", state.key)
    if done:
        return begin(after, process._replace(step="read the steps", seen=after.key))
    if job.terminal:
        return state
    if job.status is Status.SUSPENDED:
        look = job.waits == WAITS and rules.looks
        return begin(state, process._replace(step="look" if look else "acknowledge", seen=state.key))
    # the worker holds the job, and its lease has not ended
    return state._replace(messages=more(state.messages, "visible"))


def _next(state: State, event: str, asked: bool, rules: Rules) -> str:
    """Return the next step of the function: a stop takes effect at the first step or wait that has not ended."""
    if state.stop:
        return "undo"
    if not event and state.now >= TIMES[1] and not rules.child:
        return "store the end of the wait"
    if event and state.now >= TIMES[2]:
        return "complete"
    return "store the stop" if asked else "sleep" if event else "suspend"


def _finds(state: State, process: Process) -> State:
    """Record what the function found out about its event when it continues."""
    return state._replace(outcome=process.event) if process.event and process.step != "suspend" else state


def apply(state: State, change: str, seen: int, edit: Edit = lambda change: change) -> tuple[bool, State]:
    """Make a change of the job that was read, if it is allowed now."""
    key = _applied(state.key, change, seen, state.time, edit)
    return (False, state) if key < 0 else (True, state._replace(key=key))


@cache
def _applied(key: int, name: str, seen: int, time: int, edit: Edit) -> int:
    """Return the number of the job after a change, -1 if the change is refused.

    Fields that no decision reads are left out.
    """
    job, change = JOBS[key], edit(CHANGES[name](JOBS[seen], TIMES[time]))
    if not change.allowed(job):
        return -1
    if change.move.name == "wake" and job.waits != WAITS:
        raise OtherWait
    left_out: dict[str, Any] = {
        "due_at": 0.0,
        "updated_at": 0.0,
        "started_at": None,
        "resent_at": None,
        "parked_until": None,
    }
    return number(replace(change.applied(job), writer="", resends=0, attempts=0, result=None, **left_out))


FOREVER = 9e9
CHANGES: dict[str, Callable[[Job, float], Change]] = {
    "claim": lambda _, now: transitions.claim(1, now=now, lease_until=FOREVER, by=BY),
    "take over": lambda seen, now: transitions.take_over(seen, now=now, lease_until=FOREVER, by=BY),
    "suspend": lambda seen, now: _suspend(seen, now, TIMES[1], WAITS),
    "suspend until the next look": lambda seen, now: _suspend(seen, now, TIMES[1 + (now >= TIMES[1])], WAITS),
    "sleep": lambda seen, now: _suspend(seen, now, TIMES[2], TIME),
    "wake": lambda seen, now: transitions.wake(seen, now=now, sent=False),
    "wake with a message": lambda seen, now: transitions.wake(seen, now=now, sent=True),
    "suspend to undo": lambda seen, now: transitions.anyway(
        transitions.suspend(seen, now=now, until=now, what=TIME, parked=False, kept=1, progressed=True)
    ),
    "stop": lambda seen, now: transitions.stop(seen, now=now),
    "cancel": lambda seen, now: transitions.cancel(seen, now=now),
    "compensate": lambda seen, now: transitions.compensate(seen, now=now),
    "ask to stop": lambda seen, now: transitions.ask_to_stop(seen, now=now),
    "complete": lambda seen, now: transitions.complete(seen, now=now, result=None),
    "check": lambda seen, _: transitions.check(seen, until=0.0, resent=True),
    "mark sent": lambda seen, now: transitions.mark_sent(seen, now=now),
    "mark sent again": lambda seen, now: transitions.mark_sent(replace(seen, resends=1), now=now),
}  # fmt: skip


def _suspend(seen: Job, now: float, until: float, what: str) -> Change:
    return transitions.suspend(seen, now=now, until=until, what=what, parked=True, kept=1, progressed=True)


def canonical(state: State) -> State:
    """Return an equal state with the smallest numbers of claims, because these are only compared with each other."""
    seen = {state.key, *(process.seen for process in state.processes if process.seen >= 0)}
    ranks = {claims: rank for rank, claims in enumerate(sorted({JOBS[key].claims for key in seen}))}
    if all(claims == rank for claims, rank in ranks.items()):
        return state

    def ranked(key: int) -> int:
        return key if key < 0 else _with_claims(key, ranks[JOBS[key].claims])

    processes = tuple(sorted(process._replace(seen=ranked(process.seen)) for process in state.processes))
    return state._replace(key=ranked(state.key), processes=processes)


@cache
def _with_claims(key: int, claims: int) -> int:
    return number(replace(JOBS[key], claims=claims))


class OtherWait(AssertionError):
    """A wake has ended another wait than the one it was for."""


def begin(state: State, process: Process) -> State:
    return state._replace(processes=tuple(sorted((*state.processes, process))))


def without(state: State, process: Process) -> tuple[Process, ...]:
    rest = list(state.processes)
    rest.remove(process)
    return tuple(rest)


def more(messages: tuple[str, ...], one: str) -> tuple[str, ...]:
    return tuple(sorted((*messages, one)))


def less(messages: tuple[str, ...], one: str) -> tuple[str, ...]:
    rest = list(messages)
    rest.remove(one)
    return tuple(rest)
