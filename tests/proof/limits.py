"""Try every order in which workers, the API and the watchdog act on jobs whose limits let only some of them run.

The processes run the platform's own code (`chalicelib.limits.at_most`). Each of its requests is one step, and after
each step any other process may go on, or this one may die. The tables are modelled: a write has exactly the condition
that DynamoDB tests, and `tests/contract/control/test_places.py` holds both stores to the same conditions.

A process cannot be copied, so it is run again from its start with the answers that it got, up to its next request. Two
processes that stand at the same request with the same variables are the same from then on.
"""

import dis
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from operator import attrgetter
from types import CodeType
from typing import Any, NamedTuple

from chalicelib.job_types.rate import Rate
from chalicelib.jobs.priority import NORMAL
from chalicelib.limits.at_most import AtMostPlaces
from chalicelib.limits.places import (
    KeptSlot,
    Limit,
    LimitedJob,
    Listed,
    Places,
    Runs,
    Slot,
    Standing,
    Waiter,
    is_earlier,
)
from chalicelib.limits.slots import Slots

TYPE, OTHER = "proof.note", "proof.other"
QUEUED, RUNS, BLOCKED, DONE, CANCELLED = "queued", "processing", "blocked", "done", "cancelled"
ENDED = (DONE, CANCELLED)
FAST, SLOW, IN_TIME, MISSED = Rate(1), Rate(1, per=60), 0.0, -100.0
"""Rates at which who starts gives the next turn before and after its slot, and slots for which a job is in time or too
late; the clocks of the processes show 0."""


class Row(NamedTuple):
    """A job's row. `live`: the lease of its worker has not ended. `stop`: an operator has asked the job to stop."""

    status: str = QUEUED
    claims: int = 0
    passed: int | None = None
    waits: str | None = None
    sent: bool = True
    live: bool = False
    stop: bool = False


class LimitRow(NamedTuple):
    """A limit's row, and its line. `seen` is the line as an index shows it.

    `n` is the number of places that an operator has given to the limit. `known` are the earlier numbers that processes
    may still remember; `stamped`: whoever reads the row reads the number again. `over`: a place was given beyond all of
    these numbers. `passed`: a place was given to a job while one before it stood in the line that was read.
    `asked`: the watchdog has asked for a place for a job of this type.
    """

    exists: bool = False
    held: tuple[tuple[str, str], ...] = ()
    waits: bool = False
    types: frozenset[str] = frozenset()
    listed: bool = False
    line: tuple[Waiter, ...] = ()
    seen: tuple[Waiter, ...] = ()
    n: int | None = None
    known: frozenset[int] = frozenset()
    stamped: bool = False
    over: bool = False
    passed: bool = False
    asked: str = ""


MANY = 100
RESUMED = "an operator resumes the other type"
SENT_ONE = "claim if it is sent"
"""The claim of a probe: the job must have another message."""
Said = str | int
"""A step: its words; or the place of the process that makes it, and the bitwise inverse of the place if it dies."""


class Process(NamedTuple):
    """A process: the number of its place in the code, and the limits whose mark it is about to remove.

    `strikes` are the limits of which it has read the present entry in the list. `did` is a limit whose mark it has set
    or removed without knowing it.
    """

    at: int
    closes: tuple[str, ...] = ()
    strikes: tuple[str, ...] = ()
    did: str = ""


class State(NamedTuple):
    """Everything at one moment. `running`: the jobs whose functions run. The last numbers are misfortunes to come."""

    jobs: tuple[Row, ...]
    limits: tuple[LimitRow, ...]
    messages: tuple[int, ...]
    processes: tuple[Process, ...] = ()
    running: tuple[str, ...] = ()
    crashes: int = 0
    duplicates: int = 0
    cancels: int = 0
    failures: int = 0
    looks: int = 0
    lost: int = 0
    pauses: int = 0
    off: bool = False
    """Whether the other type is paused."""
    changes: tuple[int, ...] = ()
    """The numbers of places that an operator will give to the first limit, one after the other."""
    misses: int = 0
    slots: tuple[tuple[str, str], ...] = ()
    """The slots that attempts have, and may still use: jobs and limits."""
    early: str = ""
    """A job that has started without a slot of each of its rates."""
    probes: int = 0
    asked: tuple[str, ...] = ()
    """The probes that were requested, and have not begun: jobs. Their messages are in no queue."""


