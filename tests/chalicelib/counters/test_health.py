"""What needs somebody, most urgent first."""

import pytest

from chalicelib.counters.backlog import queued
from chalicelib.counters.health import Dead, Finding, Kind, findings, growth
from chalicelib.counters.port import Acknowledged, ErrorHour, Pause, Standing
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Filter
from tests.support import T0

NOW = T0 + 30


def error(fingerprint: str, last_seen: float, name: str = "a.b") -> ErrorHour:
    return ErrorHour(T0 - 3600, fingerprint, {"type": name, "last_seen": last_seen})


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
        (Kind.GROWING, "c.d", 198),
        (Kind.PAUSED, "e.f", 7),
        (Kind.ERRORS, "a.b", 2),
        (Kind.DEAD_LETTERS, "a.b", 226),
    ]
    assert (found[1].growth, found[1].since) == (38.0, T0 - 97.5)


@pytest.mark.parametrize("looked", [None, []], ids=["nobody looked", "looked at"])
def test_a_dead_letter_that_was_retried_is_none_any_more(looked: list[Dead] | None) -> None:
    minutes = {"a.b": [(T0 - 120, {"dead_lettered": 1}), (T0 - 60, {"requeued": 1, "completed": 1})]}
    assert findings(Standing({("a.b", Status.COMPLETED): 1}), minutes, [], {}, NOW, looked) == []


def test_of_those_that_stand_it_tells_new_from_older_ones_by_themselves() -> None:
    """Three came in this hour and two of them were retried: the counters alone would take two older ones for new."""
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
    """The counters tell of whole minutes, and the jobs themselves of milliseconds."""
    died = T0 + second
    standing, dead = Standing({("a.b", Status.DEAD_LETTER): 1}), [Dead("a.b", "f1", died)] if marks else None
    for later in (3500, *range(3590, 3610), *range(3650, 3670), 3700):
        now = died + later
        # as counters give them: the minute in which the asked time begins is one of them
        minutes = [(T0, {"dead_lettered": 1})] if now < T0 + 3660 else []
        kinds = [one.kind for one in findings(standing, {"a.b": minutes}, [], marks, now, dead)]
        assert kinds == [Kind.NEW_DEAD_LETTERS if now <= T0 + 3600 else Kind.DEAD_LETTERS], later
