"""Test the findings that need attention, most urgent first."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.counters.constants import DEAD_LETTERS_READ_AGAIN, DEAD_LETTERS_READ_ANYWAY, MOST_DEAD_LETTERS_READ
from chalicelib.counters.health import Dead, Finding, Kind, findings, growth
from chalicelib.counters.history import DeadLetters
from chalicelib.counters.port import Acknowledged, ErrorHour, Pause, Standing
from chalicelib.counters.troubles import Condition, Troubles
from chalicelib.counters.wait_times import queued
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter, Page
from tests.support import T0, Clock, a_job

NOW = T0 + 30


def error(fingerprint: str, last_seen: float, name: str = "a.b", error_class: str = "Timeout") -> ErrorHour:
    return ErrorHour(T0 - 3600, fingerprint, {"type": name, "last_seen": last_seen, "error_class": error_class})


def test_a_growing_backlog_does_not_hide_behind_dead_letters_and_new_ones_come_first() -> None:
    standing = Standing(
        {("a.b", Status.DEAD_LETTER): 229, ("c.d", Status.QUEUED): 198, ("e.f", Status.QUEUED): 7},
        {"c.d": queued(T0 - 100, NOW)},
        {"e.f": Pause(T0 - 60)},
    )
    minutes = {
        "a.b": [(T0 - 120, {"dead_lettered": 3})],
        "c.d": [(T0 - 60 * n, {"created": 50, "completed": 12}) for n in range(5, 0, -1)],
        "e.f": [(T0 - 60 * n, {"created": 50}) for n in range(5, 0, -1)],
    }
    found = findings(standing, minutes, [error("f1", T0), error("f1", T0), error("f2", T0)], {}, NOW)
    assert [(one.kind, one.type, one.number) for one in found] == [
        (Kind.NEW_DEAD_LETTERS, "a.b", 3),
        (Kind.PAUSED, "e.f", 7),
        (Kind.GROWING, "c.d", 198),
        (Kind.ERRORS, "a.b", 2),
        (Kind.DEAD_LETTERS, "a.b", 226),
    ]
    assert (found[2].growth, found[2].since) == (38.0, T0 - 97.5)


def test_a_type_for_which_an_alarm_rings_is_found_and_dead_letters_and_pauses_only_once() -> None:
    causes = {
        (Condition.NOT_STARTING, "a.b"): T0, (Condition.FAILURE_RATIO, "c.d"): T0, (Condition.DEAD_LETTERS, "a.b"): T0,
        (Condition.PAUSED, "c.d"): T0,
    }  # fmt: skip
    totals = {("a.b", Status.QUEUED): 4, ("c.d", Status.FAILED): 9}
    found = findings(Standing(totals, troubles=Troubles(causes)), {"a.b": [], "c.d": []}, [], {}, NOW)
    assert [(one.kind, one.type, one.number) for one in found] == [
        (Kind.NOT_STARTING, "a.b", 4),
        (Kind.FAILURE_RATIO, "c.d", 9),
    ]
    assert found[1].which == Filter(type="c.d", status=Status.FAILED)


@pytest.mark.parametrize("condition", [Condition.FAILURE_RATIO, Condition.IN_FLIGHT])
def test_when_the_jobs_that_failed_are_settled_no_finding_is_about_none_of_them(condition: Condition) -> None:
    rings = Troubles({(condition, "c.d"): T0})
    assert findings(Standing({}, troubles=rings), {"c.d": []}, [], {}, NOW) == []


def test_a_job_that_asked_to_run_later_needs_no_attention() -> None:
    later = error("f1", T0, error_class="RetryLater")
    assert findings(Standing({}), {"a.b": []}, [later], {}, NOW) == []
    [found] = findings(Standing({}), {"a.b": []}, [later, error("f2", T0)], {}, NOW)
    assert (found.kind, found.number) == (Kind.ERRORS, 1)


@pytest.mark.parametrize("looked", [None, []], ids=["nobody looked", "looked at"])
def test_a_dead_letter_that_was_retried_is_none_any_more(looked: list[Dead] | None) -> None:
    minutes = {"a.b": [(T0 - 120, {"dead_lettered": 1}), (T0 - 60, {"requeued": 1, "completed": 1})]}
    assert findings(Standing({("a.b", Status.COMPLETED): 1}), minutes, [], {}, NOW, looked) == []


def test_of_those_that_stand_it_tells_new_from_older_ones_by_themselves() -> None:
    """Three jobs were dead-lettered in this hour, two of them were retried.

    From counters alone, two older ones would look new.
    """
    twice = {"a.b": [(T0 - 600, {"dead_lettered": 1}), (T0 - 60, {"dead_lettered": 1})]}
    [found_once] = findings(Standing({("a.b", Status.DEAD_LETTER): 1}), twice, [], {}, NOW)
    assert (found_once.kind, found_once.number) == (Kind.NEW_DEAD_LETTERS, 1), "a job that died twice is one"
    minutes = {"a.b": [(T0 - 600, {"dead_lettered": 3}), (T0 - 60, {"requeued": 2})]}
    dead = [Dead("a.b", "f1", T0 - 600), Dead("a.b", "f1", T0 - 9000), Dead("a.b", "f1", T0 - 8000)]
    found = findings(Standing({("a.b", Status.DEAD_LETTER): 3}), minutes, [], {}, NOW, dead)
    assert [(one.kind, one.number) for one in found] == [(Kind.NEW_DEAD_LETTERS, 1), (Kind.DEAD_LETTERS, 2)]


def test_a_backlog_that_shrinks_says_when_it_is_gone() -> None:
    minutes = [(T0 - 60 * n, {"completed": 30}) for n in range(5, -1, -1)]
    [found] = findings(Standing({("a.b", Status.QUEUED): 45}), {"a.b": minutes}, [], {}, NOW)
    queue = Filter(type="a.b", status=Status.QUEUED)
    assert found == Finding(Kind.DRAINING, "a.b", 45, growth=-30.0, drain_eta=found.drain_eta, which=queue)
    assert found.drain_eta is not None


def test_what_is_acknowledged_is_quiet_until_it_comes_again() -> None:
    marks = {"f1": Acknowledged("ada", T0)}
    none = Standing({})
    assert findings(none, {"a.b": []}, [error("f1", T0 - 1)], marks, NOW) == []
    [found] = findings(none, {"a.b": []}, [error("f1", T0 + 1)], marks, NOW)
    assert (found.kind, found.number) == (Kind.ERRORS, 1)


def test_growth_is_of_whole_minutes_only() -> None:
    minutes = [
        (T0 - 360, {"created": 600}),
        (T0 - 60, {"created": 10, "requeued": 5, "cancelled": 5}),
        (T0, {"created": 99}),
    ]
    assert growth(minutes, NOW) == 2.0


@pytest.mark.parametrize("second", [0.0, 0.001, 17.25, 30.0, 59.999])
@pytest.mark.parametrize("marks", [{}, {"f9": Acknowledged("ada", T0)}], ids=["nobody looked", "looked at"])
def test_a_dead_letter_is_in_one_finding_at_every_second(second: float, marks: dict[str, Acknowledged]) -> None:
    """The counters contain whole minutes, and the jobs milliseconds."""
    died = T0 + second
    standing, dead = Standing({("a.b", Status.DEAD_LETTER): 1}), [Dead("a.b", "f1", died)] if marks else None
    for later in (3500, *range(3590, 3610), *range(3650, 3670), 3700):
        now = died + later
        # as in the counters: the minute of the requested start is included
        minutes = [(T0, {"dead_lettered": 1})] if now < T0 + 3660 else []
        kinds = [one.kind for one in findings(standing, {"a.b": minutes}, [], marks, now, dead)]
        assert kinds == [Kind.NEW_DEAD_LETTERS if now <= T0 + 3600 else Kind.DEAD_LETTERS], later


MARKS = {"f1": Acknowledged("ada", T0 - 5000), "f2": Acknowledged("ada", T0 - 10)}


ALL = Filter(type="a.b", status=Status.DEAD_LETTER)


def older(
    dead: Sequence[Dead] | None, counted: int | None = None, *, marks: dict[str, Acknowledged] = MARKS
) -> list[Finding]:
    """Return the findings about a type with that many dead letters in its counters, only nine of which can be read."""
    if counted is None:
        counted = 9 if dead is None else sum(one.type == "a.b" for one in dead)
    standing = Standing({("a.b", Status.DEAD_LETTER): counted})
    return findings(standing, {"a.b": []}, [], marks, NOW, dead)


def dead(fingerprint: str | None, *at: float) -> list[Dead]:
    return [Dead("a.b", fingerprint, one) for one in at]


def test_what_was_there_when_its_error_was_acknowledged_is_known_and_what_came_later_is_not() -> None:
    [found] = older(dead("f1", T0 - 9000, T0 - 5000, T0 - 4999) + dead("f3", T0 - 9000) + dead(None, T0 - 9000))
    assert (found.number, found.acknowledged, found.fingerprint) == (5, 2, "f1")
    [found] = older([Dead("c.d", "f1", T0 - 9000), *dead("f3", T0 - 9000)])
    assert (found.number, found.acknowledged, found.fingerprint) == (1, 0, None), "those of another type do not count"


def test_those_of_the_last_hour_are_not_older_although_somebody_knows_of_them() -> None:
    new, found = older(dead("f2", T0 - 3000, T0 - 8000) + dead("f1", T0 - 9000))
    assert (new.kind, new.number) == (Kind.NEW_DEAD_LETTERS, 1)
    assert (found.kind, found.number, found.acknowledged, found.fingerprint) == (Kind.DEAD_LETTERS, 2, 2, None)
    assert [one.kind for one in older(dead("f2", T0 - 3000))] == [Kind.NEW_DEAD_LETTERS]


def test_where_the_counters_have_another_number_than_was_seen_theirs_is_told() -> None:
    for counted, known in ((9, 2), (1, 1)):
        [found] = older(dead("f1", T0 - 9000, T0 - 8000), counted)
        assert (found.number, found.acknowledged, found.which) == (counted, known, ALL)


@pytest.mark.parametrize(("marks", "acknowledged"), [(MARKS, None), ({}, 0)], ids=["unknown, not zero", "no mark"])
def test_what_nobody_has_looked_at(marks: dict[str, Acknowledged], acknowledged: int | None) -> None:
    assert older(None, marks=marks) == [Finding(Kind.DEAD_LETTERS, "a.b", 9, acknowledged=acknowledged, which=ALL)]


class Watched(MemoryJobStore):
    """A store that records which pages are read."""

    asked = 0

    def page(self, which: Filter, limit: int, position: str | None = None, offset: int = 0) -> Page:
        self.asked += 1
        return super().page(which, limit, position, offset)

    def standing(self) -> Standing:
        return Standing(self.totals())


@pytest.fixture
def store(clock: Clock) -> Watched:
    return Watched(clock)


@pytest.fixture
def letters(store: Watched, clock: Clock) -> DeadLetters:
    return DeadLetters(store, clock)


def add(store: Watched, number: int) -> list[Job]:
    failed = {"status": Status.DEAD_LETTER, "fingerprint": "f1", "finished_at": T0}
    jobs = [a_job(created_at=T0 + n, **failed) for n in range(number)]
    for job in jobs:
        store.add(job)
    return jobs


def test_it_looks_again_soon_when_their_number_has_changed_and_after_minutes_anyway(
    store: Watched, letters: DeadLetters, clock: Clock
) -> None:
    first = add(store, 120)[0]
    seen = letters.look(store.standing())
    assert (seen and len(seen), seen and seen[0], store.asked) == (120, Dead("email.send", "f1", T0), 2)
    add(store, 1)
    clock.now += DEAD_LETTERS_READ_AGAIN - 1
    assert letters.look(store.standing()) is seen
    clock.now += 1
    assert len(letters.look(store.standing()) or ()) == 121
    store._jobs[first.id] = replace(first, fingerprint="f2")
    for passed, different in ((DEAD_LETTERS_READ_ANYWAY - 1, 0), (1, 1)):
        clock.now += passed
        found = letters.look(store.standing()) or ()
        assert sum(one.fingerprint == "f2" for one in found) == different, "one may have left as another came"


def test_it_does_not_look_where_there_are_none_or_too_many(store: Watched, letters: DeadLetters) -> None:
    assert letters.look(Standing({("a.b", Status.FAILED): 3})) == ()
    assert (
        letters.look(Standing({("a.b", Status.DEAD_LETTER): MOST_DEAD_LETTERS_READ, ("c.d", Status.DEAD_LETTER): 1}))
        is None
    )
    assert store.asked == 0


def test_more_than_the_counters_tell_of_are_unknown_and_looked_at_again_soon(
    store: Watched, letters: DeadLetters, clock: Clock
) -> None:
    add(store, MOST_DEAD_LETTERS_READ + 101)
    late = Standing({("email.send", Status.DEAD_LETTER): 1})
    assert letters.look(late) is None
    assert store.asked == MOST_DEAD_LETTERS_READ // 100 + 1
    for job in list(store._jobs.values())[1:]:
        store._jobs[job.id] = replace(job, status=Status.QUEUED)
    clock.now += DEAD_LETTERS_READ_AGAIN
    assert len(letters.look(late) or ()) == 1