@dataclass(frozen=True)
class Rules:
    """What is explored, and the changes of a negative control.

    `limits` are the limits of each job, in the order in which it takes them; `places` is how many each limit has.
    """

    limits: Mapping[str, Sequence[str]]
    places: Mapping[str, int]
    rates: Collection[str] = ""
    """The limits that have a rate; `places` is then how many jobs have a turn at once, and one more is possible."""
    slow: bool = False
    """Whether these rates are slow."""
    misses: int = 0
    """How often a slot is too far away, or a job is too late for its slot."""
    slots: type[Slots] = Slots
    other_type: str = ""
    """The jobs that are of another type, which shares their limits."""
    ranks: Mapping[str, int] = field(default_factory=dict)
    """The ranks of the jobs whose priority is not the normal one."""
    positions: Mapping[str, int] = field(default_factory=dict)
    """The positions of the jobs whose tenants take turns."""
    crashes: int = 0
    mortal: tuple[str, ...] = ("worker", "operator", "watchdog", "probe", "prober")
    """Which processes may die."""
    duplicates: int = 0
    cancels: int = 0
    failures: int = 0
    """How many attempts fail, so that their jobs run again."""
    looks: int = 0
    """How often the watchdog looks while other processes run."""
    lost: int = 0
    """How many answers about a limit are lost, so that their requests are made again."""
    pauses: int = 0
    """How often an operator pauses the other type; it is resumed when nothing else happens any more."""
    probed: bool = False
    """Whether the pause is automatic: when nothing else happens, the watchdog lets one job of the type be tried, and
    the pause ends when this job has completed. Otherwise an operator resumes the type."""
    probes: int = 0
    """How often the watchdog also looks for a job to try while other processes run."""
    changes: tuple[int, ...] = ()
    """The numbers of places that an operator gives to the first limit, one after the other, at any moments."""
    remembers: bool = True
    """Whether processes may still use an earlier number for some time; without this there are far fewer states."""
    pumps: bool = True
    """Whether who changes a limit gives its free places to the jobs that wait."""
    stamps: bool = True
    """Whether who changes a limit puts a stamp into its row, so that others do not use the number that they know."""
    resumes: bool = False
    """Whether it may be resumed earlier too, at any moment."""
    woken: str = ""
    """The job that has been woken at the beginning, while the others wait for the same limit."""
    renames: bool = True
    """Whether a woken job that waits again does so under a new name."""
    watchdog: bool = True
    """Whether the watchdog looks when nothing else happens any more."""
    workers: int = 2
    code: type[AtMostPlaces] = AtMostPlaces
    """The code that the processes run."""
    acknowledges_last: bool = True
    numbered: bool = True
    """Whether the rows of a line are written and removed only for their wait."""
    closes: bool = True
    """Whether the mark is removed only by who has announced it."""
    index: bool = False
    """Whether the first job of a line is searched through an index, which follows later."""
    keeps: bool = True
    """Whether a job keeps its places while it waits for another one."""
    ends: bool = False
    """Whether to check that a good end can be reached from every state; this keeps all steps in memory."""
    worlds: bool = False
    """Whether to record the states without their processes."""
    most_states: int = 10_000_000

    def of(self, job: str) -> tuple[Limit, ...]:
        """Return the limits of a job."""
        return tuple(map(self.limit, self.limits[job]))

    def limit(self, name: str) -> Limit:
        """Return a limit."""
        return Limit(name, self.places[name], (SLOW if self.slow else FAST) if name in self.rates else None)

    def type_of(self, job: str) -> str:
        """Return the type of a job."""
        return OTHER if job in self.other_type else TYPE

    @property
    def names(self) -> tuple[str, ...]:
        """Return the jobs."""
        return tuple(self.limits)


@dataclass
class Explored:
    """How many states there are, and each bad state with the steps that lead to it."""

    states: int = 0
    bad: list[str] = field(default_factory=list)
    worlds: set[State] = field(default_factory=set)


class Asks(BaseException):
    """A process makes a request to which it has no answer yet."""

    def __init__(self, what: str, *about: Any) -> None:
        super().__init__(what)
        self.request = (what, *about)


class Answers:
    """Answer the requests of a process with recorded answers; raise Asks when there are no more."""

    def __init__(self, answers: Sequence[Any]) -> None:
        self.left = deque(answers)

    def ask(self, what: str, *about: Any) -> Any:
        """Return the answer to a request."""
        if not self.left:
            raise Asks(what, *about)
        return self.left.popleft()


class Store(Answers):
    """See PlaceStore. It remembers the line that it has read last, without the rows that were removed since."""

    def __init__(self, answers: Sequence[Any]) -> None:
        super().__init__(answers)
        self.line: tuple[Waiter, ...] = ()

    def ask(self, what: str, *about: Any) -> Any:
        """See Answers."""
        answer = super().ask(what, *about)
        if what == "first":
            self.line = answer
        elif what == "step out":
            self.line = tuple(one for one in self.line if one.place != about[1].place)
        return answer

    def read(self, limit: Limit) -> Places:
        return self.ask("read", limit.id)  # type: ignore[no-any-return]

    def take(self, limit: Limit, job: str, name: str) -> bool:
        taken = self.ask("take", limit.id, job, name)
        if taken is None:
            taken = self.ask("take the first place", limit.id, job, name)
        if taken is None:
            taken = self.ask("take", limit.id, job, name)
        return bool(taken)

    def slot(
        self, limit: Limit, job: str, name: str, *, now: float, until: float, turn: bool, again: bool = False
    ) -> Slot | None:
        return self.ask("slot", limit.id, job, name, turn, again)  # type: ignore[no-any-return]

    def keep_slot(self, limit: Limit, job: str, name: str, *, now: float, soon: float) -> KeptSlot | None:
        raise NotImplementedError  # a job that is tried takes its slot as the others do here

    def move(self, limit: Limit) -> Places:
        raise NotImplementedError  # no rate is changed here

    def grant(self, limit: Limit, waiter: Waiter, clock: int | None = None, *, asked: bool = False) -> bool:
        passed = any(one.place < waiter.place for one in self.line)
        return self.ask("grant", limit.id, waiter, limit.n, passed, asked)  # type: ignore[no-any-return]

    def ask_for(self, limit: Limit, job_type: str) -> None:
        self.ask("ask for", limit.id, job_type)

    def position(self, limit: Limit, tenant: str, rank: int) -> int:
        raise NotImplementedError  # `positions` has them

    def leave(self, limit: Limit, job: str, name: str) -> bool:
        return self.ask("leave", limit.id, job, name)  # type: ignore[no-any-return]

    def stand(self, limit: Limit, waiter: Waiter) -> None:
        self.ask("stand", limit.id, waiter)

    def step_out(self, limit: Limit, waiter: Waiter) -> None:
        self.ask("step out", limit.id, waiter)

    def mark(self, limit: Limit, job_type: str) -> tuple[Places, bool]:
        return self.ask("mark", limit.id, job_type)  # type: ignore[no-any-return]

    def enlist(self, limit: Limit) -> None:
        self.ask("enlist", limit.id)

    def in_force(self, limit: Limit) -> int:
        return self.ask("in_force", limit.id)  # type: ignore[no-any-return]

    def listed(self, *, consistent: bool = False) -> Sequence[Listed]:
        raise NotImplementedError  # each entry begins a process of its own

    def strike(self, listed: Listed) -> None:
        self.ask("strike", listed.limit)

    def first(
        self, limit: Limit, types: Collection[str], most: int = 1, after: Waiter | None = None
    ) -> Sequence[Waiter]:
        return self.ask("first", limit.id, frozenset(types), most, after)  # type: ignore[no-any-return]

    def before(self, limit: Limit, types: Collection[str], waiter: Waiter, most: int) -> int:
        raise NotImplementedError  # only for people

    def paused(self) -> Collection[str]:
        return self.ask("paused", "")  # type: ignore[no-any-return]

    def close(self, limit: Limit) -> Places | None:
        return self.ask("close", limit.id)  # type: ignore[no-any-return]

    def unmark(self, limit: Limit, closing: str) -> Places | None:
        return self.ask("unmark", limit.id)  # type: ignore[no-any-return]


