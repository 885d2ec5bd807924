"""Let jobs take places of several limits: in one order, kept while they wait for a wider one, all left at the end."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import AtMost, JobContext, RetryLater, job
from chalicelib.errors import ConfigurationError, LimitBusy
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.transitions import waited_limit
from chalicelib.limits.ids import limits_of
from chalicelib.limits.places import Limit, Waiter
from chalicelib.operating.lines import Lines, StoredJobs, limited
from chalicelib.watchdog.run import Watchdog
from jobflow.testing import WorkerGone
from tests.chalicelib.api.support import only_types
from tests.chalicelib.worker.test_shared_limits import (
    CHAT,
    IMAGE,
    ONE,
    Ask,
    Stage,
    look,
    reader_of,
    stage_of,
    woken_of_a_paused_type,
)

EACH = AtMost(1, by="customer")
SHARED = AtMost(1, shared="openai")
ACME = Limit(f"0.{CHAT}.acme", 1)


@pytest.fixture
def stage() -> Iterator[Stage]:
    """The jobs of a customer run one at a time, and one job of both types at once."""
    yield from stage_of({CHAT: [SHARED, EACH], IMAGE: [SHARED]})


def line_of(stage: Stage, limit: Limit) -> list[str]:
    return [one.job for one in stage.platform.workers.places.first(limit, {CHAT, IMAGE}, 100)]


def holding(stage: Stage) -> Job:
    """Block a job that has the place of its customer, behind a job of the other type whose worker dies; return it."""
    stage.submit(IMAGE, 0)
    stage.platform.fail(IMAGE, WorkerGone())
    stage.platform.run()
    (held,) = stage.submit(CHAT, 1)
    stage.platform.run()
    assert (waited_limit(stage.platform.job(held)), stage.held(ACME)) == (ONE.id, {held.id})
    return held


def test_places_are_taken_from_narrow_to_wide() -> None:
    declared = [AtMost(9, shared="b"), AtMost(9, by="customer", shared="a"), AtMost(9, shared="a"), AtMost(9), EACH]
    found = limits_of("a.b", declared, {"customer": "x"})
    assert [one.id for one in found] == ["0.a.b.x", "1.a.b", "2.a.x", "3.a", "3.b"]


def test_a_job_keeps_its_place_while_it_waits_for_a_wider_one(stage: Stage) -> None:
    held = holding(stage)
    (second,) = stage.submit(CHAT, 2)
    (other,) = stage.submit(CHAT, 3, customer="globex")
    stage.platform.run()
    assert [waited_limit(stage.platform.job(one)) for one in (second, other)] == [ACME.id, ONE.id]
    assert stage.platform.job(held).attempts == 0
    stage.platform.advance(minutes=10)
    assert set(stage.statuses([held, second, other])) == {Status.COMPLETED}
    assert ([number for number in stage.begun if number], stage.most) == ([1, 3, 2], 1)
    assert stage.held(ACME) == stage.held() == set()


def test_a_message_that_comes_again_lists_the_limits_of_its_job_for_the_watchdog(stage: Stage) -> None:
    """The worker may have died when it had marked a limit, and not listed it. The job has got that place since."""
    held = holding(stage)
    stage.submit(CHAT, 2)
    stage.platform.run()
    places = stage.platform.workers.places
    lines = Lines(stage.platform.service.dispatcher, places)
    for act in (lines.wait_again, lines.judge):
        for one in places.listed():
            places.strike(one)
        act(stage.platform.job(held))
        assert ACME.id in {one.limit for one in places.listed()}


def test_a_job_waits_at_most_once_for_each_limit(stage: Stage) -> None:
    holding(stage)
    (second,) = stage.submit(CHAT, 2)
    stage.platform.run()
    stage.platform.advance(minutes=10)
    assert stage.status(second) is Status.COMPLETED
    assert stage.platform.job(second).claims <= 3
    assert stage.platform.job(second).attempts == 1


def test_a_waiting_job_says_for_which_of_its_limits(stage: Stage) -> None:
    held = holding(stage)
    (second,) = stage.submit(CHAT, 2)
    stage.platform.run()
    reader = reader_of(stage)
    assert [reader.explained(one.id)[1] for one in (held, second)] == [
        "1 of 1 places of the shared limit openai are taken; it is the next one.",
        f"1 of 1 places of {CHAT} for acme are taken; it is the next one.",
    ]


def test_a_job_that_is_cancelled_while_it_waits_leaves_the_places_that_it_has(stage: Stage) -> None:
    held = holding(stage)
    (second,) = stage.submit(CHAT, 2)
    stage.platform.run()
    stage.platform.cancel(held)
    assert (stage.held(ACME), line_of(stage, ONE)) == ({second.id}, [])
    stage.platform.advance(minutes=10)
    assert stage.status(second) is Status.COMPLETED


def test_a_job_that_expires_while_it_waits_leaves_the_places_that_it_has(stage: Stage) -> None:
    stage.submit(IMAGE, 0)
    stage.platform.fail(IMAGE, WorkerGone())
    stage.platform.run()
    held = stage.platform.submit(CHAT, {"number": 1}, expires=60)
    stage.platform.run()
    assert stage.held(ACME) == {held.id}
    stage.platform.advance(minutes=3)
    assert (stage.status(held), stage.held(ACME)) == (Status.CANCELLED, set())


def later(_: JobContext) -> None:
    raise RetryLater(3600)


def fails(_: JobContext) -> None:
    raise ConnectionError


@pytest.mark.parametrize(
    "act", [later, fails, lambda ctx: ctx.sleep(3600, name="night")], ids=["later", "error", "nap"]
)
def test_a_job_that_goes_on_later_leaves_all_its_places(stage: Stage, act: Any) -> None:
    (one,) = stage.submit(CHAT, 1)
    stage.during[1] = act
    stage.platform.run()
    assert stage.status(one) in (Status.RETRYING, Status.SUSPENDED)
    assert stage.held(ACME) == stage.held() == set()


def test_a_job_that_is_given_up_leaves_all_its_places(stage: Stage) -> None:
    one = stage.platform.submit(CHAT, {"number": 1}, max_attempts=1)
    stage.platform.fail(CHAT, WorkerGone())
    stage.platform.run()
    assert stage.held(ACME) == stage.held() == {one.id}
    stage.platform.advance(minutes=10)
    assert stage.status(one) is Status.DEAD_LETTER
    assert stage.held(ACME) == stage.held() == set()


def test_a_place_is_left_although_another_one_could_not_be_left(stage: Stage) -> None:
    (one,) = stage.submit(CHAT, 1)
    places = stage.platform.workers.places
    leave = places.leave

    def refuses(limit: Limit, *about: Any) -> bool:
        if limit == ACME:
            raise TimeoutError
        return leave(limit, *about)

    places.leave = refuses  # type: ignore[assignment,method-assign]
    stage.platform.run()
    places.leave = leave  # type: ignore[method-assign]
    assert (stage.status(one), stage.held(ACME), stage.held()) == (Status.COMPLETED, {one.id}, set())
    stage.platform.clock.advance(10)
    stage.platform.run()
    assert stage.held(ACME) == set()


def test_a_job_whose_wide_limit_is_busy_gives_its_narrow_place_back(stage: Stage) -> None:
    (one,) = stage.submit(CHAT, 1)
    places = stage.platform.workers.places
    take = places.take

    def refuses(limit: Limit, *about: Any) -> bool:
        if limit == ONE:
            raise LimitBusy
        return take(limit, *about)

    places.take = refuses  # type: ignore[assignment,method-assign]
    stage.platform.run()
    assert (stage.status(one), stage.held(ACME)) == (Status.RETRYING, set())
    places.take = take  # type: ignore[method-assign]
    stage.platform.advance(minutes=1)
    assert stage.status(one) is Status.COMPLETED


def test_a_deploy_that_adds_a_limit_holds_for_jobs_that_wait_already(stage: Stage) -> None:
    """They take its place at their next claim."""
    object.__setattr__(stage.platform._kinds[0], "limits", (SHARED,))
    stage.submit(IMAGE, 0)
    stage.platform.fail(IMAGE, WorkerGone())
    stage.platform.run()
    held = stage.submit(CHAT, 1, 2)
    stage.platform.run()
    object.__setattr__(stage.platform._kinds[0], "limits", (SHARED, EACH))
    stage.platform.advance(minutes=10)
    assert set(stage.statuses(held)) == {Status.COMPLETED}
    assert stage.held(ACME) == stage.held() == set()
    assert stage.most == 1


def test_a_watchdog_puts_a_job_into_its_line_again_with_the_places_that_it_has(stage: Stage) -> None:
    """Its worker died before the job stood in the line, and its message is lost."""
    stage.submit(IMAGE, 0)
    stage.platform.fail(IMAGE, WorkerGone())
    stage.platform.run()
    places = stage.platform.workers.places
    stand = places.stand

    def dies(*_: Any) -> None:
        raise WorkerGone

    places.stand = dies  # type: ignore[assignment,method-assign]
    (held,) = stage.submit(CHAT, 1)
    stage.platform.run()
    places.stand = stand  # type: ignore[method-assign]
    assert (stage.status(held), line_of(stage, ONE)) == (Status.BLOCKED, [])
    stage.platform.queue.messages[CHAT].clear()
    stage.platform.workers.off.add(CHAT)
    stage.platform.clock.advance(7 * 3600)
    Watchdog(stage.platform.service.dispatcher, [CHAT, IMAGE])._line_up(
        stage.platform.job(held), stage.platform.clock.now
    )
    (row,) = places.first(ONE, {CHAT}, 2)
    assert (row.job, row.holds) == (held.id, (ACME.id,))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ([AtMost(1), AtMost(2)], "without by"),
        ([AtMost(1, by="customer"), AtMost(2, by="number")], "with by"),
        ([AtMost(1, shared="a"), AtMost(1, shared="a")], "names a twice"),
        ([AtMost(1, shared="a"), AtMost(1, by="customer", shared="a")], "names a twice"),
        ([AtMost(1, shared=name) for name in "abcde"], "4 are possible"),
        ([AtMost(1), AtMost(1, by="unknown", shared="a")], "does not have"),
    ],
)
def test_limits_that_cannot_be_told_apart_are_refused(limits: list[AtMost], said: str) -> None:
    def run(payload: Ask, ctx: JobContext) -> None: ...

    with only_types(), pytest.raises(ConfigurationError, match=said):
        job(CHAT, limits=limits)(run)


@pytest.mark.parametrize("slow", ["", "at once", "later"])
def test_a_job_that_has_a_wide_place_when_a_deploy_adds_a_narrow_limit_blocks_nobody_for_ever(
    stage: Stage, slow: str
) -> None:
    """One job would have the wide place and wait for the narrow one, another one the other way round.

    `slow`: when a process gives the first job the wide place a second time, after the job has left it; "later": after
    the limit was busy, and the job stands in the line of the narrow limit.
    """
    kind = stage.platform._kinds[0]
    object.__setattr__(kind, "limits", (SHARED,))
    stage.submit(IMAGE, 0)
    stage.platform.fail(IMAGE, WorkerGone())
    stage.platform.run()
    (first,) = stage.submit(CHAT, 1)
    stage.platform.run()
    stage.platform.workers.off.add(CHAT)
    places = stage.platform.workers.places
    (row,) = places.first(ONE, {CHAT}, 9)
    paused, places.paused = places.paused, tuple
    stage.platform.advance(minutes=10)
    assert (stage.status(first), stage.held()) == (Status.QUEUED, {first.id})
    stage.platform.workers.off.clear()
    places.paused = paused
    object.__setattr__(kind, "limits", (SHARED, EACH))
    (second,) = stage.submit(CHAT, 2)
    stage.platform.attempt(second)
    assert (stage.status(second), stage.held(ACME)) == (Status.BLOCKED, {second.id})
    leave, stand = places.leave, places.stand

    def gives_again(limit: Limit, job: str, name: str) -> bool:
        waits = leave(limit, job, name)
        if slow and (limit, job) == (ONE, first.id):
            places.leave = leave  # type: ignore[method-assign]
            if slow == "later":
                raise LimitBusy
            assert places.grant(ONE, row)
        return waits

    def gives_again_later(limit: Limit, waiter: Waiter) -> None:
        stand(limit, waiter)
        if slow == "later" and (limit, waiter.job) == (ACME, first.id):
            places.stand = stand  # type: ignore[method-assign]
            assert places.grant(ONE, row)

    places.leave, places.stand = gives_again, gives_again_later  # type: ignore[method-assign]
    stage.platform.advance(minutes=3)
    assert stage.statuses([first, second]) == [Status.COMPLETED] * 2
    assert stage.most == 1


def test_a_job_of_a_paused_type_that_waits_again_leaves_its_narrower_places() -> None:
    each = Limit(f"0.{IMAGE}.acme", 1)
    for stage in stage_of({CHAT: [SHARED], IMAGE: [SHARED, EACH]}):
        paused = woken_of_a_paused_type(stage, 2)
        (waiting,) = stage.submit(CHAT, 3)
        (after,) = stage.submit(IMAGE, 4)
        stage.platform.run()
        assert (stage.held(), stage.held(each)) == ({paused.id}, {paused.id})
        look(stage)
        assert stage.statuses([paused, waiting]) == [Status.BLOCKED, Status.QUEUED]
        assert (stage.held(), stage.held(each)) == ({waiting.id}, set())
        stage.platform.workers.off.clear()
        stage.platform.advance(minutes=3)
        assert stage.statuses([paused, waiting, after]) == [Status.COMPLETED] * 3
        assert stage.most == 1


@pytest.mark.parametrize("own", [CHAT, None])
def test_a_job_waits_again_although_its_payload_cannot_be_read(stage: Stage, own: str | None) -> None:
    """A worker may not read the payloads of other types that are stored separately; or S3 does not answer."""
    held = stage.platform.job(holding(stage))
    dispatcher = stage.platform.service.dispatcher

    def refuses(job: str) -> Job:
        raise PermissionError(job)

    kind = None if own is None else replace(stage.platform._kinds[0], name="email.send")
    jobs = StoredJobs(dispatcher, {held.id: replace(held, payload=None)}, kind)
    get, dispatcher.store.get = dispatcher.store.get, refuses  # type: ignore[method-assign,assignment]
    assert jobs.narrower(limited(held, 0), ONE) == ()
    dispatcher.store.get = get  # type: ignore[method-assign]


def test_a_deploy_that_lowers_a_narrow_limit_counts_for_jobs_that_wait_for_a_wide_one() -> None:
    """They were cancelled, and the API's process died before it left their places."""
    acme = Limit(f"0.{CHAT}.acme", 3)
    for stage in stage_of({CHAT: [SHARED, AtMost(3, by="customer")], IMAGE: [SHARED]}):
        stage.submit(IMAGE, 0)
        stage.platform.fail(IMAGE, WorkerGone())
        stage.platform.run()
        first = stage.submit(CHAT, 1, 2, 3)
        stage.platform.run()
        more = stage.submit(CHAT, 4, 5, 6)
        stage.platform.run()
        assert stage.held(acme) == {one.id for one in first}
        object.__setattr__(stage.platform._kinds[0], "limits", (SHARED, AtMost(1, by="customer")))
        places = stage.platform.workers.places
        leave, places.leave = places.leave, refuses  # type: ignore[method-assign]
        for one in first:
            stage.platform.cancel(one)
        places.leave = leave  # type: ignore[method-assign]
        assert stage.held(acme) == {one.id for one in first}
        stage.platform.clock.advance(600)
        lines = Lines(stage.platform.service.dispatcher, places)
        for listed in lines.listed():
            if listed.limit == ONE.id:
                lines.look_at(listed, lambda: True)
        assert stage.held(acme) == {more[0].id}


