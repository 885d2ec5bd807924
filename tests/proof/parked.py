"""Try every order in which a worker, the watchdog and an operator act on a job that waits for a time without a message.

The job is a parked retry, or it was made for later (a delayed job, or the firing of a schedule). As in `waiting`, the
steps of the processes are the requests that they really make, and the rules that decide are those of the platform: what
a worker does with a message whose claim is refused, and when the watchdog sends the job's message.

There are three times. At the first one, the watchdog has nothing to do yet. At the second one, it sends the message
ahead, with a delay. At the third one, the wait is over.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change
from chalicelib.jobs.job import PLANNED, Job, Status
from chalicelib.jobs.message_fate import Drop, TakeOver, after_refusal
from chalicelib.jobs.port import Message
from chalicelib.watchdog.rule import Resend, Signs, check
from tests.proof import waiting
from tests.proof.waiting import JOBS, SOON, TIMES, Edit, Explored, Process, State, number

DUE = TIMES[1] + 500.0
"""The end of the wait: at the second time, it is within the reach of the watchdog."""
MESSAGE = Message("job", 1, "proof.note", "")


@dataclass(frozen=True)
class Rules:
    """What is explored, and the changes of a negative control."""

    kind: Literal["retry", "later"]
    acknowledges_last: bool = True
    """Whether the worker stores the wait before it acknowledges the message."""
    sends_ahead: bool = True
    """Whether the watchdog sends the message of a job whose wait ends soon."""
    edit: Edit = lambda change: change
    """Changes the writes of the watchdog and of the operator that say that the message is sent."""
    claims: Edit = lambda change: change
    """Changes the claims of the workers."""


def start(kind: Literal["retry", "later"]) -> State:
    """Return a job that was just created.

    A job for later has no message. The process that has stored it sends one, because its time may be near.
    """
    if kind == "retry":
        return waiting.start()._replace(posts=0)
    later = Job(
        "job", "proof.note", Status.SCHEDULED, 0.0, 0.0, run_at=DUE, next_attempt_at=DUE, sent=False, max_attempts=9
    )
    key = number(later)
    return State(key, messages=(), posts=0, processes=(Process("creator", "send", key),))


def explore(rules: Rules, *, crashes: int, duplicates: int, cancels: int = 0, hurries: int = 0) -> Explored:
    """Visit every reachable state. `hurries`: how often an operator runs the job now."""
    begin = start(rules.kind)._replace(crashes=crashes, duplicates=duplicates, cancels=cancels, hurries=hurries)
    return waiting.visit(begin, lambda state: steps(state, rules), broken)


def broken(state: State, moves: list[tuple[str, State]]) -> str | None:
    """Return what must never be true, but is."""
    if state.outcome == "early":
        return "the job ran before its time"
    if moves or state.time < len(TIMES) - 1:
        return None
    return None if state.job.terminal else f"the job is {state.job.status} for ever"


def steps(state: State, rules: Rules) -> Iterator[tuple[str, State]]:
    """Return the next possible steps of the processes, and which processes may begin."""
    if first := waiting.eager(state):
        yield from _next_steps(state, first, rules)
        return
    last = state.time == len(TIMES) - 1
    if "visible" in state.messages and sum(process.who == "worker" for process in state.processes) < 2:
        begun = state._replace(messages=waiting.less(state.messages, "visible"))
        yield "a worker claims", _claim(begun, Process("worker", "claim"), rules)
    if "delayed" in state.messages and last:
        shown = waiting.more(waiting.less(state.messages, "delayed"), "visible")
        yield "the message is visible", state._replace(messages=shown)
    waits = rules.sends_ahead or last
    if waits and not any(process.who == "watchdog" for process in state.processes) and _sends(state.key, state.time):
        yield "the watchdog looks", waiting.begin(state, Process("watchdog", "check", state.key))
    if not any(process.who == "operator" for process in state.processes):
        if state.cancels:
            asked = state._replace(cancels=state.cancels - 1)
            yield "a stop is asked for", _operator(asked, Process("operator", "stop"), rules)
        if state.hurries:
            asked = state._replace(hurries=state.hurries - 1)
            yield "an operator runs it now", _operator(asked, Process("operator", "run now"), rules)
    yield from _next_steps(state, state.processes, rules)


def _next_steps(state: State, processes: Iterable[Process], rules: Rules) -> Iterator[tuple[str, State]]:
    for process in processes:
        step = ROLES[process.who]
        rest = state._replace(processes=waiting.without(state, process))
        yield f"{process.who}: {process.step}", step(rest, process, rules)
        if process.step == "send":
            yield "SQS refuses the message", rest


@cache
def _sends(key: int, time: int) -> str:
    """Return which message the watchdog sends at this time: `visible`, `delayed`, or nothing."""
    job = JOBS[key]
    verdict = check(job, TIMES[time] + SOON, Signs())
    if not isinstance(verdict, Resend) or job.sent:
        return ""
    return "delayed" if verdict.delay else "visible"


def _sender(state: State, process: Process, rules: Rules) -> State:
    """Let a process send a message, and mark it as sent: the watchdog, an operator, or who has created the job."""
    match process.step:
        case "check":
            kind = _sends(process.seen, state.time)
            done, state = waiting.apply(state, "check", process.seen)
            return waiting.begin(state, process._replace(step="send", event=kind)) if done and kind else state
        case "send":
            early = (JOBS[process.seen].next_attempt_at or 0.0) > state.now
            kind = process.event or ("delayed" if early else "visible")
            sent = state._replace(messages=waiting.more(state.messages, kind))
            return waiting.begin(sent, process._replace(step="mark", event=""))
    change = "mark sent again" if process.who == "watchdog" else "mark sent"
    return waiting.apply(state, change, process.seen, rules.edit)[1]


def _operator(state: State, process: Process, rules: Rules) -> State:
    if process.step in ("send", "mark"):
        return _sender(state, process, rules)
    if process.seen < 0:  # each change is made of the job that was read before
        return state if state.job.terminal else waiting.begin(state, process._replace(seen=state.key))
    seen = JOBS[process.seen]
    if process.step == "stop":
        done, after = waiting.apply(
            state, "ask to stop" if seen.status is Status.PROCESSING else "cancel", process.seen
        )
        return after if done else waiting.begin(state, process._replace(seen=-1))
    if seen.status not in PLANNED:
        return state
    done, after = waiting.apply(state, "run now", process.seen)
    return waiting.begin(after, process._replace(step="send", seen=after.key)) if done else state


def _worker(state: State, process: Process, rules: Rules) -> State:
    match process.step:
        case "run":
            fails = rules.kind == "retry" and state.time < len(TIMES) - 1
            held = rules.acknowledges_last or not fails
            who = "worker" if held else ACKNOWLEDGED
            return waiting.begin(state, process._replace(who=who, step="postpone" if fails else "complete"))
        case "postpone":
            done, state = waiting.apply(state, "postpone", process.seen)
            job = state.job
            if not done and job.cancel_requested and JOBS[process.seen].token == job.token:
                state = waiting.apply(state, "stop", process.seen)[1]
        case "complete":
            state = waiting.apply(state, "complete", process.seen)[1]
    held = process.who == "worker" and process.step != "acknowledge"
    return waiting.begin(state, process._replace(step="acknowledge")) if held else state


def _claim(state: State, process: Process, rules: Rules) -> State:
    job = state.job
    done, after = waiting.apply(state, "claim", state.key, rules.claims)
    if not done:
        fate = after_refusal(MESSAGE, job, state.now, lambda low, _: low)
        if isinstance(fate, TakeOver):
            done, after = waiting.apply(state, "take over", state.key)
        elif isinstance(fate, Drop):
            return waiting.begin(state, process._replace(step="acknowledge"))
    if not done:
        return state._replace(messages=waiting.more(state.messages, "visible"))
    early = job.status is not Status.PROCESSING and (job.next_attempt_at or 0.0) > state.now
    after = after._replace(outcome="early") if early else after
    return waiting.begin(after, process._replace(step="run", seen=after.key))


def _postpone(seen: Job, now: float) -> Change:
    until = DUE if now < TIMES[1] else TIMES[2]
    return transitions.postpone(seen, now=now, not_before=until, error=("ValueError", "boom"), parked=True)


waiting.CHANGES |= {
    "postpone": _postpone,
    "run now": lambda seen, now: transitions.run_now(seen, now=now),
}

ACKNOWLEDGED = "acknowledged worker"
"""A worker of a negative control, which no longer holds its message."""
ROLES: Mapping[str, Callable[[State, Process, Rules], State]] = {
    "worker": _worker, ACKNOWLEDGED: _worker, "watchdog": _sender, "operator": _operator, "creator": _sender,
}  # fmt: skip