class Jobs:
    """See LimitedJobs."""

    def __init__(self, answers: Answers, rules: "Rules") -> None:
        self.ask, self.rules = answers.ask, rules

    def find(self, jobs: Sequence[str]) -> Sequence[LimitedJob]:
        return self.ask("find", *jobs)  # type: ignore[no-any-return]

    def wake(self, job: LimitedJob, limit: Limit, *, sent: bool, at: float = 0.0) -> bool:
        return self.ask("wake", job.id, job.claims, limit.id, sent)  # type: ignore[no-any-return]

    def send(self, job: LimitedJob) -> None:
        self.ask("send", job.id)
        self.ask("mark as sent", job.id, job.claims)

    def block_again(self, job: LimitedJob) -> LimitedJob | None:
        return self.ask("block again", job.id, job.claims)  # type: ignore[no-any-return]

    def usable(self, limit: Limit, types: Collection[str], paused: Collection[str]) -> Mapping[str, Runs]:
        running = [one for one in types if one not in paused]
        most = MANY if limit.rate is None else limit.share(len(running))
        return FrozenMap({one: Runs(most, frozenset((one,))) for one in running})

    def narrower(self, job: LimitedJob, limit: Limit) -> Sequence[Limit]:
        return _before(limit, self.rules.of(job.id))

    def declared(self, limit: str) -> Limit | None:
        return self.rules.limit(limit)


# what the processes do


def worker(code: AtMostPlaces, ask: Callable[..., Any], rules: Rules, name: str) -> str:
    """Process a message of a job; return what to do with the message."""
    job, claimed = ask("claim", name)
    if not claimed:
        return _again(code, rules, job)
    wanted = code.take_all(job, rules.of(name)) or rules.slots(code, _now, _sleep, 0.0, 0.0).take(job, rules.of(name))
    if wanted is None:
        ask("run", name)
        end = ask("settle", name, job.claims)
        if end:  # it has left its turns with its slots; a slow process may have given one again
            woken = job.passed is not None
            code.leave(job, tuple(one for one in rules.of(name) if one.rate is None or woken))
        return end or "give back"
    if not rules.keeps:
        code.leave(job, rules.of(name))
    if not rules.acknowledges_last:
        ask("acknowledge", name)
    blocked = ask("block", name, job.claims, wanted.anew, wanted.limit.id)
    if blocked is not None:
        runs = code.wait(blocked, wanted.limit, wanted.holds if rules.keeps else ())
        return "give back" if runs else "acknowledge"
    end = ask("stop", name, job.claims)
    if end:
        code.leave(job, rules.of(name))
    return end or "give back"


def probe(code: AtMostPlaces, ask: Callable[..., Any], rules: Rules, name: str) -> str:
    """Process the message of a probe, which is in no queue."""
    return worker(code, lambda what, *about: ask(SENT_ONE if what == "claim" else what, *about), rules, name)


def _now() -> float:
    return 0.0


def _sleep(_: float) -> None:
    pass


def _again(code: AtMostPlaces, rules: Rules, job: LimitedJob) -> str:
    """Process a message whose job is blocked or has ended: perhaps a worker died after that was written."""
    if job.standing is Standing.BLOCKED:
        limit = next(limit for limit in rules.of(job.id) if limit.id == job.waits)
        holds = _before(limit, rules.of(job.id))
        runs = code.wait(job, limit, holds, again=True)
        return "give back" if runs else "acknowledge"
    limits = rules.of(job.id)
    for limit in limits:
        code.judge(limit)
    return "acknowledge"


def _before(limit: Limit, limits: Sequence[Limit]) -> tuple[Limit, ...]:
    return tuple(limits[: limits.index(limit)])


def operator(code: AtMostPlaces, ask: Callable[..., Any], rules: Rules, name: str) -> str:
    """Cancel a job."""
    job, waited = ask("cancel", name)
    if job is not None:
        limits = rules.of(name)
        in_line = next((one for one in limits if one.id == waited), None)
        code.leave_ended(job, limits, in_line, raised=in_line is not None and in_line != limits[0])
    return ""


def changer(code: AtMostPlaces, ask: Callable[..., Any], rules: Rules, name: str) -> str:
    """Change how many places a limit has."""
    ask("change", name)
    if rules.stamps:
        ask("stamp", name)
    if rules.pumps:
        code.pump(rules.limit(name))
    return ""


def watchdog(code: AtMostPlaces, ask: Callable[..., Any], rules: Rules, name: str) -> str:
    """Send the message of a woken job whose message may not have been sent, or look at a limit with a mark."""
    if name in rules.limits:
        claims = ask("is unsent", name)
        if claims is not None:
            ask("send", name)
            ask("mark as sent", name, claims)
        return ""
    is_listed = ask("read the list", name)
    if is_listed:
        code.watch(Listed(name, ""), rules.limit(name))
    return ""


def prober(code: AtMostPlaces, ask: Callable[..., Any], rules: Rules, name: str) -> str:
    """Look in the line of a limit for a job of the paused type to try, for the watchdog."""
    woken = code.to_try(rules.limit(name), frozenset({OTHER}))
    for job in (woken or ())[:1]:
        if not job.sent:
            ask("send", job.id)
            ask("mark as sent", job.id, job.claims)
        ask("probe", job.id)
    return ""


ROLES = {
    "worker": worker, "operator": operator, "watchdog": watchdog, "changer": changer, "probe": probe, "prober": prober,
}  # fmt: skip
REPEATED = frozenset(
    {"take", "take the first place", "grant", "slot", "leave", "stand", "step out", "mark", "close", "unmark"}
)
"""Writes that are made again if their answer was lost."""
EAGER = frozenset({"send", "acknowledge"})
"""Requests that no other process notices at once: a message that is sent may be received at any time afterwards."""


# the places of processes in the code


class Place(NamedTuple):
    """Where a process stands: what it does, for whom, and the answers that lead to its next request."""

    role: str
    name: str
    answers: tuple[Any, ...]
    request: tuple[Any, ...]


