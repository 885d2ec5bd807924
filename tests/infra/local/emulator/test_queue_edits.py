"""Check that an edit of a job type changes its queues on the laptop as a new stack would; waiting messages stay."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.job_types.jobtype import JobType
from infra.definition import stateful
from infra.local import resources
from infra.local.deployment import Description
from infra.local.emulator.processes.child import Emulator
from tests.chalicelib.api.support import NOTE

STACK, ORIGIN = "edited", "http://localhost:1"
OF_THE_RUN = {"CreatedTimestamp", "LastModifiedTimestamp"}
EDITS = {
    "attempts": replace(NOTE, max_attempts=NOTE.max_attempts + 9),
    "timeout": replace(NOTE, timeout=NOTE.timeout * 3),
    "one at a time": replace(NOTE, serial_by="to"),
}


Deploy = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture
def deploy(emulator: Emulator, sqs: Any) -> Deploy:
    """Deploy as `make dev` does; return the attributes of each queue, by its name without the stack's name."""

    def run(kind: JobType[Any, Any] | None, stack: str = STACK) -> dict[str, dict[str, str]]:
        described = Description(stateful([kind] if kind else [], stack, ORIGIN), {}, {}, {})
        resources.deploy(described, stack, {"AWS_ENDPOINT_URL": emulator.url})
        found = {}
        for url in sqs.list_queues(QueueNamePrefix=stack)["QueueUrls"]:
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            told = {name: text.replace(stack, "") for name, text in attributes.items() if name not in OF_THE_RUN}
            found[url.rpartition("/")[2].removeprefix(stack)] = told
        return found

    return run


@pytest.mark.parametrize("edit", EDITS)
def test_every_property_of_a_queue_follows_an_edit(deploy: Deploy, edit: str) -> None:
    before = deploy(NOTE)
    after = deploy(EDITS[edit])
    assert after != before
    assert after == deploy(EDITS[edit], "fresh")
    assert deploy(NOTE) == before


def test_what_waits_in_a_queue_that_changes_stays(deploy: Deploy, sqs: Any) -> None:
    deploy(NOTE)
    url = sqs.list_queues(QueueNamePrefix=f"{STACK}-test-note")["QueueUrls"][0]
    sqs.send_message(QueueUrl=url, MessageBody="here")
    deploy(EDITS["attempts"])
    assert [one["Body"] for one in sqs.receive_message(QueueUrl=url)["Messages"]] == ["here"]


def test_a_type_that_is_removed_and_comes_back_finds_its_queue_and_what_waits_in_it(deploy: Deploy, sqs: Any) -> None:
    before = deploy(NOTE)
    url = sqs.list_queues(QueueNamePrefix=f"{STACK}-test-note")["QueueUrls"][0]
    sqs.send_message(QueueUrl=url, MessageBody="here")
    for _ in range(2):
        deploy(None)
        after = deploy(NOTE)
    assert after.keys() == before.keys()
    assert [one["Body"] for one in sqs.receive_message(QueueUrl=url)["Messages"]] == ["here"]
