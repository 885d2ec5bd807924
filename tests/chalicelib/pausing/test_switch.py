"""Check that an active pause is recorded, whatever fails."""

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.counters.port import Pause
from chalicelib.errors import ConfigurationError, JobConflict
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.message import parse_message
from chalicelib.jobs.port import Message
from chalicelib.pausing.event_sources import FollowedConsumers, LambdaConsumers, mapping_key, read_mappings
from chalicelib.pausing.lambda_prober import FollowedProber, LambdaProber, prober
from chalicelib.pausing.memory import MemoryPastPauses
from chalicelib.pausing.port import PastPause
from chalicelib.pausing.switch import Pausing
from chalicelib.settings import Settings
from tests.support import REGION, T0, Clock

UUID = "0f9c6c1e-52a4-4b0e-9d6b-0c8f3a1d2e4f"

PAUSE = Pause(T0, "ada", "Why")


class Switches:
    """Consumers that record calls, and fail on request."""

    def __init__(self) -> None:
        self.off: set[str] = set()
        self.error: Exception | None = None

    def switch(self, job_type: str, *, on: bool) -> None:
        if self.error is not None:
            raise self.error
        (self.off.discard if on else self.off.add)(job_type)


@pytest.fixture
def switches() -> Switches:
    return Switches()


@pytest.fixture
def counters() -> MemoryCounters:
    return MemoryCounters()


@pytest.fixture
def pausing(counters: MemoryCounters, switches: Switches) -> Pausing:
    return Pausing(counters, switches, counters, MemoryPastPauses(), Clock())


def test_paused_it_is_told_and_in_force(pausing: Pausing, counters: MemoryCounters, switches: Switches) -> None:
    pausing.pause("a.b", "ada", "Why")
    pausing.pause("a.b", "bob")
    assert (counters.standing().paused, switches.off) == ({"a.b": PAUSE}, {"a.b"})
    pausing.resume("a.b", "bob")
    pausing.resume("a.b", "bob")
    assert (counters.standing().paused, switches.off) == ({}, set())
    assert pausing.past("a.b") == [PastPause(PAUSE, T0, "bob")]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (JobConflict("try again"), {}),
        (ConfigurationError("no mapping"), {}),
        (ConnectionError("the reply was lost"), {"a.b": PAUSE}),
    ],
)
def test_a_pause_is_told_unless_it_surely_was_not_made(
    pausing: Pausing, counters: MemoryCounters, switches: Switches, error: Exception, told: dict[str, Pause]
) -> None:
    switches.error = error
    with pytest.raises(type(error)):
        pausing.pause("a.b", "ada", "Why")
    assert counters.standing().paused == told
    switches.error = None
    pausing.pause("a.b", "ada", "Why")
    switches.error = error
    with pytest.raises(type(error)):
        pausing.pause("a.b", "ada", "Why")
    assert (counters.standing().paused, switches.off) == ({"a.b": PAUSE}, {"a.b"}), "a second one leaves the first"


def test_a_resume_that_fails_leaves_the_pause_told(
    pausing: Pausing, counters: MemoryCounters, switches: Switches
) -> None:
    pausing.pause("a.b", "ada", "Why")
    switches.error = ConnectionError("no answer")
    with pytest.raises(ConnectionError):
        pausing.resume("a.b", "bob")
    assert counters.standing().paused == {"a.b": PAUSE}
    assert pausing.past("a.b") == [], "it is not over"
    switches.error = None
    pausing.resume("a.b", "eve")
    assert pausing.past("a.b") == [PastPause(PAUSE, T0, "eve")]


def test_what_cannot_be_kept_ends_no_pause(
    pausing: Pausing, counters: MemoryCounters, switches: Switches, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_answer(*_: object) -> None:
        raise ConnectionError

    pausing.pause("a.b", "ada", "Why")
    monkeypatch.setattr(pausing.ended, "add", no_answer)
    with pytest.raises(ConnectionError):
        pausing.resume("a.b", "bob")
    assert (counters.standing().paused, switches.off) == ({"a.b": PAUSE}, {"a.b"})


@pytest.fixture
def stubbed() -> tuple[Any, Stubber]:
    client = boto3.client("lambda", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    return client, Stubber(client)


@pytest.mark.parametrize("on", [True, False])
def test_in_the_cloud_the_types_own_mapping_is_switched(stubbed: tuple[Any, Stubber], on: bool) -> None:
    client, stub = stubbed
    stub.add_response("update_event_source_mapping", {}, {"UUID": UUID, "Enabled": on})
    with stub:
        LambdaConsumers(client, {mapping_key("a.b"): UUID, mapping_key("c.d"): "u-2"}).switch("a.b", on=on)
        stub.assert_no_pending_responses()


def test_a_mapping_that_is_changing_is_a_conflict(stubbed: tuple[Any, Stubber]) -> None:
    client, stub = stubbed
    stub.add_client_error("update_event_source_mapping", "ResourceInUseException")
    stub.add_client_error("update_event_source_mapping", "ResourceConflictException")
    with stub:
        for _ in range(2):
            with pytest.raises(JobConflict, match="try again"):
                LambdaConsumers(client, {mapping_key("a.b"): UUID}).switch("a.b", on=False)
    with pytest.raises(ConfigurationError, match=r"a\.b"):
        LambdaConsumers(client, {mapping_key("c.d"): "u"}).switch("a.b", on=False)


def test_mappings_are_read_from_the_setting() -> None:
    assert [read_mappings(text) for text in ("", "a1=u,b2=v")] == [{}, {"a1": "u", "b2": "v"}]
    FollowedConsumers().switch("a.b", on=False)


@pytest.mark.parametrize("text", ["{}", "no", "a=", "=u", "a=u,b"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="EVENT_SOURCES"):
        read_mappings(text)


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