class Code:
    """The processes' places, each with a number. `merge`: places with the same code and variables are one."""

    def __init__(self, rules: Rules, *, merge: bool = True) -> None:
        self.rules, self.merge = rules, merge
        self.places: list[Place] = []
        self._numbers: dict[Any, int] = {}
        self._after: dict[Any, int | str] = {}

    def begin(self, role: str, name: str) -> int:
        """Return the place of a process that begins."""
        found = self._run(role, name, ())
        assert isinstance(found, int)
        return found

    def after(self, at: int, answer: Any) -> int | str:
        """Return the place after an answer; or what the process returns."""
        key = at, answer
        if key not in self._after:
            place = self.places[at]
            self._after[key] = self._run(place.role, place.name, (*place.answers, answer))
        return self._after[key]

    def _run(self, role: str, name: str, answers: tuple[Any, ...]) -> int | str:
        store = Store(answers)
        try:
            return ROLES[role](self.rules.code(store, Jobs(store, self.rules)), store.ask, self.rules, name)
        except Asks as asks:
            key: Any = (role, name, answers) if not self.merge else (role, name, asks.request, _variables(asks))
            if key not in self._numbers:
                self._numbers[key] = len(self.places)
                self.places.append(Place(role, name, answers, asks.request))
            return self._numbers[key]


def _variables(asks: Asks) -> tuple[Any, ...]:
    """Return where the code stands, with the variables that it still reads.

    This is exact as long as a statement makes no request while it holds a value that is in no variable.
    """
    found, trace = [], asks.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_code not in (Answers.ask.__code__, Store.ask.__code__, Code._run.__code__):
            live = _live(frame.f_code, trace.tb_lasti)
            held = tuple((name, _frozen(frame.f_locals[name])) for name in live if name in frame.f_locals)
            found.append((frame.f_code, trace.tb_lasti, held))
        trace = trace.tb_next
    return tuple(found)


def _frozen(value: Any) -> Any:
    return replace(value, held=FrozenMap(value.held)) if isinstance(value, Places) else value


NOT_COMPARED = frozenset({"self", "code", "ask", "rules", "_"})


@cache
def _live(code: CodeType, offset: int) -> tuple[str, ...]:
    """Return the variables that may be read after this instruction; in a loop, all of them.

    Within a loop, the values on the interpreter's stack are not visible; they follow from the loop's variables.
    """
    steps = list(dis.get_instructions(code))
    back = [step for step in steps if "JUMP_BACKWARD" in step.opname or step.opname == "JUMP_ABSOLUTE"]
    if any(step.argval <= offset < step.offset for step in back):
        return tuple(name for name in code.co_varnames if name not in NOT_COMPARED)
    read: set[str] = set()
    for step in steps:
        if step.offset > offset and "LOAD_FAST" in step.opname:
            read |= {step.argval} if isinstance(step.argval, str) else set(step.argval)
    return tuple(sorted(read - NOT_COMPARED))


# what the requests do


def limited(
    name: str, row: Row, job_type: str = TYPE, rank: int = NORMAL, position: int | None = None
) -> LimitedJob:  # fmt: skip
    """Return a job as its limits see it."""
    standing = Standing.OTHER
    if row.status == RUNS and row.live:
        standing = Standing.RUNS
    elif row.status == BLOCKED:
        standing = Standing.BLOCKED
    elif row.status == QUEUED and row.waits is not None:
        standing = Standing.WOKEN
    unclaimed = standing is Standing.WOKEN  # for as long as it takes
    return LimitedJob(
        name, job_type, 0.0, 1, row.claims, row.passed, standing, row.waits, row.sent, unclaimed, rank=rank,
        position=position,
    )  # fmt: skip


Answered = tuple[State, Any, Process]
"""A state after a request, the answer to the request, and the process that made it."""


