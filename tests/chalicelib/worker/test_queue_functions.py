"""Test the Lambda functions of shared queues: each valid name of a queue has one."""

import pytest

from chalicelib import ConfigurationError, Queue
from chalicelib.entry import queues
from tests.support import Clock, Invocation


def valid(name: str) -> bool:
    try:
        Queue(name)
    except ConfigurationError:
        return False
    return True


@pytest.mark.parametrize("name", ["mail", "cache", "functools", *filter(valid, vars(queues))])
def test_each_valid_name_of_a_queue_has_a_function(name: str) -> None:
    clock = Clock()
    assert getattr(queues, name)({"Records": []}, Invocation(clock, clock.now + 60)) == {"batchItemFailures": []}
