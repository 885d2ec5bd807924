"""Test what `make deploy`, `make status` and finally `make destroy` do to an existing stage."""

import io
import json
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from rich.console import Console

from chalicelib.access.tokens import Role
from infra.cloud.commands import access
from infra.cloud.commands.deploy import Deployment
from infra.cloud.commands.destroy import Destruction
from infra.cloud.commands.recount import recount
from infra.cloud.commands.status import status
from infra.cloud.package.build import ROOT
from infra.cloud.stack import website
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from tests.e2e.cloud.support import Cloud

pytestmark = pytest.mark.ministack


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def terminal(said: io.StringIO) -> Terminal:
    return Terminal(Console(file=said, width=200), Console(file=said, width=200))


def test_first_deployment_says_what_it_makes(cloud: Cloud) -> None:
    assert "+ JobsTable " in cloud.said
    assert "+$3.00 a month" in cloud.said
    assert "The stage, when nothing happens: $" in cloud.said
    assert cloud.outputs["SiteUrl"] in cloud.said


def test_dashboard_may_call_this_api_only(cloud: Cloud) -> None:
    found = cloud.stack.describe() or {}
    known = {entry["ParameterKey"]: entry["ParameterValue"] for entry in found["Parameters"]}
    assert known["ApiOrigin"] == cloud.outputs["ApiUrl"]


def test_everything_is_tagged(cloud: Cloud) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in (cloud.stack.describe() or {})["Tags"]}
    assert tags == {"project": "jobflow", "stage": "e2e"}


def test_second_deployment_changes_nothing(cloud: Cloud, terminal: Terminal, said: io.StringIO) -> None:
    with cloud.deployer.at_work():
        again = Deployment(cloud.account, cloud.stack, terminal, dashboard=None, package=lambda _: cloud.package).run()
    assert again == cloud.outputs
    assert "nothing changes" in said.getvalue()
    assert "first admin token" not in said.getvalue()


def test_dry_run_shows_the_change_and_leaves_it(cloud: Cloud, terminal: Terminal, said: io.StringIO) -> None:
    with cloud.deployer.at_work():
        Deployment(
            cloud.account, cloud.stack, terminal, {"RateLimitMax": "7"}, None, True, package=lambda _: cloud.package
        ).run()
    assert "~ APIHandler" in said.getvalue()
    assert {p["ParameterKey"]: p["ParameterValue"] for p in (cloud.stack.describe() or {})["Parameters"]}[
        "RateLimitMax"
    ] == "0"


def test_dry_run_of_a_new_stage_leaves_no_stack(cloud: Cloud, terminal: Terminal, said: io.StringIO) -> None:
    stack = Stack(cloud.account, "jobflow-dry")
    with cloud.deployer.at_work():
        Deployment(cloud.account, stack, terminal, dashboard=None, dry_run=True, package=lambda _: cloud.package).run()
    assert "+ JobsTable " in said.getvalue()
    assert stack.describe() is None
    buckets = [bucket["Name"] for bucket in cloud.account.client("s3").list_buckets()["Buckets"]]
    assert not [name for name in buckets if name.startswith("jobflow-dry-")]


def test_dashboard_is_uploaded_with_its_config(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "assets/app-1f.js"):
        (tmp_path / name).write_text("first")
    s3, bucket = cloud.account.client("s3"), cloud.outputs["SiteBucketName"]
    s3.put_object(Bucket=bucket, Key="old.html", Body=b"x")
    with cloud.deployer.at_work():
        assert website.upload(cloud.account, cloud.outputs, tmp_path, "e2e") == 3
    found = {entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert found == {"index.html", "assets/app-1f.js", "config.json"}
    told = {key: s3.get_object(Bucket=bucket, Key=key) for key in found}
    assert json.loads(told["config.json"]["Body"].read())["apiUrl"] == cloud.outputs["ApiUrl"]
    assert {key: answer["CacheControl"] for key, answer in told.items()} == {
        "index.html": "no-cache", "config.json": "no-cache", "assets/app-1f.js": "public, max-age=31536000, immutable",
    }  # fmt: skip


def test_status_tells_how_it_is_doing(cloud: Cloud) -> None:
    with cloud.deployer.at_work():
        facts = status(cloud.account, cloud.stack)
    assert facts["API"] == cloud.outputs["ApiUrl"]
    assert "in the dead-letter queue" in facts["jobflow-e2e-email-send"]


def test_tokens_are_managed_and_jobs_recounted_from_here(cloud: Cloud) -> None:
    with cloud.deployer.at_work():
        tokens = access.tokens(cloud.account, cloud.stack)
        _, token = tokens.issue(Role.VIEWER, "for a while")
        tokens.revoke(token.id)
        # the smoke test of each deployment has created one, too
        assert token.id in {found.id for found in tokens.list() if found.revoked_at}
        assert recount(cloud.account, cloud.stack, print).jobs >= 0


def test_destroy_leaves_nothing(cloud: Cloud, terminal: Terminal) -> None:
    with cloud.deployer.at_work():
        assert Destruction(cloud.account, cloud.stack, terminal, confirmed=cloud.stack.name).run() == []
    assert cloud.stack.describe() is None
    assert [b["Name"] for b in cloud.account.client("s3").list_buckets()["Buckets"] if "e2e" in b["Name"]] == []


def test_the_policies_allow_what_a_deployer_asks_for(cloud: Cloud) -> None:
    needed = actions_in("pipeline-policy.json")
    assert sorted(cloud.deployer.asked - needed) == []
    patterns = actions_in("deployer-policy.json")
    assert sorted(action for action in needed if not any(fnmatchcase(action, name) for name in patterns)) == []


def actions_in(name: str) -> set[str]:
    granted = [part["Action"] for part in json.loads((ROOT / "docs" / name).read_text())["Statement"]]
    return {action for names in granted for action in ([names] if isinstance(names, str) else names)}
