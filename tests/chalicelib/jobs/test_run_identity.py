"""The name of a run: one for all its attempts, whatever changes, and another one for every other run."""

from dataclasses import replace

from chalicelib.jobs import transitions
from chalicelib.jobs.job import Status
from chalicelib.jobs.run_identity import run_name
from tests.support import T0, a_job


def test_a_run_has_one_name_whatever_becomes_of_its_attempts() -> None:
    first = a_job(attempts=1)
    later = replace(first, attempts=2, claims=5, status=Status.RETRYING, updated_at=T0 + 9, sent=True)
    assert run_name(first) == run_name(later) == f"{first.id}:1:{round(T0 * 1000):x}"


def test_a_retry_is_another_run_of_the_same_job() -> None:
    failed = a_job(status=Status.FAILED)
    again = transitions.requeue(failed, now=T0 + 86_400).applied(failed)
    assert run_name(again) == run_name(failed).replace(":1:", ":2:")


def test_two_lives_of_one_id_are_told_apart_by_a_millisecond() -> None:
    assert run_name(a_job(id="a", created_at=T0)) != run_name(a_job(id="a", created_at=T0 + 0.001))
