"""A probe invokes the worker of its type, or waits for the runner of a laptop."""

import json
from dataclasses import replace

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.message import parse_message
from chalicelib.jobs.port import Message
from chalicelib.pausing.probes import FollowedProber, LambdaProber, prober
from chalicelib.settings import Settings
from tests.support import REGION

MESSAGE = Message("job-1", 2, "email.send", "c")


def test_in_the_cloud_the_types_worker_is_invoked_with_the_message_alone() -> None:
    client = boto3.client("lambda", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    sent: list[bytes] = []
    client.meta.events.register("before-parameter-build", lambda params, **_: sent.append(params["Payload"]))
    with Stubber(client) as stub:
        stub.add_response("invoke", {"StatusCode": 202})
        LambdaProber(client, "jobflow-prod-").probe(MESSAGE)
    (record,) = json.loads(sent[0])["Records"]
    delivery = Delivery.of(record)
    assert (parse_message(delivery.body), delivery.receipt, delivery.receive_count) == (MESSAGE, "", 1)


@pytest.mark.parametrize(("sources", "made"), [("", FollowedProber), ("a1=u", LambdaProber)])
def test_a_stage_with_event_source_mappings_has_workers_to_invoke(cloud: Settings, sources: str, made: type) -> None:
    found = prober(replace(cloud, event_sources=sources))
    assert type(found) is made
    if isinstance(found, LambdaProber):
        assert found.prefix == "test-"
