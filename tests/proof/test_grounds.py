"""What both grounds must let the games do."""

from typing import cast

import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters import aws
from chalicelib.jobs.ports.jobs import JobStore, Search
from chalicelib.jobs.ports.queue import Message
from tests.proof.grounds.aws import REGION, TABLE, on_aws
from tests.proof.grounds.ground import TYPE, Ground
from tests.proof.grounds.honest import LaggingIndex
from tests.proof.grounds.memory import LoggingStore, in_memory
from tests.support import Clock, a_job


def lose_twice(ground: Ground) -> None:
    for number in range(2):
        ground.queue.send(Message(f"job-{number}", 1, TYPE))
        assert ground.waiting() == 1
        ground.purge()
        assert ground.waiting() == 0


@pytest.mark.parametrize("over", ["memory", "aws"])
def test_messages_are_lost_as_often_as_they_like(over: str) -> None:
    if over == "memory":
        with in_memory(Clock()) as ground:
            lose_twice(ground)
        return
    with on_aws() as stand, stand(Clock()) as ground:
        lose_twice(ground)


def test_an_item_of_more_than_400_kilobytes_is_refused_over_aws() -> None:
    item = {"pk": {"S": "a"}, "sk": {"S": "META"}, "body": {"S": "x" * 410_000}}
    with on_aws() as stand, stand(Clock()):
        client = aws.client("dynamodb", REGION)
        with pytest.raises(ClientError, match="size has exceeded"):
            client.put_item(TableName=TABLE, Item=item)


def test_an_index_that_lags_shows_each_search_as_it_was() -> None:
    clock = Clock()
    store = LoggingStore(clock)
    store.add(a_job(id="old", type=TYPE, due_at=clock.now))
    index = LaggingIndex(cast("JobStore", store))
    index.frozen = cast("JobStore", store.copy())
    store.add(a_job(id="new", type=TYPE, due_at=clock.now))
    store.add(a_job(id="other", type="proof.mail", due_at=clock.now))
    clock.advance(60)

    def seen(search: Search) -> list[str]:
        return sorted(entry.id for entry in index.overdue(search, clock.now, 10))

    assert (seen(Search(TYPE)), seen(Search("proof.mail")), seen(Search(TYPE, planned=True))) == (["old"], [], [])
    index.frozen = None
    assert (seen(Search(TYPE)), seen(Search("proof.mail"))) == (["new", "old"], ["other"])
