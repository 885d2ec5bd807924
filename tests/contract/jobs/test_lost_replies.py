"""A write that is done and whose reply is lost: the SDK writes again, is refused, and must know itself."""

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.errors import JobExists, MoveRefused
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Status
from tests.contract.conftest import LoseReply
from tests.support import T0, a_job


def test_a_claim_whose_reply_was_lost_has_won(dynamo_store: DynamoJobStore, lose_reply: LoseReply) -> None:
    job = a_job(payload={"text": "x" * 900})
    dynamo_store.add(job)
    lost = lose_reply("UpdateItem")
    claim = transitions.claim(1, now=T0, lease_until=T0 + 65, by=Claimant("request-1"))
    held = dynamo_store.apply(job.id, claim)
    assert lost == ["before-send.dynamodb.UpdateItem"]
    assert (held.status, held.attempts, held.payload) == (Status.PROCESSING, 1, job.payload)
    with pytest.raises(MoveRefused):
        dynamo_store.apply(job.id, transitions.claim(1, now=T0, lease_until=T0 + 65, by=Claimant("request-2")))


def test_an_add_whose_reply_was_lost_has_won(dynamo_store: DynamoJobStore, lose_reply: LoseReply) -> None:
    job = a_job()
    lost = lose_reply("PutItem")
    dynamo_store.add(job)
    assert lost == ["before-send.dynamodb.PutItem"]
    assert dynamo_store.get(job.id) == job
    with pytest.raises(JobExists):
        dynamo_store.add(a_job(id=job.id))
