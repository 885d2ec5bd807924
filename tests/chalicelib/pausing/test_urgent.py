"""Check that a pause stops both queues of a type, and that a half-made one stays visible."""

from collections.abc import Iterator, Mapping, Sequence

import boto3
import pytest
from botocore.stub import ANY, Stubber

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.errors import ConfigurationError, JobConflict, PartlySwitched
from chalicelib.job_types.jobtype import JobType
from chalicelib.pausing.event_sources import LambdaConsumers, mapping_key
from chalicelib.pausing.memory import MemoryPastPauses
from chalicelib.pausing.switch import Pausing
from tests.chalicelib.api.support import Note, only_types
from tests.support import REGION, Clock

UUID = "0f9c6c1e-52a4-4b0e-9d6b-0c8f3a1d2e4f"
OWN, SECOND = UUID.replace("0f9c", "aaaa"), UUID.replace("0f9c", "bbbb")
MAPPINGS = {mapping_key("a.b"): OWN, mapping_key("a.b-urgent"): SECOND, mapping_key("c.d"): UUID}


@pytest.fixture(autouse=True)
def _type() -> Iterator[None]:
    with only_types(JobType("a.b", lambda _payload, _ctx: None, Note, urgent=True)):
        yield


@pytest.fixture
def counters() -> MemoryCounters:
    return MemoryCounters()


def switching(
    counters: MemoryCounters, answers: Sequence[tuple[str, bool]], mappings: Mapping[str, str] = MAPPINGS
) -> tuple[Pausing, Stubber]:
    """Return the pausing of a stage whose Lambda gets these requests: a mapping, and whether it is being changed."""
    client = boto3.client("lambda", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    stub = Stubber(client)
    for uuid, busy in answers:
        if busy:
            stub.add_client_error(
                "update_event_source_mapping", "ResourceInUseException", expected_params={"UUID": uuid, "Enabled": ANY}
            )
        else:
            stub.add_response("update_event_source_mapping", {"UUID": uuid}, {"UUID": uuid, "Enabled": ANY})
    stub.activate()
    return Pausing(counters, LambdaConsumers(client, dict(mappings)), counters, MemoryPastPauses(), Clock()), stub


def test_a_pause_and_a_resume_switch_both_queues(counters: MemoryCounters) -> None:
    pausing, stub = switching(counters, [(OWN, False), (SECOND, False)] * 2)
    pausing.pause("a.b", "ada")
    pausing.resume("a.b", "ada")
    stub.assert_no_pending_responses()
    assert counters.standing().paused == {}


def test_a_pause_that_stopped_only_one_queue_stays_visible_and_is_finished_by_a_repetition(
    counters: MemoryCounters,
) -> None:
    pausing, stub = switching(counters, [(OWN, False), (SECOND, True), (OWN, False), (SECOND, False)])
    with pytest.raises(PartlySwitched, match="try again"):
        pausing.pause("a.b", "ada")
    assert counters.standing().paused.keys() == {"a.b"}
    pausing.pause("a.b", "ada")
    stub.assert_no_pending_responses()
    assert counters.standing().paused.keys() == {"a.b"}


def test_a_pause_that_stopped_no_queue_is_not_told(counters: MemoryCounters) -> None:
    pausing, _ = switching(counters, [(OWN, True)])
    with pytest.raises(JobConflict):
        pausing.pause("a.b", "ada")
    assert counters.standing().paused == {}


def test_a_pause_that_does_not_know_the_second_queue_stops_none(counters: MemoryCounters) -> None:
    """A deployment that adds the queue has updated the code, and not yet the variables."""
    known = {key: uuid for key, uuid in MAPPINGS.items() if uuid != SECOND}
    pausing, _ = switching(counters, [], known)  # any request would raise another error
    with pytest.raises(ConfigurationError, match=r"a\.b-urgent"):
        pausing.pause("a.b", "ada")
    assert counters.standing().paused == {}
