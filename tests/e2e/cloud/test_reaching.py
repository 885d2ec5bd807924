"""The packaged e2e of a job type that reaches out: a secret, a foreign table, a foreign bucket, a library of its own.

One file and one requirements file are added to the code; the rest is the deploy code's. Roles are not judged by this
emulator: tests/infra/local/test_reaching.py shows on a laptop that the same file is refused without a grant.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from rich.console import Console

from chalicelib.access.tokens import Role
from chalicelib.jobs.types import jobtype
from chalicelib.jobs.types.jobtype import JobType
from chalicelib.jobs.types.registry import registered
from infra.cloud.account import Account, sign_in
from infra.cloud.commands import access
from infra.cloud.commands.deploy import Deployment
from infra.cloud.commands.destroy import Destruction
from infra.cloud.package.build import ROOT, Package, copy_sources
from infra.cloud.package.own_libraries import lock
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from tests.e2e.cloud import ministack
from tests.e2e.cloud.ministack import aimed_at
from tests.e2e.cloud.test_flow import becomes, create
from tests.infra.local.test_reaching import TYPE

pytestmark = pytest.mark.ministack

STAGE = "reach"
SECRET = "k-314159"
SOURCE = TYPE.replace("from packaging.version import Version", "import inflection").replace(
    "Version('1.0').major", "inflection.pluralize('order')"
)


def declared() -> JobType[Any, Any]:
    """The type that the file declares."""
    names: dict[str, Any] = {"__name__": "handlers.order_copy"}
    exec(compile(SOURCE, "handlers/order_copy.py", "exec"), names)  # noqa: S102 - the file of this test
    found = names["order_copy"]
    assert isinstance(found, JobType)
    registered.pop(found.name, None)  # the other tests of this process have no such file
    return found


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    root = copy_sources(ROOT, tmp_path_factory.mktemp("sources"))
    (root / "requirements-dev.txt").write_text((ROOT / "requirements-dev.txt").read_text())
    (root / "handlers" / "order_copy.py").write_text(SOURCE)
    requirements = root / "handlers" / "order_copy.requirements.txt"
    requirements.write_text("inflection==0.5.1\n")
    lock(requirements, root / "requirements.txt")
    return ministack.package(STAGE, tmp_path_factory.mktemp("reach"), [*jobtype.load(), declared()], root)


@pytest.fixture(scope="module")
def account(emulator: str) -> Iterator[Account]:
    """The account with what is not the stack's: a table, a bucket, a secret."""
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
    kinds = [*jobtype.load(), declared()]
    said = io.StringIO()
    terminal = Terminal(Console(file=said, width=200), Console(file=said, width=200))
    with aimed_at(emulator):
        account.client("sesv2").create_email_identity(EmailIdentity="example.com")
        stack = Stack(account, f"jobflow-{STAGE}")
        outputs = Deployment(
            account, stack, terminal, {"RateLimitMax": "0", "Dashboard": "false"}, dashboard=None,
            package=lambda _: package, types=lambda: kinds,
        ).run()  # fmt: skip
        token, _ = access.tokens(account, stack).issue(Role.OPERATOR, "test")
        with httpx.Client(
            base_url=ministack.api_url(emulator, outputs), headers={"Authorization": f"Bearer {token}"}, timeout=60
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


def test_its_zip_has_the_library_and_the_others_do_not(package: Package) -> None:
    (own,) = package.own
    assert own.name == "order-copy.zip"
    for archive, there in ((own, True), (package.archive, False)):
        with zipfile.ZipFile(archive) as opened:
            assert any(name.startswith("inflection/") for name in opened.namelist()) is there


def test_its_role_and_no_other_may_do_what_it_declares(package: Package, stage: tuple[Stack, httpx.Client]) -> None:
    _, client = stage
    assert "order.copy" in {row["type"] for row in client.get("/job-types").json()["job_types"]}
    resources = package.read_template()["Resources"]
    wanted = ("table/orders", "acme-archive/orders/*", ":secret:reach/billing/key-??????")
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            text = json.dumps(resource)
            assert [part in text for part in wanted] == [name == "OrderCopyRole"] * 3, name
    function = resources["OrderCopyFunction"]["Properties"]
    assert function["CodeUri"] == "./order-copy.zip"
    assert function["Environment"]["Variables"] == {"ARCHIVE": "acme-archive"}
    assert SECRET not in json.dumps(resources)
