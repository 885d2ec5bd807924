"""Package, deploy and run job types in 10 queues of one stage, all 300 with --whole; move one to another queue."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel
from rich.console import Console

from chalicelib import Function, JobContext, JobType, Queue, job
from chalicelib.access.tokens import Role
from chalicelib.jobs.job import Status
from infra.cloud.account import sign_in
from infra.cloud.commands import access
from infra.cloud.commands.deploy import Deployment
from infra.cloud.commands.destroy import Destruction
from infra.cloud.package.build import ROOT, Package, copy_sources
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from tests.chalicelib.api.support import only_types
from tests.e2e.cloud import ministack
from tests.e2e.cloud.conftest import SLOW
from tests.e2e.cloud.ministack import aimed_at
from tests.e2e.cloud.test_flow import becomes, create, until

pytestmark = pytest.mark.ministack

STAGE = "sharing"
TYPES, WHOLE, QUEUES = 60, 300, 10
MOVING = "task.n7"
DECLARED = """\
from chalicelib import Function, Queue

QUEUES = [Queue(f"tasks{number}", function=Function(batch_size=5, memory=256)) for number in range(10)]
"""
FILE = """\
from pydantic import BaseModel

from acme.queues import QUEUES
from chalicelib import JobContext, job


class Task(BaseModel):
    text: str = ""


@job("{name}", timeout=60, max_attempts={attempts}, queue=QUEUES[{queue}])
def {function}(payload: Task, ctx: JobContext) -> str:
    if payload.text == "fail":
        raise ValueError("no")
    return "{name} " + payload.text