def refuses(limit: Limit, job: str, name: str) -> bool:
    raise TimeoutError


def test_a_job_that_is_cancelled_when_it_must_wait_leaves_the_places_that_it_has(stage: Stage) -> None:
    stage.submit(IMAGE, 0)
    stage.platform.fail(IMAGE, WorkerGone())
    stage.platform.run()
    (one,) = stage.submit(CHAT, 1)
    places = stage.platform.workers.places
    take = places.take

    def cancels(limit: Limit, *about: Any) -> bool:
        taken = take(limit, *about)
        if limit == ONE:
            assert not taken
            stage.platform.cancel(one)
        return taken

    places.take = cancels  # type: ignore[assignment,method-assign]
    stage.platform.run()
    places.take = take  # type: ignore[method-assign]
    assert (stage.status(one), stage.held(ACME)) == (Status.CANCELLED, set())


def test_a_worker_clears_no_long_lines_however_many_limits_its_job_has(stage: Stage) -> None:
    places, made = stage.platform.workers.places, list[str]()
    step_out = places.step_out

    def lost(*_: Any) -> None:
        raise TimeoutError

    def counts(limit: Limit, *about: Any) -> None:
        made.append(limit.id)
        step_out(limit, *about)

    def others(_: JobContext) -> None:
        waiting = [*stage.submit(CHAT, *range(2, 40)), *stage.submit(IMAGE, *range(40, 80))]
        stage.platform.run()
        assert set(stage.statuses(waiting)) == {Status.BLOCKED}
        places.step_out = lost  # type: ignore[assignment,method-assign]
        for one in waiting:
            stage.platform.cancel(one)
        places.step_out = counts  # type: ignore[assignment,method-assign]

    stage.submit(CHAT, 1)
    stage.during[1] = others
    stage.platform.run()
    assert 0 < len(made) <= 25
