"""A queue that several types share pauses by itself, is probed and resumed as one."""

from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queue import Queue
from chalicelib.jobs.port import Message
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.pausing.event_sources import LambdaConsumers, mapping_key
from chalicelib.pausing.every_minute import AutoPausing
from chalicelib.pausing.lambda_prober import LambdaProber
from chalicelib.pausing.memory import MemoryAutoPauses, MemoryPastPauses
from chalicelib.pausing.seen import PausesSeen
from chalicelib.pausing.switch import Pausing
from tests.chalicelib.api.support import Note, only_types
from tests.chalicelib.pausing.paused_queue import OPEN
from tests.support import REGION, T0, Clock, a_job

UUID = "0f9c6c1e-52a4-4b0e-9d6b-0c8f3a1d2e4f"
MAIL = Queue("mail", pause_when=Failing())
TYPES = ("mail.bill", "mail.welcome")


class Shared:
    """The rows, the switch and the probes of a queue with two types."""

    def __init__(self) -> None:
        self.clock, self.rows, self.counters = Clock(), MemoryAutoPauses(), MemoryCounters()
        self.store, ended = MemoryJobStore(self.clock), MemoryPastPauses()
        self.switched: list[tuple[str, bool]] = []
        self.probed: list[Message] = []
        send = Dispatcher(self.store, MemoryJobQueue(self.clock), self.clock).send
        self.watchdog = AutoPausing(
            ["mail"], self.rows, self.counters, self, self, self.store, self.counters.standing, ended, self.clock, send
        )
        self.operator = Pausing(self.counters, self, self.counters, ended, self.clock, lambda _: self.rows)
        self.seen = PausesSeen(self.counters, lambda: self.rows, lambda: ["mail"])

    def switch(self, job_type: str, *, on: bool) -> None:
        """See Consumers."""
        self.switched.append((job_type, on))

    def probe(self, message: Message) -> None:
        """See Prober."""
        self.probed.append(message)


@pytest.fixture
def shared() -> Iterator[Shared]:
    kinds = [JobType(name, lambda _payload, _ctx: None, Note, queue=MAIL, pause_when=Failing()) for name in TYPES]
    with only_types(*kinds):
        yield Shared()


def test_all_types_are_told_as_paused_and_a_job_of_any_is_tried(shared: Shared) -> None:
    shared.store.add(a_job(type="mail.welcome"))
    assert shared.rows.replace("mail", shared.rows.read("mail"), OPEN) is not None
    assert set(shared.seen.standing().paused) == {"mail", *TYPES}, "before the watchdog has run"
    shared.watchdog.run()
    assert shared.switched == [("mail", False)]
    assert {shared.counters.standing().paused[name].since for name in TYPES} == {T0}
    shared.clock.advance(60)
    shared.watchdog.run()
    assert [message.type for message in shared.probed] == ["mail.welcome"]


def test_a_resume_of_any_type_resumes_them_all(shared: Shared) -> None:
    assert shared.rows.replace("mail", shared.rows.read("mail"), OPEN) is not None
    shared.watchdog.run()
    shared.operator.resume("mail.bill", "ada")
    assert shared.switched == [("mail", False), ("mail", True)]
    assert shared.seen.standing().paused == {}
    assert shared.rows.read("mail").since is None
    (past,) = shared.operator.past("mail.welcome")
    assert past.resumed_by == "ada"


def test_without_a_job_of_any_type_the_pause_ends(shared: Shared) -> None:
    assert shared.rows.replace("mail", shared.rows.read("mail"), replace(OPEN, probe_at=T0)) is not None
    shared.watchdog.run()
    assert shared.rows.read("mail").since is None


def test_in_the_cloud_the_queues_mapping_is_switched_and_its_function_is_probed(shared: Shared) -> None:
    client = boto3.client("lambda", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    operator = Pausing(
        shared.counters, LambdaConsumers(client, {mapping_key("mail"): UUID}), shared.counters, MemoryPastPauses()
    )
    with Stubber(client) as stub:
        stub.add_response("update_event_source_mapping", {}, {"UUID": UUID, "Enabled": False})
        operator.pause("mail.bill", "ada")
        asked: list[str] = []
        client.meta.events.register(
            "before-parameter-build.lambda.Invoke", lambda params, **_: asked.append(params["FunctionName"])
        )
        stub.add_response("invoke", {"StatusCode": 202})
        LambdaProber(client, "jobflow-prod-").probe(Message("job-1", 1, "mail.welcome"))
    assert asked == ["jobflow-prod-queue-mail"]