class World:
    """Carry out the requests: each one is one atomic step."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.limit_names = tuple(rules.places)

    def answered(self, state: State, process: Process, request: tuple[Any, ...]) -> Iterator[Answered]:
        """Return each possible state after a request, with the answer, and the process."""
        what, *about = request
        if what in (
            "claim",
            "run",
            "settle",
            "stop",
            "block",
            "cancel",
            "wake",
            "mark as sent",
            "is unsent",
            "block again",
            SENT_ONE,
        ):
            for after, answer in self._of_job(state, what, *about):
                yield after, answer, process
        elif what in ("send", "acknowledge", "find"):
            yield self._of_messages(state, what, *about), self._found(state, what, about), process
        elif what == "probe":
            yield state._replace(asked=tuple(sorted({*state.asked, about[0]}))), None, process
        elif what == "slot":
            yield from self._of_slot(state, process, *about)
        elif what == "paused":
            yield state, frozenset({OTHER}) if state.off else frozenset(), process
        else:
            for n in self._numbers(state, what, about[0]):
                yield self._of_limit(state, process, n, what, *about)

    def _numbers(self, state: State, what: str, name: str) -> list[int]:
        """Return the numbers of places that a process may use in a request, first the one that is stored."""
        number = self.limit_names.index(name)
        row = state.limits[number]
        n = self.rules.places[name] if row.n is None else row.n
        takes = what in ("take", "take the first place")
        # whoever gives a place on has read the row just before that
        uses = takes or (what in ("read", "mark", "grant") and not row.stamped)
        return [n, *sorted(row.known - {n})] if uses else [n]

    def _of_slot(
        self, state: State, process: Process, name: str, job: str, mine: str, turn: bool, again: bool
    ) -> Iterator[Answered]:
        number = self.limit_names.index(name)
        row = state.limits[number]
        if process.did == name:  # nobody has taken a slot since, so the row says that it is taken
            yield state._replace(slots=_slotted(state, job, name)), Slot(IN_TIME, self._places(row)), process
        if row.waits and not again and dict(row.held).get(job) != mine:
            yield state, None, process
            return
        after = row._replace(exists=True, held=tuple(one for one in row.held if not turn or one != (job, mine)))
        limits = list(state.limits)
        limits[number] = after
        taken = state._replace(limits=tuple(limits))
        yield taken._replace(slots=_slotted(state, job, name)), Slot(IN_TIME, self._places(after)), process
        if state.misses:
            yield state._replace(misses=state.misses - 1), None, process
            yield taken._replace(misses=state.misses - 1), Slot(MISSED, self._places(after)), process

    def _limited(self, name: str, row: Row) -> LimitedJob:
        rank, position = self.rules.ranks.get(name, NORMAL), self.rules.positions.get(name)
        return limited(name, row, self.rules.type_of(name), rank, position)

    def _found(self, state: State, what: str, names: Sequence[str]) -> Any:
        if what != "find":
            return None
        return tuple(self._limited(name, state.jobs[self.rules.names.index(name)]) for name in names)

    def _of_messages(self, state: State, what: str, *names: str) -> State:
        return with_message(state, self.rules.names.index(names[0]), 1) if what == "send" else state

    def _of_job(self, state: State, what: str, name: str, *about: Any) -> Iterator[tuple[State, Any]]:
        number = self.rules.names.index(name)
        row = state.jobs[number]

        def now(**values: Any) -> State:
            rows = list(state.jobs)
            rows[number] = row._replace(**values)
            return state._replace(jobs=tuple(rows))

        mine = bool(about) and row.claims == about[0]
        match "claim" if what == SENT_ONE else what:
            case "claim" if what == SENT_ONE and row.status == QUEUED and not row.sent:
                yield state, (self._limited(name, row), False)
            case "claim":
                state = state._replace(slots=tuple(one for one in state.slots if one[0] != name))
                if row.status in (*ENDED, BLOCKED):
                    yield state, (self._limited(name, row), False)
                elif row.status == RUNS:  # taken over
                    after = row._replace(claims=row.claims + 1, passed=None, live=True)
                    yield now(**after._asdict()), (self._limited(name, after), True)
                else:
                    after = row._replace(status=RUNS, claims=row.claims + 1, waits=None, sent=True, live=True)
                    yield now(**after._asdict()), (self._limited(name, after), True)
            case "run":
                slots = {one for job, one in state.slots if job == name}
                needed = {one for one in self.rules.limits[name] if one in self.rules.rates}
                others = tuple(one for one in state.slots if one[0] != name)
                state = state._replace(slots=others, early=name if needed - slots else "")
                yield state._replace(running=tuple(sorted((*state.running, name)))), None
            case "settle" if not (mine and row.status == RUNS):
                yield _without(state, name), ""
            case "settle":
                ended = _without(now(status=DONE, passed=None, live=False), name)
                yield ended, "acknowledge"
                if state.failures and not row.stop:
                    failed = _without(now(status=QUEUED, passed=None, live=False), name)
                    yield failed._replace(failures=state.failures - 1), "give back"
            case "stop" if not (mine and row.status == RUNS):
                yield state, ""
            case "stop":
                yield now(status=CANCELLED, passed=None, live=False), "acknowledge"
            case "block" if not (mine and row.status == RUNS) or row.stop:
                yield state, None
            case "block":
                passed = row.claims if row.passed is None or about[1] else row.passed
                after = row._replace(status=BLOCKED, passed=passed, waits=about[2], sent=False, live=False)
                yield now(**after._asdict()), self._limited(name, after)
            case "cancel" if row.status in ENDED or row.stop:
                yield state, (None, None)
            case "cancel" if row.status == RUNS:
                yield now(stop=True), (None, None)
            case "cancel":
                after = row._replace(status=CANCELLED, passed=None, waits=None)
                waited = row.waits if row.status == BLOCKED else None
                yield now(**after._asdict()), (self._limited(name, after), waited)
            case "wake":
                allowed = mine and row.status == BLOCKED and row.waits == about[1]
                yield (now(status=QUEUED, sent=about[2]) if allowed else state), allowed
            case "block again":
                allowed = mine and row.status == QUEUED and row.waits is not None
                claims = row.claims + 1
                later = claims if self.rules.renames else row.passed
                after = row._replace(status=BLOCKED, claims=claims, passed=later, sent=False)
                yield (now(**after._asdict()), self._limited(name, after)) if allowed else (state, None)
            case "mark as sent":
                allowed = mine and row.status == QUEUED and not row.sent
                yield (now(sent=True) if allowed else state), None
            case "is unsent":
                woken = self._limited(name, row).standing is Standing.WOKEN and not row.sent
                yield state, row.claims if woken else None

    def _of_limit(self, state: State, process: Process, n: int, what: str, name: str, *about: Any) -> Answered:
        number = self.limit_names.index(name)
        row = state.limits[number]
        held = dict(row.held)
        after = row
        answer: Any = None
        match what, *about:
            case ("read",):
                answer = self._places(row, n)
            case ("in_force",):
                answer = n
            case ("change",):
                to, *later = state.changes
                after = row._replace(
                    n=to, known=row.known | {n} if self.rules.remembers else frozenset(), stamped=False
                )
                state = state._replace(changes=tuple(later))
            case ("stamp",):
                after = row._replace(exists=True, stamped=bool(row.known))
            case "take", job, mine:
                if not row.exists:
                    answer = None
                elif answer := job in held or (len(held) < n and not row.waits):
                    after = row._replace(held=_sorted(held | {job: mine}))
            case "take the first place", job, mine:
                if not row.exists and n:
                    after, answer = row._replace(exists=True, held=((job, mine),)), True
            case "ask for", job_type:
                after = row._replace(asked=job_type if row.waits else row.asked)
            case "grant", waiter, *wanted:
                n = wanted[0] if wanted and name in self.rules.rates else n
                asks = bool(wanted[2:] and wanted[2])
                granted = len(held) < n and waiter.job not in held and row.waits
                granted = granted and (not asks or row.asked == waiter.type)
                if granted:
                    after = row._replace(held=_sorted(held | {waiter.job: waiter.name}), passed=any(wanted[1:2]))
                    after = after._replace(asked="") if asks else after
                answer = granted or held.get(waiter.job) == waiter.name
            case "leave", job, mine:
                answer = row.waits
                if held.get(job) == mine or is_earlier(held.get(job, ""), mine):
                    after = row._replace(held=_sorted({key: one for key, one in held.items() if key != job}))
            case "stand", waiter:
                stands = next((one for one in row.line if one.place == waiter.place), None)
                if stands is None or stands.number < waiter.number or not self.rules.numbered:
                    others = [one for one in row.line if one.place != waiter.place]
                    after = row._replace(line=_in_order((*others, waiter)))
            case "step out", waiter:
                same = [one for one in row.line if one.place == waiter.place]
                gone = [one for one in same if one.number == waiter.number or not self.rules.numbered]
                after = row._replace(line=tuple(one for one in row.line if one not in gone))
            case "mark", job_type:
                after = row._replace(exists=True, waits=True, types=row.types | {job_type})
                answer = self._places(after, n), not row.waits or process.did == name
                state, process = _nobody_closes(state, name), _closes(process, name, closes=False)
            case ("enlist",):
                after = row._replace(listed=True)
                state, process = _nobody_strikes(state, name), _strikes(process, name, strikes=False)
            case ("read the list",):
                answer = row.listed
                process = _strikes(process, name, strikes=row.listed)
            case ("strike",):
                if name in process.strikes:
                    after = row._replace(listed=False)
                process = _strikes(process, name, strikes=False)
            case "first", types, *more:
                most, behind = more[0] if more else 1, more[1] if len(more) > 1 else None
                line = [one for one in (row.seen if self.rules.index else row.line) if one.type in types]
                answer = tuple(one for one in line if behind is None or one.place > behind.place)[:most]
            case ("close",):
                if row.waits:
                    answer = replace(self._places(row), closing="mine")
                    state, process = _nobody_closes(state, name), _closes(process, name, closes=True)
            case ("unmark",):
                if name in process.closes or not self.rules.closes:
                    after = row._replace(waits=False, types=frozenset())
                    answer = self._places(after)
                elif process.did == name and not row.waits:
                    answer = self._places(row)
            case _:
                raise AssertionError(what)
        if not self.rules.index:
            after = after._replace(seen=())
        if len(after.held) > len(row.held):
            stored = self._most(name) if row.n is None else row.n
            after = after._replace(over=len(after.held) > max(stored, *row.known, 0))
        limits = list(state.limits)
        limits[number] = after
        return state._replace(limits=tuple(limits)), answer, process

    def _most(self, name: str) -> int:
        """Return how many names a row may have: of a shared rate, each type has a right to its share."""
        n, limit = self.rules.places[name], self.rules.limit(name)
        return n if limit.rate is None else (n * 2 if limit.divided else n) + (not self.rules.slow)

    def _places(self, row: LimitRow, n: int | None = None) -> Places:
        n = None if row.n is None and not row.known else n
        return Places(FrozenMap(row.held), row.waits, row.types, n=n, asked=row.asked)


def _slotted(state: State, job: str, limit: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({*state.slots, (job, limit)}))


class FrozenMap(dict[str, Any]):
    """A dictionary that can be compared as a part of a place in the code."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items())))


