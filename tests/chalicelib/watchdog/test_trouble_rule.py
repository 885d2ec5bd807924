"""Test the rule about types in trouble: for each failure of a type which condition is true, and for how long."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.counters.port import Latest
from chalicelib.counters.troubles import MEASURED, Condition, Trouble, Troubles, read, written
from chalicelib.watchdog.constants import CALM, DUE_UNCLAIMED, HOLD, LEAST_OLD, MOST_IN_FLIGHT
from chalicelib.watchdog.trouble_rule import QueueSeen, TypeSeen, after, causes, is_news, message, told

NOW = 1_900_000_000.0
HEALTHY = TypeSeen("order.place", Latest(claimed_at=NOW - 5), late=30.0)
STUCK = TypeSeen("order.place", Latest(claimed_at=NOW - 300), late=DUE_UNCLAIMED)
QUEUE = QueueSeen("order.place", [HEALTHY], in_flight=3)


def seen(kind: TypeSeen = HEALTHY, **facts: Any) -> list[Trouble]:
    """Return the troubles that a run finds for a queue with this type and these facts."""
    return sorted(causes(replace(QUEUE, types=[kind], **facts), NOW))


FAILURES: dict[str, tuple[TypeSeen, dict[str, Any], Condition]] = {
    "a job used up its attempts": (replace(HEALTHY, latest=Latest(dead_at=NOW - 60)), {}, Condition.DEAD_LETTERS),
    "its function cannot start": (STUCK, {}, Condition.NOT_STARTING),
    "a worker ran out of time or memory": (
        replace(HEALTHY, latest=Latest(lost_at=NOW - 60, claimed_at=NOW)), {}, Condition.NOT_STARTING,
    ),
    "no worker takes its messages": (replace(STUCK, late=LEAST_OLD), {"in_flight": 0}, Condition.OLDEST_JOB),
    "its workers are too slow": (replace(HEALTHY, late=LEAST_OLD), {"running": True}, Condition.OLDEST_JOB),
    "many of its jobs fail": (replace(HEALTHY, ended=20, failed=2), {}, Condition.FAILURE_RATIO),
    "too many of its jobs back off": (HEALTHY, {"in_flight": MOST_IN_FLIGHT + 1}, Condition.IN_FLIGHT),
    "it is paused by itself": (HEALTHY, {"paused": True, "paused_by_itself": True}, Condition.PAUSED),
}  # fmt: skip


@pytest.mark.parametrize("failure", FAILURES)
def test_each_failure_of_a_type_makes_its_condition_true(failure: str) -> None:
    kind, facts, condition = FAILURES[failure]
    assert seen(kind, **facts) == [(condition, "order.place")]


def test_every_condition_is_about_some_failure() -> None:
    assert {condition for _, _, condition in FAILURES.values()} == set(MEASURED)


def test_a_healthy_type_is_not_in_trouble() -> None:
    assert seen() == []
    assert seen(replace(HEALTHY, ended=100, failed=5)) == [], "five in a hundred"
    assert seen(replace(HEALTHY, ended=19, failed=19)) == [], "too few to judge"
    assert seen(in_flight=None) == []


@pytest.mark.parametrize("facts", [{"running": True}, {"starts_late": True}, {"paused": True}, {"in_flight": 0}])
def test_a_job_that_waits_for_a_good_reason_does_not_show_a_function_that_cannot_start(facts: dict[str, int]) -> None:
    assert seen(STUCK, **facts) == []


def test_a_function_that_waits_for_fuller_batches_has_more_time_to_start() -> None:
    assert seen(STUCK, starts_after=DUE_UNCLAIMED + 300) == []


def test_the_claim_of_any_type_of_a_queue_shows_that_its_function_starts() -> None:
    other = replace(HEALTHY, name="order.cancel")
    assert causes(replace(QUEUE, types=[STUCK, other]), NOW) == {}


def test_the_jobs_of_a_queue_that_fail_count_together_and_its_types_are_named() -> None:
    kinds = [replace(HEALTHY, name=f"mail.n{number}", ended=10, failed=number) for number in range(3)]
    found = causes(QueueSeen("mail", kinds), NOW)
    assert sorted(found) == [(Condition.FAILURE_RATIO, "mail.n1"), (Condition.FAILURE_RATIO, "mail.n2")]


TROUBLE: Trouble = (Condition.DEAD_LETTERS, "order.place")


def test_a_trouble_stays_for_five_minutes_after_its_last_cause() -> None:
    known = after(Troubles(), {TROUBLE: NOW}, NOW)
    assert after(known, {}, NOW + HOLD - 1).causes == {TROUBLE: NOW}
    assert after(known, {}, NOW + HOLD).causes == {}
    again = after(known, {TROUBLE: NOW + 200}, NOW + 200)
    assert after(again, {}, NOW + 200 + HOLD - 1).causes == {TROUBLE: NOW + 200}


def test_the_stored_string_keeps_the_troubles_and_what_was_told() -> None:
    gone: Trouble = (Condition.PAUSED, "mail")
    new: Trouble = (Condition.PAUSED, "report")
    known = written({TROUBLE: NOW, new: NOW}, frozenset({TROUBLE, gone}), {gone: NOW - 1})
    assert read(known.text) == known
    assert known.over == {gone: NOW - 1}
    assert read("") == Troubles()
    assert read('[["of-a-later-version","a.b",1.0,true]]').causes == {}


def test_the_message_names_the_types_what_is_new_and_what_is_over() -> None:
    first = after(Troubles(), {TROUBLE: NOW}, NOW)
    subject, text = message(first, "jobflow-prod", NOW)
    assert subject == "jobflow-prod: types in trouble"
    assert "dead-letters: order.place" in text
    assert "New" not in text, "everything is"
    ended = after(told(first, NOW), {}, NOW + HOLD)
    late = NOW + HOLD + CALM
    second = after(ended, {(Condition.PAUSED, "mail"): late}, late)
    _, text = message(second, "jobflow-prod", late)
    assert text.index("In trouble:\n  paused: mail") < text.index("Over:\n  dead-letters: order.place")
    third = after(after(told(second, late), {}, late + HOLD), {}, late + HOLD + CALM)
    subject, text = message(third, "jobflow-prod", late + HOLD + CALM)
    assert subject == "jobflow-prod: no type is in trouble"
    assert text == "Over:\n  paused: mail"


def test_a_trouble_that_has_just_ended_is_neither_over_nor_new_when_it_returns() -> None:
    known = told(after(Troubles(), {TROUBLE: NOW}, NOW), NOW)
    ended = after(known, {}, NOW + HOLD)
    assert not is_news(after(ended, {}, NOW + HOLD + CALM - 1), NOW + HOLD + CALM - 1)
    again = after(ended, {TROUBLE: NOW + 600}, NOW + 600)
    assert not is_news(again, NOW + 600)
    ended = after(again, {}, NOW + 600 + HOLD)
    assert not is_news(after(ended, {}, NOW + 599 + HOLD + CALM), NOW + 599 + HOLD + CALM), "counted anew"
    assert is_news(after(ended, {}, NOW + 600 + HOLD + CALM), NOW + 600 + HOLD + CALM)


def test_a_message_about_another_type_leaves_out_what_has_just_ended() -> None:
    ended = after(told(after(Troubles(), {TROUBLE: NOW}, NOW), NOW), {}, NOW + HOLD)
    other: Trouble = (Condition.PAUSED, "mail")
    seen = after(ended, {other: NOW + 400}, NOW + 400)
    assert is_news(seen, NOW + 400)
    assert "order.place" not in message(seen, "jobflow-prod", NOW + 400)[1]
    assert told(seen, NOW + 400).told == {TROUBLE, other}
