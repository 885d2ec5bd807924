"""Test the package with more job types: one that uses resources outside of the stack, one with a key, one with tenants.

Files are added to the code; everything else is the deploy code. This emulator does not check roles:
tests/infra/local/roles shows on a laptop that a file is refused without a grant. The emulator holds back messages of a
FIFO queue and moves them to its dead-letter queue. It does not run two batches of a FIFO queue at the same time, and
tenants do not take turns; tests/infra/local/emulator and tests/flow test these.
"""

import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from rich.console import Console

from chalicelib.access.tokens import Role
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from infra.cloud.account import Account, sign_in
from infra.cloud.commands import access
from infra.cloud.commands.deploy import Deployment
from infra.cloud.commands.destroy import Destruction
from infra.cloud.package.build import ROOT, Package, copy_sources
from infra.cloud.package.own_libraries import lock
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from tests.e2e.cloud import added, ministack
from tests.e2e.cloud.added import ENDED, FAIR, SERIAL
from tests.e2e.cloud.conftest import SLOW
from tests.e2e.cloud.ministack import aimed_at
from tests.e2e.cloud.test_flow import becomes, create, until
from tests.infra.local.test_runner import REACHING

pytestmark = pytest.mark.ministack

STAGE = "reach"
SECRET = "k-314159"
SOURCE = REACHING.replace("from packaging.version import Version", "import inflection").replace(
    "Version('1.0').major", "inflection.pluralize('order')"
)
FILES = {"order_copy": SOURCE, "ledger_entry": SERIAL, "letter_print": FAIR, "letter_ended": ENDED}


def declared() -> list[JobType[Any, Any]]:
    """Return the types that the files declare."""
    return [added.declared(name, source) for name, source in FILES.items()]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    root = copy_sources(ROOT, tmp_path_factory.mktemp("sources"))
    (root / "requirements-dev.txt").write_text((ROOT / "requirements-dev.txt").read_text())
    for name, source in FILES.items():
        (root / "handlers" / f"{name}.py").write_text(source)
    requirements = root / "handlers" / "order_copy.requirements.txt"
    requirements.write_text("inflection==0.5.1\n")
    lock(requirements, root)
    return ministack.package(STAGE, tmp_path_factory.mktemp("reach"), [*jobtype.load(), *declared()], root)


@pytest.fixture(scope="module")
def account(emulator: str) -> Iterator[Account]:
    """The account with resources outside of the stack: a table, a bucket, a secret."""
    with aimed_at(emulator):
        found = sign_in()
        dynamodb, s3 = found.client("dynamodb"), found.client("s3")
        dynamodb.create_table(
            TableName="orders", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )  # fmt: skip
        dynamodb.put_item(TableName="orders", Item={"id": {"S": "7"}, "total": {"S": "12.50"}})
        s3.create_bucket(Bucket="acme-archive")
        found.client("secretsmanager").create_secret(Name=f"{STAGE}/billing/key", SecretString=SECRET)
        yield found


@pytest.fixture(scope="module")
def stage(emulator: str, account: Account, package: Package) -> Iterator[tuple[Stack, httpx.Client]]:
    kinds = [*jobtype.load(), *declared()]
    said = io.StringIO()
    terminal = Terminal(Console(file=said, width=200), Console(file=said, width=200))
    with aimed_at(emulator):
        account.client("sesv2").create_email_identity(EmailIdentity="example.com")
        stack = Stack(account, f"jobflow-{STAGE}")
        outputs = Deployment(
            account, stack, terminal, {"RateLimitMax": "0", "Dashboard": "false"}, dashboard=None,
            package=lambda _: package, types=lambda: kinds,
        ).run()  # fmt: skip
        token, _ = access.tokens(account, stack).issue(Role.ADMIN, "test")
        with httpx.Client(
            base_url=ministack.api_url(emulator, outputs), headers={"Authorization": f"Bearer {token}"}, timeout=SLOW
        ) as client:
            yield stack, client
        assert Destruction(account, stack, terminal, confirmed=stack.name).run() == []


