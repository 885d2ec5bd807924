"""Test which spans follow from the changes of a job, and what they contain."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.jobs import trace, transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.step import Step
from chalicelib.keys.rule import replace_waiting
from chalicelib.traces.otlp import body_of
from chalicelib.traces.rule import Kind, Span, spans_of
from tests.chalicelib.traces.collector import spans_in
from tests.support import T0, a_job

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CONTEXT = bytes.fromhex(TRACE + SPAN + "01")
SECRET = "confidential"


def none(_: Job) -> Sequence[Step]:
    return ()


def claimed(job: Job, at: float) -> Job:
    by = Claimant("r", False, 1)
    return transitions.claim(job.gen, now=at, lease_until=at + 60, by=by, job_type=job.type).applied(job)


def life(*states: Job | None, steps: Sequence[Step] = ()) -> list[Span]:
    """Return the spans of a job that had these states one after the other."""
    changes = [JobChanged(str(n), *pair) for n, pair in enumerate(pairwise(states))]
    return [span for change in changes for span in spans_of(change, lambda _: steps)]


def a_traced(**fields: object) -> Job:
    return a_job(
        trace=CONTEXT, tags=(SECRET, f"tenant={SECRET}"), payload={"a": SECRET}, correlation_id=SECRET, **fields
    )


def test_a_job_that_completes_has_a_span_for_its_request_its_wait_and_its_attempt() -> None:
    new = a_traced()
    held = claimed(new, T0 + 5)
    done = transitions.complete(held, now=T0 + 7.25, result={"b": SECRET}).applied(held)
    create, wait, attempt = life(None, new, held, done)
    assert [span.name for span in (create, wait, attempt)] == [
        "create email.send", "wait email.send", "process email.send",
    ]  # fmt: skip
    assert [span.kind for span in (create, wait, attempt)] == [Kind.PRODUCER, Kind.INTERNAL, Kind.CONSUMER]
    assert {span.trace_id for span in (create, wait, attempt)} == {TRACE}
    assert (create.parent or b"").hex() == SPAN
    assert wait.parent == attempt.parent == create.span_id == trace.creation_span(new)
    assert attempt.span_id == trace.attempt_span(held)
    assert (create.begun_at, wait.begun_at, wait.ended_at) == (T0, T0, T0 + 5)
    assert (attempt.begun_at, attempt.ended_at) == (T0 + 5, T0 + 7.25)
    assert attempt.attributes["jobflow.job.status"] == "completed"
    assert not any(span.error for span in (create, wait, attempt))


def test_a_failed_attempt_has_the_class_of_its_error_and_nothing_of_its_message_or_the_jobs_data() -> None:
    new = a_traced()
    held = claimed(new, T0 + 1)
    error = ("CardDeclined", f"the card {SECRET} was declined")
    waiting = transitions.postpone(held, now=T0 + 2, not_before=T0 + 60, error=error).applied(held)
    second = claimed(waiting, T0 + 61)
    failed = transitions.fail(second, now=T0 + 62, error=error).applied(second)
    spans = life(None, new, held, waiting, second, failed)
    assert [(span.name.split()[0], span.error) for span in spans] == [
        ("create", ""), ("wait", ""), ("process", "CardDeclined"), ("wait", ""), ("process", "CardDeclined"),
    ]  # fmt: skip
    assert spans[3].begun_at == T0 + 60, "the time until then was wanted"
    assert len({span.span_id for span in spans}) == 5
    body = body_of(spans, "jobflow-prod")
    assert SECRET not in body.decode()
    assert len(spans_in(body)) == 5


def test_the_same_changes_make_the_same_spans() -> None:
    new = a_traced()
    held = claimed(new, T0 + 1)
    assert life(None, new, held) == life(None, new, held)


def test_a_retry_by_hand_links_to_the_run_before() -> None:
    new = a_traced()
    failed = replace(new, status=Status.FAILED, finished_at=T0 + 9)
    again = transitions.requeue(failed, now=T0 + 10).applied(failed)
    (retry,) = life(failed, again)
    assert (retry.name, retry.begun_at) == ("retry email.send", T0 + 10)
    assert retry.links == ((TRACE, trace.creation_span(new)),)
    (wait,) = life(again, claimed(again, T0 + 11))
    assert wait.parent == retry.span_id != trace.creation_span(new)


def test_the_steps_of_an_attempt_are_its_children_and_those_of_earlier_attempts_do_not_come_again() -> None:
    held = claimed(a_traced(), T0 + 10)
    done = replace(transitions.complete(held, now=T0 + 20, result=None).applied(held), kept=3)
    steps = [
        Step("step:before", T0 + 5, SECRET, took=1.0), Step("sleep:nap", T0 + 12),
        Step("step:pay", T0 + 14, SECRET, took=2.5),
        Step("event:paid", T0 + 15, SECRET), Step("call:sum", T0 + 16, SECRET),
    ]  # fmt: skip
    attempt, pay, summed = life(held, done, steps=steps)
    assert (pay.name, pay.parent, pay.begun_at, pay.ended_at) == ("step pay", attempt.span_id, T0 + 11.5, T0 + 14)
    assert summed.name == "call sum"
    assert SECRET not in body_of([attempt, pay, summed], "s").decode()


def test_steps_are_read_only_if_the_attempt_has_kept_some() -> None:
    held = replace(claimed(a_traced(), T0 + 10), kept=2)
    done = transitions.complete(held, now=T0 + 20, result=None).applied(held)

    def fail(_: Job) -> Sequence[Step]:
        raise AssertionError

    assert len(spans_of(JobChanged("1", held, done), fail)) == 1


def test_a_lost_attempt_ends_with_its_lease() -> None:
    held = claimed(a_traced(), T0 + 1)
    taken = transitions.take_over(held, now=T0 + 90, lease_until=T0 + 150, by=Claimant("r2", False, 2)).applied(held)
    (lost,) = life(held, taken)
    assert (lost.span_id, lost.error, lost.ended_at) == (trace.attempt_span(held), "lost", T0 + 61)


@pytest.mark.parametrize("gives_up", [transitions.give_up, transitions.exhaust])
def test_an_attempt_that_the_watchdog_gives_up_hours_later_ends_with_its_lease(gives_up: Any) -> None:
    held = claimed(a_traced(), T0 + 1)
    (lost,) = life(held, gives_up(held, now=T0 + 4000, error=("Lost", "")).applied(held))
    assert (lost.ended_at, lost.error) == (T0 + 61, "Lost")


def test_an_attempt_that_completes_after_its_lease_ends_when_it_completes() -> None:
    held = claimed(a_traced(), T0 + 1)
    (attempt,) = life(held, transitions.complete(held, now=T0 + 100, result=None).applied(held))
    assert attempt.ended_at == T0 + 100


def test_a_lost_attempt_shows_the_steps_that_it_kept() -> None:
    held = claimed(a_traced(), T0 + 1)
    by = Claimant("r2", False, 2)
    taken = transitions.take_over(held, now=T0 + 90, lease_until=T0 + 150, by=by, kept=1).applied(held)
    done = replace(transitions.complete(taken, now=T0 + 95, result=None).applied(taken), kept=2)
    steps = [Step("step:a", T0 + 5, SECRET, took=1.0), Step("step:b", T0 + 92, SECRET, took=1.0)]
    lost, first, attempt, second = life(held, taken, done, steps=steps)
    assert [(first.name, first.parent), (second.name, second.parent)] == [
        ("step a", lost.span_id), ("step b", attempt.span_id),
    ]  # fmt: skip


def test_a_function_that_did_not_run_has_no_attempt() -> None:
    held = claimed(a_traced(), T0 + 1)
    blocked = transitions.block(held, now=T0 + 2, limit="3.openai").applied(held)
    assert life(held, blocked) == []
    busy = transitions.defer(held, now=T0 + 2, not_before=T0 + 30, error=("LimitBusy", ""), stalled=True).applied(held)
    assert life(held, busy) == []


def test_an_attempt_that_fails_after_the_function_asked_for_a_later_run_has_its_error() -> None:
    held = claimed(a_traced(), T0 + 1)
    later = transitions.defer(held, now=T0 + 2, not_before=T0 + 3, error=("RetryLater", "")).applied(held)
    second = claimed(later, T0 + 4)
    failed = transitions.fail(second, now=T0 + 5, error=("Boom", "")).applied(second)
    asked, _, attempt = life(held, later, second, failed)
    assert (asked.error, attempt.error) == ("", "Boom")


def test_the_wait_for_a_place_and_the_wait_for_a_worker_are_two_spans() -> None:
    held = claimed(a_traced(), T0 + 1)
    blocked = transitions.block(held, now=T0 + 2, limit="3.openai").applied(held)
    free = transitions.unblock(blocked, now=T0 + 1000, limit="3.openai", sent=True).applied(blocked)
    place, worker = life(held, blocked, free, claimed(free, T0 + 1003))
    assert (place.begun_at, place.ended_at, place.attributes["jobflow.job.waited_as"]) == (T0 + 2, T0 + 1000, "blocked")
    assert (worker.begun_at, worker.ended_at, worker.attributes["jobflow.job.waited_as"]) == (
        T0 + 1000, T0 + 1003, "queued",
    )  # fmt: skip
    assert place.span_id != worker.span_id
    assert place.error == worker.error == ""


def test_a_job_that_is_cancelled_in_the_wait_after_an_error_was_not_ended_by_it() -> None:
    held = claimed(a_traced(), T0 + 1)
    waiting = transitions.postpone(held, now=T0 + 2, not_before=T0 + 60, error=("Boom", "")).applied(held)
    (wait,) = life(waiting, transitions.cancel(waiting, now=T0 + 5).applied(waiting))
    assert wait.error == ""


@pytest.mark.parametrize("flags", ["01", "00"])
def test_a_replaced_job_links_to_the_trace_of_the_request_before_if_that_is_recorded(flags: str) -> None:
    other = bytes.fromhex("a" * 32 + SPAN + flags)
    found = a_job(trace=other, status=Status.SCHEDULED)
    (replaced,) = life(found, replace_waiting(found, replace(found, id="other", trace=CONTEXT)).applied(found))
    expected = [("a" * 32, trace.creation_span(found).hex())] if flags == "01" else []
    (span,) = spans_in(body_of([replaced], "s"))
    assert span.trace_id.hex() == TRACE
    assert [(link.trace_id.hex(), link.span_id.hex()) for link in span.links] == expected


def test_a_job_that_is_cancelled_while_it_waits_has_the_span_of_its_wait() -> None:
    new = a_traced()
    (wait,) = life(new, replace(transitions.cancel(new, now=T0 + 4).applied(new)))
    assert (wait.name, wait.ended_at, wait.attributes["jobflow.job.status"]) == ("wait email.send", T0 + 4, "cancelled")


@pytest.mark.parametrize("context", [None, CONTEXT[:-1] + b"\x00", b"forged"])
def test_a_job_without_a_trace_or_whose_caller_records_nothing_has_no_spans(context: bytes | None) -> None:
    new = a_job(trace=context)
    held = claimed(new, T0 + 1)
    assert life(None, new, held, transitions.complete(held, now=T0 + 2, result=1).applied(held), None) == []


def test_what_changes_nothing_that_is_told_makes_no_span() -> None:
    new = a_traced()
    sent = replace(new, sent=True)
    held = claimed(sent, T0 + 1)
    assert life(new, sent) == []
    assert life(held, transitions.report(held, now=T0 + 2, percent=50, note=SECRET).applied(held)) == []
    restored = replace(new, restored_at=T0 + 9)
    assert life(None, restored) == []
    assert life(None, replace(new, status=Status.COMPLETED)) == []


@pytest.mark.parametrize("at", [-5.0, 1e15])
def test_a_time_of_a_forged_row_can_be_read(at: float) -> None:
    assert len(spans_in(body_of(life(None, a_traced(created_at=at)), "s"))) == 1


def test_the_official_types_read_everything() -> None:
    new = a_traced(parent="p-1", batch="b-1")
    held = claimed(new, T0 + 0.001)
    failed = transitions.exhaust(held, now=T0 + 2, error=("Boom", "")).applied(held)
    again = transitions.requeue(failed, now=T0 + 10).applied(failed)
    body = body_of(life(None, new, held, failed, again), "jobflow-prod")
    create, wait, attempt, retry = spans_in(body)
    assert (create.trace_id.hex(), create.parent_span_id.hex()) == (TRACE, SPAN)
    assert (wait.start_time_unix_nano, wait.end_time_unix_nano) == (
        1_800_000_000_000_000_000,
        1_800_000_000_001_000_000,
    )
    assert (attempt.status.code, {one.key: one.value.string_value for one in attempt.attributes}["error.type"]) == (
        2,
        "Boom",
    )
    assert [link.span_id for link in retry.links] == [create.span_id]
    assert json.loads(body)["resourceSpans"][0]["resource"]["attributes"] == [
        {"key": "service.name", "value": {"stringValue": "jobflow-prod"}}
    ]
