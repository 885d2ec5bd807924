"""Dead letters that health looks at: which of them somebody knows of."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.counters.health import Dead, Finding, Kind, findings
from chalicelib.counters.history import LOOK_AGAIN, LOOK_ANYWAY, MOST_DEAD, DeadLetters
from chalicelib.counters.port import Acknowledged, Standing
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter, Page
from tests.support import T0, Clock, a_job

NOW = T0 + 30
MARKS = {"f1": Acknowledged("ada", T0 - 5000), "f2": Acknowledged("ada", T0 - 10)}


ALL = Filter(type="a.b", status=Status.DEAD_LETTER)


def older(
    dead: Sequence[Dead] | None, counted: int | None = None, *, marks: dict[str, Acknowledged] = MARKS
) -> list[Finding]:
    """What is found of a type with so many dead letters by its counters: just those that were seen, or nine."""
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
    """A store that notes its pages."""

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
    jobs = [
        a_job(status=Status.DEAD_LETTER, fingerprint="f1", finished_at=T0, created_at=T0 + n) for n in range(number)
    ]
    for job in jobs:
        store.add(job)
    return jobs


def test_it_looks_again_after_half_a_minute_when_their_number_has_changed(
    store: Watched, letters: DeadLetters, clock: Clock
) -> None:
    add(store, 120)
    seen = letters.look(store.standing())
    assert (seen and len(seen), seen and seen[0], store.asked) == (120, Dead("email.send", "f1", T0), 2)
    add(store, 1)
    clock.now += LOOK_AGAIN - 1
    assert letters.look(store.standing()) is seen
    clock.now += 1
    assert len(letters.look(store.standing()) or ()) == 121


def test_it_looks_again_after_minutes_because_one_may_have_left_as_another_came(
    store: Watched, letters: DeadLetters, clock: Clock
) -> None:
    first = add(store, 1)[0]
    letters.look(store.standing())
    store._jobs[first.id] = replace(first, fingerprint="f2")
    clock.now += LOOK_ANYWAY - 1
    assert letters.look(store.standing()) == [Dead("email.send", "f1", T0)]
    clock.now += 1
    assert letters.look(store.standing()) == [Dead("email.send", "f2", T0)]


def test_it_does_not_look_where_there_are_none_or_too_many(store: Watched, letters: DeadLetters) -> None:
    assert letters.look(Standing({("a.b", Status.FAILED): 3})) == ()
    assert letters.look(Standing({("a.b", Status.DEAD_LETTER): MOST_DEAD, ("c.d", Status.DEAD_LETTER): 1})) is None
    assert store.asked == 0


def test_more_than_the_counters_tell_of_are_unknown_and_looked_at_again_soon(
    store: Watched, letters: DeadLetters, clock: Clock
) -> None:
    add(store, MOST_DEAD + 101)
    late = Standing({("email.send", Status.DEAD_LETTER): 1})
    assert letters.look(late) is None
    assert store.asked == MOST_DEAD // 100 + 1
    for job in list(store._jobs.values())[1:]:
        store._jobs[job.id] = replace(job, status=Status.QUEUED)
    clock.now += LOOK_AGAIN
    assert len(letters.look(late) or ()) == 1
