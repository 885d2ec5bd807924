"""Test what a type with `serial_by` declares, and the effects on its queue and its jobs."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from chalicelib.errors import ConfigurationError
from chalicelib.job_types import jobtype
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType, job
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.job import Job, Status
from chalicelib.limits.serial_rule import lock_of_attempt, named
from tests.support import a_job

TEN = Function(batch_size=10)


class Booking(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"account": "acme"}]})
    account: str
    amounts: list[int] = []


def declared(**options: Any) -> JobType[Any, Any]:
    def book(payload: Booking, ctx: JobContext) -> None:
        """Book."""

    return job("test.book", **options)(book)


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    jobtype.registered.pop("test.book", None)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"serial_by": None, "fair_by": "account", "rate": lambda: None}, "fair_by does not go with rate"),
        (
            {"function": Function(window=5), "rate": Rate(1)},
            "serial_by does not go with rate: .*; serial_by does not go with function",
        ),
        ({"serial_by": "amounts"}, "serial_by names amounts, which is neither text nor a whole number nor an enum"),
    ],
)
def test_what_cannot_be_is_refused_at_the_declaration(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=f"test.book: {says}"):
        declared(**{"serial_by": "account", **options})


def test_a_fifo_queue_delays_nothing_and_says_nothing_of_what_was_sent_before() -> None:
    declared()
    assert (jobtype.serial("test.book"), jobtype.longest_delay("test.book")) == (False, 900)
    assert not jobtype.out_of_order("test.book")
    kind = declared(serial_by="account")
    assert (jobtype.serial("test.book"), jobtype.longest_delay("test.book")) == (True, 0)
    assert jobtype.out_of_order("test.book")
    assert (kind.keyed_by, kind.short, kind.queue_ending) == ("account", "test-book", ".fifo")


def test_a_message_of_a_key_comes_again_as_often_as_sqs_allows() -> None:
    assert declared(max_attempts=3, function=TEN).max_receives == 5
    assert declared(max_attempts=3, serial_by="account").max_receives == 1000


def test_a_lock_names_the_attempt_and_the_end_of_its_lease() -> None:
    held: Job = a_job(id="3f-1", status=Status.PROCESSING, gen=2, claims=7, attempts=1, lease_until=65.5)
    lock = lock_of_attempt(held)
    assert (named(lock), lock.until) == (("3f-1", (2, 7)), 65.5)