def test_it_reaches_all_that_it_declares_from_its_own_zip(account: Account, stage: tuple[Stack, httpx.Client]) -> None:
    _, client = stage
    job = becomes(client, create(client, "order.copy", {"order": "7"})["id"], "completed")
    assert job["result"] == {"key": "orders/orders/7", "secret": "[secret BILLING_KEY]", "length": "8"}
    copied = account.client("s3").get_object(Bucket="acme-archive", Key="orders/orders/7")["Body"].read()
    assert copied == b"12.50"
    assert SECRET not in json.dumps([job, client.get(f"/jobs/{job['id']}/logs").json()])


def test_the_jobs_of_a_key_run_one_after_the_other_from_a_fifo_queue(
    account: Account, stage: tuple[Stack, httpx.Client]
) -> None:
    stack, client = stage
    asked = [{"account": "acme", "fails": 1}, {"account": "acme"}, {"account": "globex"}]
    ids = [create(client, "ledger.entry", payload)["id"] for payload in asked]
    first, second, _ = (becomes(client, job_id, "completed") for job_id in ids)
    assert [attempt["outcome"] for attempt in first["attempt_history"]] == ["error", "completed"]
    assert second["started_at"] >= first["finished_at"], "the first one backed off, and kept its place"
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{stack.name}-ledger-entry.fifo")["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert told["FifoQueue"] == "true"
    assert json.loads(told["RedrivePolicy"])["deadLetterTargetArn"].endswith(f":{stack.name}-ledger-entry-dlq.fifo")


def test_a_dead_letter_lets_its_key_go_on_and_its_message_is_removed(
    account: Account, stage: tuple[Stack, httpx.Client]
) -> None:
    stack, client = stage
    dead, after = (
        create(client, "ledger.entry", {"account": "initech", "fails": fails}, max_attempts=1)["id"] for fails in (9, 0)
    )
    becomes(client, dead, "dead_letter")
    becomes(client, after, "completed")
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{stack.name}-ledger-entry-dlq.fifo")["QueueUrl"]

    def gone() -> bool:
        account.client("lambda").invoke(FunctionName=f"{stack.name}-watchdog", Payload=b"{}")
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return {*sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()} == {"0"}

    until(gone, "the sweep of the dead letter's message")


def test_a_message_carries_the_tenant_of_its_job(account: Account, stage: tuple[Stack, httpx.Client]) -> None:
    stack, client = stage
    done = create(client, "letter.print", {"customer": "acme"})["id"]
    becomes(client, done, "completed")
    assert client.post("/job-types/letter.print/pause", json={"reason": "to look at a message"}).status_code == 200
    waiting = create(client, "letter.print", {"customer": "globex"})["id"]
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{stack.name}-letter-print")["QueueUrl"]
    asked = {"QueueUrl": url, "MessageSystemAttributeNames": ["MessageGroupId"], "VisibilityTimeout": 0}
    (message,) = until(lambda: sqs.receive_message(**asked).get("Messages"), "the message of the job that waits")
    assert (json.loads(message["Body"])["id"], message["Attributes"]["MessageGroupId"]) == (waiting, "globex")
    assert [job["id"] for job in client.get("/jobs?tenant=acme&type=letter.print").json()["jobs"]] == [done]
    client.post("/job-types/letter.print/resume")
    becomes(client, waiting, "completed")


def test_a_job_tells_its_end_through_the_second_function_on_the_stream(stage: tuple[Stack, httpx.Client]) -> None:
    _, client = stage
    told = create(client, "letter.print", {"customer": "acme"}, on_end="letter.ended")["id"]
    silent = create(client, "letter.print", {"customer": "acme"})["id"]

    def ends() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = client.get("/jobs", params={"parent": told}).json()["jobs"]
        return found

    until(lambda: [one["status"] for one in ends()] == ["completed"], "the job that tells the end")
    assert ends()[0]["result"] == [told, "completed", "acme"]
    becomes(client, silent, "completed")
    assert client.get("/jobs", params={"parent": silent}).json()["jobs"] == []