"""


class Task(BaseModel):
    text: str = ""


def nothing(_: Task, _ctx: JobContext) -> str:
    """Do nothing: this function is only declared, and the packaged file contains the real one."""
    return ""


def attempts(number: int) -> int:
    """Return how many attempts a type has: every second type has one attempt, the others have nine."""
    return 1 if number % 2 else 9


def declared(types: int, moved: int | None = None) -> list[JobType[Any, Any]]:
    """Return the types as the files declare them; `moved`: the queue of the type that moves."""
    queues = [Queue(f"tasks{number}", function=Function(batch_size=5, memory=256)) for number in range(QUEUES)]
    made = []
    for number in range(types):
        name = f"task.n{number}"
        queue = queues[moved if moved is not None and name == MOVING else number % QUEUES]
        made.append(job(name, timeout=60, max_attempts=attempts(number), queue=queue)(nothing))
    return sorted(made, key=lambda kind: kind.name)


def write(root: Path, types: int, moved: int | None = None) -> None:
    """Write the files of the types and of their queues."""
    (root / "acme").mkdir(exist_ok=True)
    (root / "acme" / "__init__.py").touch()
    (root / "acme" / "queues.py").write_text(DECLARED)
    for number in range(types):
        name = f"task.n{number}"
        queue = moved if moved is not None and name == MOVING else number % QUEUES
        text = FILE.format(name=name, function=f"task_n{number}", attempts=attempts(number), queue=queue)
        (root / "handlers" / f"task_n{number}.py").write_text(text)


class Shared:
    """The stage and its client."""

    def __init__(self, emulator: str, folder: Path, types: int) -> None:
        self.emulator, self.folder, self.types = emulator, folder, types
        self.root = copy_sources(ROOT, folder / "sources")
        for file in (self.root / "handlers").glob("*_*.py"):
            file.unlink()
        self.account = sign_in()
        self.stack = Stack(self.account, f"jobflow-{STAGE}")
        self.package: Package
        self.clients: list[httpx.Client] = []
        self.said = io.StringIO()

    @property
    def terminal(self) -> Terminal:
        return Terminal(Console(file=self.said, width=200), Console(file=self.said, width=200))

    @property
    def client(self) -> httpx.Client:
        return self.clients[-1]

    def deploy(self, moved: int | None = None) -> None:
        """Package the types and deploy them."""
        write(self.root, self.types, moved)
        with only_types():
            kinds = declared(self.types, moved)
            self.package = ministack.package(STAGE, self.folder / f"package-{moved}", kinds, self.root)
            outputs = Deployment(
                self.account, self.stack, self.terminal, {"RateLimitMax": "0", "Dashboard": "false"}, dashboard=None,
                package=lambda _: self.package, types=lambda: kinds,
            ).run()  # fmt: skip
        token, _ = access.tokens(self.account, self.stack).issue(Role.ADMIN, f"test {moved}")
        headers = {"Authorization": f"Bearer {token}"}
        address = ministack.api_url(self.emulator, outputs)
        self.clients.append(httpx.Client(base_url=address, headers=headers, timeout=SLOW))

    def receives(self, queue: str) -> int:
        """Return after how many receives SQS moves a message to the dead-letter queue."""
        sqs = self.account.client("sqs")
        url = sqs.get_queue_url(QueueName=f"{self.stack.name}-{queue}")["QueueUrl"]
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
        return int(json.loads(told["RedrivePolicy"])["maxReceiveCount"])


@pytest.fixture(scope="module")
def shared(emulator: str, tmp_path_factory: pytest.TempPathFactory, whole: bool) -> Iterator[Shared]:
    with aimed_at(emulator):
        made = Shared(emulator, tmp_path_factory.mktemp("sharing"), WHOLE if whole else TYPES)
        made.account.client("sesv2").create_email_identity(EmailIdentity="example.com")
        made.deploy()
        yield made
        for client in made.clients:
            client.close()
        Destruction(made.account, made.stack, made.terminal, confirmed=made.stack.name).run()


def test_all_types_are_served_and_jobs_of_every_queue_run(shared: Shared) -> None:
    rows = shared.client.get("/job-types").json()["job_types"]
    assert (len(rows), len({row["queue"] for row in rows})) == (shared.types, QUEUES)
    asked = [{"type": f"task.n{number}", "payload": {"text": "hi"}} for number in range(0, shared.types, 13)]
    answer = shared.client.post("/jobs/batch", json={"jobs": asked})
    assert answer.status_code == 200, answer.text
    ids = [row["job"]["id"] for row in answer.json()["results"]]
    for one, job_id in zip(asked, ids, strict=True):
        assert becomes(shared.client, job_id, "completed")["result"] == f"{one['type']} hi"


def test_a_type_with_one_attempt_reaches_the_dead_letter_queue_at_the_receives_of_its_queue(shared: Shared) -> None:
    assert shared.receives("queue-tasks1") == 3, "all types of this queue have one attempt"
    assert shared.receives("queue-tasks2") == 11
    dead = create(shared.client, "task.n1", {"text": "fail"})["id"]
    assert becomes(shared.client, dead, "dead_letter")["attempts"] == 1
    until(lambda: shared.client.get("/metrics").json()["by_queue"]["tasks1"]["dlq_length"] == 1, "the dead letter")


def test_jobs_in_flight_of_a_type_that_moves_run_on_its_new_queue(shared: Shared) -> None:
    assert shared.client.post(f"/job-types/{MOVING}/pause").json()["types"] == sorted(
        f"task.n{number}" for number in range(7, shared.types, QUEUES)
    )
    waiting = [create(shared.client, MOVING, {"text": str(number)})["id"] for number in range(3)]
    later = create(shared.client, MOVING, {"text": "later"}, delay_seconds=30)["id"]
    shared.deploy(moved=4)
    row = next(row for row in shared.client.get("/job-types").json()["job_types"] if row["type"] == MOVING)
    assert row["queue"] == "tasks4"
    shared.client.post("/job-types/task.n17/resume")
    for job_id in (*waiting, later):
        done = becomes(shared.client, job_id, str(Status.COMPLETED))
        assert (done["attempts"], done["result"].split()[0]) == (1, MOVING)
