"""Test several types that share a queue: the settings of the queue, and refused declarations."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib import AwsAccess, ConfigurationError, Function, JobContext, JobType, Queue, Rate, job
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import check_queues, queue_of, sharing
from chalicelib.job_types.queues import queues_of
from tests.chalicelib.api.support import only_types

MAIL = Queue("mail", function=Function(memory=256, window=5), access=AwsAccess(secrets={"KEY": "key"}), concurrency=7)


class Nothing(BaseModel):
    """No payload."""


def nothing(_: Nothing, _ctx: JobContext) -> None:
    """Do nothing."""


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with only_types():
        yield


def declared(name: str, **settings: Any) -> JobType[Any, Any]:
    return job(name, **settings)(nothing)


def test_the_queue_gives_function_access_and_concurrency_to_its_types() -> None:
    kind = declared("mail.welcome", queue=MAIL, rate=Rate(1, per=60))
    assert (kind.function.memory, kind.access, kind.concurrency) == (256, MAIL.access, 7)
    assert (kind.queue_key, kind.short, kind.slug) == ("mail", "queue-mail", "mail-welcome")
    assert kind.problem is None, "the queue's function runs it: its file needs no handler"


def test_a_type_without_queue_has_its_own_as_before() -> None:
    kind = declared("mail.welcome")
    assert (kind.queue_key, kind.short, queue_of("mail.welcome")) == ("mail.welcome", "mail-welcome", "mail.welcome")


def test_times_and_receives_of_a_queue_are_the_largest_of_its_types() -> None:
    quick = declared("mail.quick", queue=MAIL, timeout=10, max_attempts=1)
    slow = declared("mail.slow", queue=MAIL, timeout=300, max_attempts=9)
    alone = declared("order.charge")
    mail, other = queues_of([quick, alone, slow])[0], queues_of([alone])[0]
    assert mail.types == (quick, slow)
    assert (mail.timeout, mail.visibility_timeout, mail.max_receives) == (300, 6 * 300 + 5, slow.max_receives)
    assert mail.max_receives > quick.max_receives
    assert (other.key, other.timeout, other.handler) == ("order.charge", alone.timeout, alone.handler)
    assert (sharing("mail"), sharing("order.charge")) == (["mail.quick", "mail.slow"], ["order.charge"])


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"name": "Mail"}, "'Mail' is not a valid name"),
        ({"name": "mail.all"}, "'mail.all' is not a valid name"),
        ({"name": "m" * 35}, "up to 34 lower case letters"),
        ({"concurrency": 1}, "Queue mail: function: concurrency must be 2 or more"),
        ({"concurrency": 5, "function": Function(concurrency=5)}, "Queue mail: give concurrency once"),
        ({"function": 512}, r"Queue mail: function is Function\(…\), not 512"),
        ({"pause_when": True}, r"Queue mail: pause_when is Failing\(…\), not True"),
    ],
)
def test_a_wrong_queue_is_refused_with_the_setting(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Queue(**{"name": "mail", **settings})


def test_serial_by_keeps_a_queue_of_its_own() -> None:
    with pytest.raises(ConfigurationError, match="serial_by does not go with queue: it needs a FIFO queue"):
        declared("mail.welcome", queue=MAIL, serial_by="account")


def test_a_queue_is_a_queue() -> None:
    with pytest.raises(ConfigurationError, match=r"mail.welcome: queue is Queue\(…\), not 'mail'"):
        declared("mail.welcome", queue="mail")


def test_two_declarations_of_a_queue_must_be_equal() -> None:
    declared("mail.welcome", queue=MAIL)
    declared("mail.bill", queue=Queue("mail"))
    with pytest.raises(ConfigurationError, match=r"mail\.welcome and mail\.bill declare the queue mail with different"):
        check_queues(jobtype.registered)
    declared("mail.bill", queue=replace(MAIL))
    check_queues(jobtype.registered)


def test_no_type_has_the_names_of_a_queue() -> None:
    declared("mail.welcome", queue=MAIL)
    declared("queue.mail")
    with pytest.raises(ConfigurationError, match=r"would have the names of the type queue\.mail"):
        check_queues(jobtype.registered)