def _in_order(line: Sequence[Waiter]) -> tuple[Waiter, ...]:
    return tuple(sorted(line, key=attrgetter("place")))


def _sorted(held: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(held.items()))


def _without(state: State, name: str) -> State:
    return state._replace(running=tuple(one for one in state.running if one != name))


def _closes(process: Process, name: str, *, closes: bool) -> Process:
    others = tuple(one for one in process.closes if one != name)
    return process._replace(closes=tuple(sorted((*others, name))) if closes else others)


def _nobody_closes(state: State, name: str) -> State:
    return state._replace(processes=tuple(_closes(one, name, closes=False) for one in state.processes))


def _strikes(process: Process, name: str, *, strikes: bool) -> Process:
    others = tuple(one for one in process.strikes if one != name)
    return process._replace(strikes=tuple(sorted((*others, name))) if strikes else others)


def _nobody_strikes(state: State, name: str) -> State:
    return state._replace(processes=tuple(_strikes(one, name, strikes=False) for one in state.processes))


def with_message(state: State, number: int, more: int) -> State:
    """Return the state with more messages of a job, or with fewer."""
    messages = list(state.messages)
    messages[number] += more
    return state._replace(messages=tuple(messages))


# the exploration


class Explorer:
    """Visit every state that can be reached."""

    def __init__(self, rules: Rules, *, merge: bool = True) -> None:
        self.rules, self.world, self.code = rules, World(rules), Code(rules, merge=merge)

    def explore(self, most_bad: int = 1) -> Explored:
        """Visit every reachable state, each once."""
        rules = self.rules
        first = State(
            tuple(Row() for _ in rules.names), tuple(LimitRow() for _ in rules.places), tuple(1 for _ in rules.names),
            crashes=rules.crashes, duplicates=rules.duplicates, cancels=rules.cancels, failures=rules.failures,
            looks=rules.looks, lost=rules.lost, pauses=rules.pauses, changes=rules.changes, misses=rules.misses,
            probes=rules.probes,
        )  # fmt: skip
        first = self._woken(first) if rules.woken else first
        found, waiting = Explored(), deque([first])
        before: dict[State, tuple[Said, State]] = {first: ("", first)}
        leading: dict[State, list[State]] = {}
        ends: list[State] = []
        while waiting and len(found.bad) < most_bad:
            state = waiting.popleft()
            found.states += 1
            assert found.states <= rules.most_states, "too many states"
            if rules.worlds:
                found.worlds.add(state._replace(processes=()))
            moves = list(self.moves(state))
            wrong = self.broken(state) or (None if moves else self.at_rest(state)) or self.held_up(state, moves)
            if wrong:
                found.bad.append(f"{wrong}: {' / '.join(map(self.worded, _trace(state, first, before)))}")
                continue
            if not moves:
                ends.append(state)
            for name, following in moves:
                if rules.ends:
                    leading.setdefault(following, []).append(state)
                if following not in before:
                    before[following] = name, state
                    waiting.append(following)
        if rules.ends and not found.bad:
            endless = before.keys() - _leading_to(ends, leading)
            found.bad += ["no end can be reached" for _ in [*endless][:1]]
        return found

    def _woken(self, state: State) -> State:
        """Return the state in which the one limit has just woken a job."""
        (limit,), rules = self.rules.places, self.rules
        waits = Row(BLOCKED, 1, 1, limit, sent=False)
        woken = waits._replace(status=QUEUED, sent=True)
        rows = {name: woken if name == rules.woken else waits for name in rules.names}
        known = [limited(name, row, rules.type_of(name), rules.ranks.get(name, NORMAL)) for name, row in rows.items()]
        held = tuple((job.id, job.name) for job in known if job.id == rules.woken)
        line = _in_order([job.waiter for job in known if job.id != rules.woken])
        row = LimitRow(True, held, True, frozenset(job.type for job in known), listed=True, line=line)
        messages = tuple(int(name == rules.woken) for name in rules.names)
        return state._replace(jobs=tuple(rows.values()), limits=(row,), messages=messages)

    def worded(self, said: Said) -> str:
        """Return a step in words."""
        if isinstance(said, str):
            return said
        place = self.code.places[max(said, ~said)]
        request = place.request[0] if said < 0 else " ".join(map(str, place.request))
        return f"{place.role} of {place.name} {'dies before: ' if said < 0 else ''}{request}"

    def broken(self, state: State) -> str | None:
        """Return what must never be true, but is."""
        if state.early:
            return f"the job {state.early} has started without a slot"
        for (limit, declared), row in zip(self.rules.places.items(), state.limits, strict=True):
            if row.over:
                return f"a place of the limit {limit} was given beyond the larger number"
            if row.passed:
                return f"a place of the limit {limit} was given to a job before one of a higher rank"
            # nobody is stopped when the number is lowered
            lowered = 0 if row.n is None else len(row.held)
            n = max(declared if row.n is None else row.n, lowered, *row.known, 0)
            if limit not in self.rules.rates and sum(limit in self.rules.limits[job] for job in state.running) > n:
                return f"more than {n} jobs run within the limit {limit}"
        spent = (
            self.rules.crashes - state.crashes + self.rules.failures - state.failures
            + self.rules.duplicates - state.duplicates + self.rules.lost - state.lost + self.rules.pauses - state.pauses
            + self.rules.misses - state.misses + self.rules.probes - state.probes
        )  # fmt: skip
        for name, job in zip(self.rules.names, state.jobs, strict=True):
            if job.claims > 1 + len(self.rules.limits[name]) * (1 + spent) + spent:
                return f"the job {name} has waited twice for a limit"
        return None

    def held_up(self, state: State, moves: Sequence[tuple[Said, State]]) -> str | None:
        """Return which job waits although nothing else happens until the other type is resumed."""
        if [said for said, _ in moves] == [RESUMED]:
            for name, row in zip(self.rules.names, state.jobs, strict=True):
                if row.status not in ENDED and self.rules.type_of(name) == TYPE:
                    return f"the job {name} is {row.status} until the other type is resumed"
        return None

    def at_rest(self, state: State) -> str | None:
        """Return what is wrong when nothing happens any more."""
        for name, row in zip(self.rules.names, state.jobs, strict=True):
            if row.status not in ENDED:
                return f"the job {name} is {row.status} for ever"
        for limit, found in zip(self.rules.places, state.limits, strict=True):
            if found.held:
                return f"the limit {limit} has lost a place"
            if found.waits:
                return f"the limit {limit} says for ever that a job waits"
            if found.listed and self.rules.watchdog:
                return f"the limit {limit} is in the list for ever"
            # After a crash, a row of a wait that has ended may stay in the line, and the second row of a job whose rank
            # was raised. Whoever finds it removes it.
            left = [one for one in found.line if one.rank == self.rules.ranks.get(one.job, NORMAL)]
            if left and not self.rules.crashes:
                return f"the line of the limit {limit} keeps a job that has ended"
        return None

    def moves(self, state: State) -> Iterator[tuple[Said, State]]:
        """Return the next possible steps, and the misfortunes."""
        eager = [one for one in state.processes if self.code.places[one.at].request[0] in EAGER][:1]
        if eager:
            yield from self._steps(state, eager)
            return
        steps = [*self._received(state), *self._steps(state, state.processes), *self._begun(state)]
        yield from steps
        for number, row in enumerate(state.limits):
            if row.known:
                limits = list(state.limits)
                limits[number] = row._replace(known=frozenset(), stamped=False)
                yield "ten seconds pass", state._replace(limits=tuple(limits))
            if row.asked:
                limits = list(state.limits)
                limits[number] = row._replace(asked="")
                yield "nobody answers the request for a place in time", state._replace(limits=tuple(limits))
        if not steps and not state.processes and self.rules.watchdog:
            after = self.watched(state)
            if after != state:
                yield "the watchdog looks at everything", after
            elif state.off and not self.rules.probed:
                yield RESUMED, state._replace(off=False)
        elif state.off and self.rules.resumes:
            yield RESUMED, state._replace(off=False)
        if state.pauses and not state.off:
            yield "an operator pauses the other type", state._replace(pauses=state.pauses - 1, off=True)
        for number, count in enumerate(state.messages):
            if state.duplicates and count:
                copy = with_message(state, number, 1)._replace(duplicates=state.duplicates - 1)
                yield f"the message of {self.rules.names[number]} comes twice", copy
        if self.rules.index:
            for number, row in enumerate(state.limits):
                if row.seen != row.line:
                    limits = list(state.limits)
                    limits[number] = row._replace(seen=row.line)
                    yield "the index follows", state._replace(limits=tuple(limits))

    def _received(self, state: State) -> Iterator[tuple[Said, State]]:
        working = sum(self.code.places[one.at].role == "worker" for one in state.processes)
        for number, count in enumerate(state.messages):
            row = state.jobs[number]
            held = row.status == RUNS and row.live  # the message is hidden until the lease ends
            name = self.rules.names[number]
            paused = state.off and self.rules.type_of(name) == OTHER
            if count and working < self.rules.workers and not held and not paused:
                begun = with_message(state, number, -1)
                yield from self._step(begun, Process(self.code.begin("worker", name)), name)
        trying = any(self.code.places[one.at].role == "probe" for one in state.processes)
        for name in state.asked:
            begun = state._replace(asked=tuple(one for one in state.asked if one != name))
            row = state.jobs[self.rules.names.index(name)]
            # a live lease refuses its claim, and the row of the pause lets one run at a time
            if (row.status == RUNS and row.live) or (trying and state.off):
                yield f"the probe of {name} is dropped", begun
            else:
                yield from self._step(begun, Process(self.code.begin("probe", name)), f"the probe of {name}")

    def _begun(self, state: State) -> Iterator[tuple[Said, State]]:
        roles = [self.code.places[one.at].role for one in state.processes]
        if state.cancels and "operator" not in roles:
            for name in self.rules.names:
                asked = state._replace(cancels=state.cancels - 1)
                yield from self._step(asked, Process(self.code.begin("operator", name)), f"an operator cancels {name}")
        if state.changes and "changer" not in roles:
            name = next(iter(self.rules.places))
            yield from self._step(state, Process(self.code.begin("changer", name)), f"an operator changes {name}")
        if state.looks and "watchdog" not in roles:
            looking = state._replace(looks=state.looks - 1)
            for name in self._to_look_at(state):
                yield f"the watchdog looks at {name}", _with(looking, Process(self.code.begin("watchdog", name)))

        if state.probes and state.off:
            looking = state._replace(probes=state.probes - 1)
            for name in self.rules.places:
                yield (
                    f"the watchdog looks for a probe in {name}",
                    _with(looking, Process(self.code.begin("prober", name))),
                )

            for name in set(self._due(state)) - {*state.asked}:
                yield f"the watchdog lets {name} be tried", looking._replace(asked=tuple(sorted({*state.asked, name})))

    def _due(self, state: State) -> tuple[str, ...]:
        """Return the jobs that the watchdog may let a worker try, if it finds none in a line."""
        if not (state.off and self.rules.probed):
            return ()
        rows = dict(zip(self.rules.names, state.jobs, strict=True))
        due = [name for name, row in rows.items() if row.status == QUEUED and row.sent]
        due += [name for name, row in rows.items() if row.status == RUNS and not row.live]
        return tuple(name for name in due if self.rules.type_of(name) == OTHER)

    def _to_look_at(self, state: State) -> list[str]:
        marked = [name for name, row in zip(self.rules.places, state.limits, strict=True) if row.listed]
        jobs = zip(self.rules.names, state.jobs, strict=True)
        return marked + [name for name, row in jobs if row.status == QUEUED and row.waits and not row.sent]

    def watched(self, state: State) -> State:
        """Return the state after the watchdog has looked at everything, while nothing else happened."""
        probing = state.off and self.rules.probed
        for name in reversed([*self.rules.places]):
            state = self._alone(state, "prober", name) if probing and not state.asked else state
        due = self._due(state)
        if state.asked or due:  # it is tried before its place is given back
            return state if state.asked else state._replace(asked=due[:1])
        for name in self._to_look_at(state):
            state = self._alone(state, "watchdog", name)
        return state

    def _alone(self, state: State, role: str, name: str) -> State:
        """Return the state after a process has done everything, while nothing else happened."""
        at: int | str = self.code.begin(role, name)
        process = Process(0)
        while isinstance(at, int):
            process = process._replace(at=at)
            request = self.code.places[at].request
            state, answer, process = next(self.world.answered(state, process, request))
            at = self.code.after(at, answer)
        return state

    def _steps(self, state: State, processes: Sequence[Process]) -> Iterator[tuple[Said, State]]:
        for process in sorted(set(processes)):
            rest = list(state.processes)
            rest.remove(process)
            others = state._replace(processes=tuple(rest))
            place = self.code.places[process.at]
            yield from self._step(others, process, process.at)
            if state.lost and place.request[0] in REPEATED:
                for after, answer, same in self.world.answered(others, process, place.request):
                    what, name = place.request[:2]
                    known = (what == "unmark" and after != others) or (what == "mark" and answer[1])
                    known = known or (what == "slot" and answer is not None)
                    repeats = same._replace(did=name if known else same.did)
                    yield (
                        f"{place.role} of {place.name}: the answer is lost",
                        _with(after._replace(lost=state.lost - 1), repeats),
                    )
            if state.crashes and place.role in self.rules.mortal:
                died = others._replace(crashes=state.crashes - 1)
                yield ~process.at, self._without_worker(died, place)

    def _without_worker(self, state: State, place: Place) -> State:
        if place.role not in ("worker", "probe"):
            return state
        number = self.rules.names.index(place.name)
        row = state.jobs[number]
        job = next((answer[0] for answer in place.answers[:1]), None)
        if job is not None and row.status == RUNS and row.claims == job.claims:
            rows = list(state.jobs)
            rows[number] = row._replace(live=False)
            state = _without(state._replace(jobs=tuple(rows)), place.name)
        acknowledged = not self.rules.acknowledges_last and place.request[0] in ("block", "stand", "mark")
        return state if acknowledged or place.role == "probe" else with_message(state, number, 1)

    def _step(self, others: State, process: Process, said: Said) -> Iterator[tuple[Said, State]]:
        place = self.code.places[process.at]
        for found, answer, after in self.world.answered(others, process, place.request):
            at = self.code.after(process.at, answer)
            completed = place.role == "probe" and place.request[0] == "settle" and answer == "acknowledge"
            state = found._replace(off=False) if completed else found
            if isinstance(at, int):
                yield said, _with(state, after._replace(at=at, did=""))
            elif at == "give back" and place.role != "probe":
                yield said, with_message(state, self.rules.names.index(place.name), 1)
            else:
                yield said, state


def _leading_to(ends: Sequence[State], leading: Mapping[State, Sequence[State]]) -> set[State]:
    """Return all states from which one of these ends can be reached."""
    good, waiting = set(ends), deque(ends)
    while waiting:
        for state in leading.get(waiting.popleft(), ()):
            if state not in good:
                good.add(state)
                waiting.append(state)
    return good


def _with(state: State, process: Process) -> State:
    return state._replace(processes=tuple(sorted((*state.processes, process))))


def _trace(state: State, first: State, before: Mapping[State, tuple[Said, State]]) -> list[Said]:
    names = []
    while state != first:
        name, state = before[state]
        names.append(name)
    return names[::-1]


def explore(rules: Rules, *, merge: bool = True) -> Explored:
    """Visit every reachable state."""
    return Explorer(rules, merge=merge).explore()
