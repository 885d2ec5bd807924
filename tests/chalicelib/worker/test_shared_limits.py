"""Let jobs of several types share a limit: run, wait, wake each other, while one type is paused, small or removed."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import BaseModel, Field

from chalicelib import AtMost, Function, JobContext, JobType, Queue, job
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.errors import ConfigurationError
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import Job, Status
from chalicelib.limits.places import Limit
from chalicelib.operating.lines import Lines
from chalicelib.operating.reading import JobReader
from jobflow.testing import Platform, WorkerGone
from tests.chalicelib.api.support import only_types

CHAT, IMAGE = "chat.answer", "image.draw"
ONE = Limit("3.openai", 1)


class Ask(BaseModel):
    """A payload."""

    number: int = Field(examples=[1])
    customer: str = Field("acme", examples=["acme"])


def submitted(platform: Platform, name: str, numbers: Sequence[int], **payload: Any) -> list[Job]:
    """Submit jobs with these numbers; they wait in the order in which they were due."""
    made = []
    for number in numbers:
        platform.clock.advance(0.01)
        made.append(platform.submit(name, {"number": number, **payload}))
    return made


@dataclass
class Stage:
    """A platform with types that share a limit. `during` is called while the job with that number runs, once."""

    platform: Platform
    during: dict[int, Callable[[JobContext], object]] = field(default_factory=dict)
    running: list[int] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    most: int = 0

    def run(self, payload: Ask, ctx: JobContext) -> None:
        self.running.append(payload.number)
        self.begun.append(payload.number)
        self.most = max(self.most, len(self.running))
        try:
            if act := self.during.pop(payload.number, None):
                act(ctx)
        finally:
            self.running.remove(payload.number)

    def submit(self, name: str, *numbers: int, **payload: Any) -> list[Job]:
        return submitted(self.platform, name, numbers, **payload)

    def status(self, job: Job) -> Status:
        return self.platform.job(job).status

    def statuses(self, jobs: Sequence[Job]) -> list[Status]:
        return [self.status(one) for one in jobs]

    def held(self, limit: Limit = ONE) -> set[str]:
        return set(self.platform.workers.places.read(limit).held)

    def blocked_behind_a_dead_worker(self, *wanted: tuple[str, int]) -> list[Job]:
        """Block jobs behind one of CHAT whose worker dies; return them."""
        self.submit(CHAT, 0)
        self.platform.fail(CHAT, WorkerGone())
        self.platform.run()
        blocked = [self.submit(name, number)[0] for name, number in wanted]
        self.platform.run()
        assert set(self.statuses(blocked)) == {Status.BLOCKED}
        return blocked


def stage_of(limits: dict[str, list[AtMost]], **settings: dict[str, Any]) -> Iterator[Stage]:
    with only_types():
        stages: list[Stage] = []

        def run(payload: Ask, ctx: JobContext) -> None:
            stages[0].run(payload, ctx)

        kinds: list[JobType[Any, Any]] = [
            job(name, limits=of, **settings.get(name.replace(".", "_"), {}))(run) for name, of in limits.items()
        ]
        stages.append(Stage(Platform(*kinds)))
        yield stages[0]


def sharing(n: int, **more: Any) -> dict[str, list[AtMost]]:
    return {name: [AtMost(n, shared="openai", **more)] for name in (CHAT, IMAGE)}


def reader_of(stage: Stage) -> JobReader:
    platform = stage.platform
    return JobReader(platform.store, MemoryCounters(), platform.clock, lambda: platform.workers.places)


@pytest.fixture
def stage() -> Iterator[Stage]:
    yield from stage_of(sharing(1))


def test_jobs_of_both_types_run_one_at_a_time_in_the_order_in_which_they_were_due(stage: Stage) -> None:
    def others(_: JobContext) -> None:
        waiting = [*stage.submit(IMAGE, 2), *stage.submit(CHAT, 3), *stage.submit(IMAGE, 4)]
        stage.platform.run()
        assert set(stage.statuses(waiting)) == {Status.BLOCKED}

    stage.submit(CHAT, 1)
    stage.during[1] = others
    stage.platform.run()
    assert (stage.begun, stage.most, stage.held()) == ([1, 2, 3, 4], 1, set())


def test_a_shared_limit_counts_for_each_value_of_its_field() -> None:
    for stage in stage_of(sharing(1, by="customer")):
        stage.submit(CHAT, 1)
        stage.during[1] = lambda _, stage=stage: (  # type: ignore[misc]
            stage.submit(IMAGE, 2),
            stage.submit(IMAGE, 3, customer="globex"),
            stage.platform.run(),
        )
        stage.platform.run()
        assert stage.begun == [1, 3, 2]
        assert stage.held(Limit("2.openai.acme", 1)) == set()


def test_a_worker_that_dies_gives_its_place_to_the_other_type(stage: Stage) -> None:
    (waiting,) = stage.blocked_behind_a_dead_worker((IMAGE, 1))
    stage.platform.advance(minutes=10)
    assert stage.status(waiting) is Status.COMPLETED
    assert stage.most == 1


def test_a_paused_type_does_not_hold_up_the_other_one(stage: Stage) -> None:
    paused, waiting = stage.blocked_behind_a_dead_worker((IMAGE, 1), (CHAT, 2))
    stage.platform.workers.off.add(IMAGE)
    stage.platform.advance(minutes=10)
    assert stage.statuses([paused, waiting]) == [Status.BLOCKED, Status.COMPLETED]
    (later,) = stage.submit(CHAT, 3)
    stage.platform.run()
    assert stage.status(later) is Status.COMPLETED
    stage.platform.workers.off.clear()
    stage.platform.advance(minutes=2)
    assert stage.status(paused) is Status.COMPLETED


def test_a_woken_job_gives_its_place_back_when_its_type_is_paused(stage: Stage) -> None:
    """The type was paused between the wake of its job and the claim."""
    stage.submit(CHAT, 1)
    paused: list[Job] = []

    def others(_: JobContext) -> None:
        paused.extend(stage.submit(IMAGE, 2))
        stage.platform.run()
        stage.platform.workers.off.add(IMAGE)

    stage.during[1] = others
    usable, places = [True], stage.platform.workers.places
    now, places.paused = places.paused, lambda: () if usable else now()  # the pause is not seen yet
    stage.platform.run()
    assert (stage.status(paused[0]), stage.held()) == (Status.QUEUED, {paused[0].id})
    usable.clear()
    (waiting,) = stage.submit(CHAT, 3)
    stage.platform.run()
    assert stage.status(waiting) is Status.BLOCKED
    stage.platform.advance(minutes=4)
    assert stage.statuses([*paused, waiting]) == [Status.BLOCKED, Status.COMPLETED]
    assert stage.platform.job(paused[0]).attempts == 0
    stage.platform.workers.off.clear()
    stage.platform.advance(minutes=2)
    assert stage.status(paused[0]) is Status.COMPLETED
    assert stage.begun == [1, 3, 2]


def woken_of_a_paused_type(stage: Stage, number: int) -> Job:
    """Let a job of IMAGE be woken, and pause the type before a worker claims the job; return it. Minutes pass."""
    made: list[Job] = []

    def others(_: JobContext) -> None:
        made.extend(stage.submit(IMAGE, number))
        stage.platform.run()
        stage.platform.workers.off.add(IMAGE)

    stage.submit(CHAT, 1)
    stage.during[1] = others
    places = stage.platform.workers.places
    paused, places.paused = places.paused, tuple  # the pause is not seen yet
    stage.platform.run()
    places.paused = paused
    assert stage.status(made[0]) is Status.QUEUED
    stage.platform.clock.advance(130)
    return made[0]


def look(stage: Stage) -> None:
    lines = Lines(stage.platform.service.dispatcher, stage.platform.workers.places)
    for one in lines.listed():
        lines.look_at(one, lambda: True)


def test_a_slow_process_that_lets_a_job_wait_again_takes_no_place_from_it_when_it_runs(stage: Stage) -> None:
    """The type is resumed, and the job runs, before the last write of that process."""
    resumed = woken_of_a_paused_type(stage, 2)
    stage.submit(CHAT, 3)
    stage.platform.run()
    places = stage.platform.workers.places
    leave, held = places.leave, list[set[str]]()

    def slow(limit: Limit, job: str, name: str) -> bool:
        def late(_: JobContext) -> None:
            leave(limit, job, name)
            held.append(stage.held())
            look(stage)
            stage.platform.run()

        places.leave = leave  # type: ignore[method-assign]
        stage.during[2] = late
        stage.platform.workers.off.clear()
        for _ in range(6):
            stage.platform.run()
            stage.platform.clock.advance(2)
        return False

    places.leave = slow  # type: ignore[method-assign]
    look(stage)
    assert held == [{resumed.id}]
    assert (stage.most, sorted(stage.begun)) == (1, [1, 2, 3])


def test_a_process_that_dies_while_it_lets_a_job_wait_again_is_followed_by_another_one(stage: Stage) -> None:
    paused = woken_of_a_paused_type(stage, 2)
    (waiting,) = stage.submit(CHAT, 3)
    stage.platform.run()
    places = stage.platform.workers.places
    stand = places.stand

    def dies(*_: Any) -> None:
        places.stand = stand  # type: ignore[method-assign]
        raise WorkerGone

    places.stand = dies  # type: ignore[assignment,method-assign]
    with pytest.raises(WorkerGone):
        look(stage)
    assert (stage.status(paused), stage.held()) == (Status.BLOCKED, {paused.id})
    stage.platform.queue.messages[IMAGE].clear()
    stage.platform.advance(minutes=2)
    assert stage.statuses([paused, waiting]) == [Status.BLOCKED, Status.COMPLETED]
    stage.platform.workers.off.clear()
    stage.platform.advance(minutes=2)
    assert stage.status(paused) is Status.COMPLETED


def test_the_jobs_of_a_paused_shared_queue_do_not_hold_up_the_other_type_either() -> None:
    for stage in stage_of(sharing(1), image_draw={"queue": Queue("pictures")}):
        paused, waiting = stage.blocked_behind_a_dead_worker((IMAGE, 1), (CHAT, 2))
        stage.platform.workers.off.add("pictures")
        stage.platform.advance(minutes=10)
        assert stage.statuses([paused, waiting]) == [Status.BLOCKED, Status.COMPLETED]


def test_a_type_with_few_workers_does_not_take_places_that_it_cannot_use() -> None:
    for stage in stage_of(sharing(3), image_draw={"function": Function(concurrency=2)}):
        places = stage.platform.workers.places
        stage.submit(CHAT, 0, 1, 2)
        for _ in range(3):
            stage.platform.fail(CHAT, WorkerGone())
        stage.platform.run()
        slow = stage.submit(IMAGE, 10, 11, 12, 13)
        fast = stage.submit(CHAT, 20)
        stage.platform.run()
        assert set(stage.statuses([*slow, *fast])) == {Status.BLOCKED}
        stage.platform.workers.off |= {CHAT, IMAGE}
        places.paused = tuple
        stage.platform.advance(minutes=10)  # the leases have ended
        assert stage.held(Limit("3.openai", 3)) == {slow[0].id, slow[1].id, fast[0].id}
        reader = reader_of(stage)
        places.leave(Limit("3.openai", 3), fast[0].id, places.read(ONE).held[fast[0].id])
        taken = "2 of 3 places of the shared limit openai are taken, 2 of them by image.draw"
        assert str(reader.explained(slow[2].id)[1]).startswith(f"{taken}, of which at most 2 jobs run at once")
        stage.platform.workers.off.clear()
        stage.platform.advance(minutes=2)
        assert set(stage.statuses([*slow, *fast])) == {Status.COMPLETED}


def test_the_types_of_a_queue_together_take_no_places_that_they_cannot_use() -> None:
    queue, also = Queue("q", function=Function(concurrency=2, batch_size=1)), "image.trim"
    limits = {**sharing(4), also: [AtMost(4, shared="openai")]}
    for stage in stage_of(limits, image_draw={"queue": queue}, image_trim={"queue": queue}):
        stage.submit(CHAT, 0, 1, 2, 3)
        for _ in range(4):
            stage.platform.fail(CHAT, WorkerGone())
        stage.platform.run()
        drawn, trimmed = stage.submit(IMAGE, 10, 11, 12), stage.submit(also, 20, 21, 22)
        chat = stage.submit(CHAT, 30)
        stage.platform.run()
        stage.platform.workers.off |= {CHAT, "q"}
        stage.platform.workers.places.paused = tuple
        stage.platform.advance(minutes=10)  # the leases have ended
        held = stage.held(Limit("3.openai", 4))
        assert (len(held & {one.id for one in [*drawn, *trimmed]}), chat[0].id in held) == (2, True)
        said = str(reader_of(stage).explained(trimmed[2].id)[1])
        assert "2 of them by the queue q, of which at most 2 jobs run at once" in said
        stage.platform.workers.off.clear()
        stage.platform.advance(minutes=5)
        assert set(stage.statuses([*drawn, *trimmed, *chat])) == {Status.COMPLETED}


def test_jobs_that_wait_for_a_wider_limit_do_not_count_as_workers() -> None:
    """They have places of a narrower shared limit, and the next job could run at once."""
    both, narrow = [AtMost(9, by="customer", shared="s"), AtMost(1, by="number", shared="t")], Limit("2.s.acme", 9)
    for stage in stage_of({CHAT: both, IMAGE: both}, image_draw={"function": Function(concurrency=2)}):
        stage.submit(CHAT, 7, customer="globex")
        stage.platform.fail(CHAT, WorkerGone())
        stage.platform.run()
        waiting = stage.submit(IMAGE, 7, 7)
        stage.platform.run()
        assert stage.held(narrow) == {one.id for one in waiting}
        places, others = stage.platform.workers.places, [str(uuid.uuid4()) for _ in range(7)]
        assert all(places.take(narrow, other, "other.1.1") for other in others)
        (free,) = stage.submit(IMAGE, 8)
        stage.platform.run()
        assert stage.status(free) is Status.BLOCKED
        for other in others:
            places.leave(narrow, other, "other.1.1")
        look(stage)
        stage.platform.run()
        assert stage.status(free) is Status.COMPLETED


def test_a_type_whose_import_ends_the_process_stops_no_hand_over(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    (waiting,) = stage.blocked_behind_a_dead_worker((IMAGE, 1))
    declared = jobtype.declared

    def ends(name: str) -> JobType[Any, Any]:
        if name == IMAGE:
            raise SystemExit
        return declared(name)

    monkeypatch.setattr(jobtype, "declared", ends)
    stage.platform.clock.advance(600)
    look(stage)
    assert stage.status(waiting) is Status.QUEUED


def test_a_job_whose_limit_no_type_declares_any_more_says_so(stage: Stage) -> None:
    (waiting,) = stage.blocked_behind_a_dead_worker((IMAGE, 1))
    for kind in jobtype.all_types():
        object.__setattr__(kind, "limits", ())
    assert "No deployment declares the limit" in str(reader_of(stage).explained(waiting.id)[1])


def test_when_one_type_does_not_share_the_limit_any_more_its_jobs_run_without_a_place(stage: Stage) -> None:
    free, waiting = stage.blocked_behind_a_dead_worker((IMAGE, 1), (CHAT, 2))
    object.__setattr__(jobtype.registered[IMAGE], "limits", ())
    stage.platform.clock.advance(600)  # the lease of the dead worker has ended
    lines = Lines(stage.platform.service.dispatcher, stage.platform.workers.places)
    assert [lines.look_at(one, lambda: True) for one in lines.listed()] == [True]
    assert stage.statuses([free, waiting]) == [Status.QUEUED] * 2
    assert stage.held() == {waiting.id}, "nobody would leave the place of the other one"
    stage.platform.advance(minutes=10)
    assert stage.statuses([free, waiting]) == [Status.COMPLETED] * 2
    assert stage.held() == set()


def test_a_worker_that_does_not_know_the_other_types_lets_none_of_their_jobs_run(stage: Stage) -> None:
    """Its own type does not share the limit any more, so this process knows no type that does."""
    waiting, ended = stage.blocked_behind_a_dead_worker((IMAGE, 1), (CHAT, 2))
    before = stage.platform.job(ended)
    chat = jobtype.registered[CHAT]
    object.__setattr__(chat, "limits", (AtMost(1),))
    image = jobtype.registered.pop(IMAGE)
    lines = Lines(stage.platform.service.dispatcher, stage.platform.workers.places, chat)
    lines.leave_ended(before, replace(before, status=Status.CANCELLED, waits=None, passed=None))
    lines.judge(before)
    jobtype.registered[IMAGE] = image
    assert stage.status(waiting) is Status.BLOCKED


def test_when_no_type_declares_the_limit_any_more_all_jobs_go_on(stage: Stage) -> None:
    blocked = stage.blocked_behind_a_dead_worker((IMAGE, 1), (CHAT, 2))
    for kind in jobtype.all_types():
        object.__setattr__(kind, "limits", ())
    dispatcher = stage.platform.service.dispatcher
    lines = Lines(dispatcher, stage.platform.workers.places)
    assert [lines.look_at(one, lambda: True) for one in lines.listed()] == [True]
    assert set(stage.statuses(blocked)) == {Status.QUEUED}


def test_waiting_jobs_of_a_type_without_a_file_get_no_place(stage: Stage) -> None:
    gone, waiting = stage.blocked_behind_a_dead_worker((IMAGE, 1), (CHAT, 2))
    del jobtype.registered[IMAGE]
    stage.platform.workers.off.add(IMAGE)
    stage.platform.clock.advance(600)
    lines = Lines(stage.platform.service.dispatcher, stage.platform.workers.places)
    for one in lines.listed():
        lines.look_at(one, lambda: True)
    assert stage.statuses([gone, waiting]) == [Status.BLOCKED, Status.QUEUED]


def test_a_waiting_job_says_which_shared_limit_it_waits_for(stage: Stage) -> None:
    first, second = stage.blocked_behind_a_dead_worker((IMAGE, 1), (CHAT, 2))
    reader = reader_of(stage)
    taken = "1 of 1 places of the shared limit openai are taken"
    assert [reader.explained(one.id)[1] for one in (first, second)] == [
        f"{taken}; it is the next one.", f"{taken}; 1 job is before it.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "other", [AtMost(2, shared="openai"), AtMost(1, by="customer", shared="openai")], ids=["n", "by"]
)
def test_two_different_declarations_of_a_shared_limit_are_refused(other: AtMost) -> None:
    with pytest.raises(ConfigurationError) as refused:
        next(stage_of({CHAT: [AtMost(1, shared="openai")], IMAGE: [other]}))
    assert all(text in str(refused.value) for text in (CHAT, IMAGE, "openai", other.written))


def test_loading_the_files_finds_two_different_declarations() -> None:
    def run(payload: Ask, ctx: JobContext) -> None: ...

    with only_types():
        for name, n in ((CHAT, 1), (IMAGE, 2)):
            job(name, limits=[AtMost(n, shared="openai")])(run)
        with pytest.raises(ConfigurationError, match=f"{CHAT} and {IMAGE} declare the shared limit openai"):
            jobtype.load()


@pytest.mark.parametrize("name", ["", "Open", "a.b", "a/b", "x" * 41, 7])
def test_the_name_of_a_shared_limit_is_plain(name: Any) -> None:
    with pytest.raises(ConfigurationError, match="shared"):
        AtMost(1, shared=name)
