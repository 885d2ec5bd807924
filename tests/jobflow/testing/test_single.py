"""Test one function alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib import AwsAccess, JobContext, JobType, PermanentError, RetryLater, job
from chalicelib.errors import InvalidPayload, JobCancelled
from chalicelib.jobs.run_identity import run_name
from jobflow.testing import example, fixtures, run
from tests.jobflow.testing.conftest import Order

Kinds = tuple[JobType[Any, Any], JobType[Any, Any]]


def test_the_value_the_progress_and_the_context_are_there(kinds: Kinds) -> None:
    ran = run(kinds[0], Order(number=3), attempt=2)
    assert (ran.value, ran.result) == ({"number": 3, "attempt": 2}, {"number": 3, "attempt": 2})
    assert ran.progress == [(50, "half"), (90, None)]
    assert ran.context.idempotency_key == run_name(ran.context.job)
    assert ran.context.remaining_seconds() == kinds[0].job_budget


def test_a_payload_is_checked_as_the_api_checks_it(kinds: Kinds) -> None:
    with pytest.raises(InvalidPayload, match=r"payload\.number: .*integer"):
        run(kinds[0], {"number": "three"})
    assert run(kinds[0]).value["number"] == 7


def test_the_errors_of_the_function_are_raised(kinds: Kinds) -> None:
    with pytest.raises(PermanentError):
        run(kinds[0], {"number": 1, "fail": "never"})
    with pytest.raises(RetryLater):
        run(kinds[0], {"number": 1, "fail": "later"})


def test_a_job_is_asked_to_stop_at_a_progress(kinds: Kinds) -> None:
    with pytest.raises(JobCancelled):
        run(kinds[0], {"number": 1}, cancel_at=50)


def test_a_secret_is_given_by_name(kinds: Kinds) -> None:
    assert run(kinds[1], {"number": 1}, secrets={"KEY": "four"}).value == 4


@pytest.mark.usefixtures("kinds")
def test_a_secret_in_a_result_is_masked_as_in_the_stored_one() -> None:
    telling = job("order.telling", access=AwsAccess(secrets={"KEY": "shop/key"}))(tell)
    ran = run(telling, {"number": 1}, secrets={"KEY": "a long secret"})
    assert (ran.value, ran.result) == ("a long secret", "[secret KEY]")


def tell(payload: Order, ctx: JobContext) -> str:
    """Return a secret."""
    return ctx.secret("KEY")


def test_an_example_is_made_from_the_schema(kinds: Kinds) -> None:
    assert example(kinds[0], fail="never") == {"number": 7, "fail": "never"}
    with pytest.raises(InvalidPayload):
        example(kinds[0], number="x")


def test_the_fixture_skips_without_a_running_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JOBFLOW_STATE_DIR", raising=False)
    with pytest.raises(pytest.skip.Exception, match="jobflow dev"):
        next(fixtures.local_platform.__wrapped__())  # type: ignore[attr-defined]
    (tmp_path / ".jobflow").mkdir()
    state = {"api": "http://127.0.0.1:1", "token": "jf_dev"}
    (tmp_path / ".jobflow" / "dev.json").write_text(json.dumps(state))
    assert next(fixtures.local_platform.__wrapped__()).target.token == "jf_dev"  # type: ignore[attr-defined]


def test_a_type_may_be_named(kinds: Kinds) -> None:
    assert run(kinds[0].name, example(kinds[0].name, number=4)).value["number"] == 4
