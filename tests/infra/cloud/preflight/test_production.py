"""Test what preflight reports about production, networks, concurrency and index partitions, and when deploy stops."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.job_types import jobtype
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from infra.cloud import __main__ as command
from infra.cloud.account import Account
from infra.cloud.commands.deploy import Deployment
from infra.cloud.errors import CloudError
from infra.cloud.preflight import basics, production, shards
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from tests.infra.cloud.support import lines

REGION = "us-east-1"
BOUNDARY = "arn:aws:iam::123456789012:policy/jobflow-boundary"
GOOD = basics.chosen({"Protect": "true", "AlarmEmail": "me@example.com", "PermissionsBoundary": BOUNDARY})


def told(stage: str, named: set[str], new: bool, **values: str) -> list[str]:
    return lines(production.findings(stage, {**GOOD, **values}, named, new=new))


def test_production_is_asked_for_an_address_once_and_warned_later() -> None:
    (first,) = told("prod", set(), new=True, AlarmEmail="")
    assert first.startswith("Stop (alarms)")
    assert "AlarmEmail= for none" in first
    assert told("prod", {"AlarmEmail"}, new=True, AlarmEmail="")[0].startswith("Note (alarms)")
    assert told("prod", set(), new=False, AlarmEmail="")[0].startswith("Note (alarms)")
    assert told("prod", set(), new=True, AlarmEmail="", AlarmTopicArn="arn:aws:sns:x") == []
    assert told("dev", set(), new=True, AlarmEmail="", Protect="false", LogRetentionDays="1") == []


def test_production_is_refused_without_a_boundary_until_somebody_wants_none() -> None:
    (first,) = told("prod", set(), new=True, PermissionsBoundary="")
    assert first.startswith("Stop (boundary)")
    assert "docs/boundary-policy.json" in first
    assert "PermissionsBoundary= for none" in first
    assert told("prod", {"PermissionsBoundary"}, new=True, PermissionsBoundary="")[0].startswith("Note (boundary)")
    assert told("live", set(), new=False, PermissionsBoundary="")[0].startswith("Note (boundary)")
    assert told("dev", set(), new=True, PermissionsBoundary="") == []


def test_an_address_beside_a_topic_of_ones_own_is_told_to_get_no_alarms() -> None:
    (note,) = told("dev", set(), new=False, AlarmTopicArn="arn:aws:sns:x")
    assert note.startswith("Note (alarms)")
    assert "me@example.com gets none" in note


def test_production_without_protection_or_with_short_logs_is_told() -> None:
    assert told("prod", set(), new=False, Protect="false") == [
        'Note (protection): The tables can be deleted. Deploy with SET="Protect=true".'
    ]
    assert told("prod", set(), new=True, Protect="false") == [], "the first deployment protects them by itself"
    assert "for 7 days" in told("live", set(), new=True, LogRetentionDays="7")[0]


def test_a_deployment_sets_what_nobody_has_named() -> None:
    def chosen(stage: str, *named: str, limit: int | None = 1000, yes: bool = True) -> dict[str, str]:
        return production.defaults(stage, named, limit, new=yes)

    assert chosen("prod") == {"ApiConcurrency": "100", "Protect": "true"}
    assert chosen("prod", "ApiConcurrency", "Protect") == {}
    assert chosen("dev", limit=10, yes=False) == {}
    assert chosen("prod", limit=None, yes=False) == {}
    assert chosen("dev") == {}


@pytest.mark.parametrize(
    ("wanted", "had", "unreserved", "stops"),
    [("1", "0", 10, True), ("100", "0", 199, True), ("100", "0", 200, False), ("100", "90", 110, False),
     ("100", "0", None, False), ("0", "100", 10, False)],
)  # fmt: skip
def test_what_lambda_would_not_reserve_stops(wanted: str, had: str, unreserved: int | None, stops: bool) -> None:
    found = list(production.reserved({"ApiConcurrency": wanted}, {"ApiConcurrency": had}, unreserved))
    assert [finding.stops for finding in found] == [True] * stops
    assert all(f"ApiConcurrency={wanted}" in finding.sentence for finding in found)


@pytest.mark.parametrize(
    "assignment",
    ["LogRetentionDays=abc", "LogRetentionDays=13", "MailRate=fast", "MailRate=501", "MailRate=1.5", "Dashboard=yes",
     "RateLimitWindow=0", "IndexShards=5", "ApiConcurrency=-1"],
)  # fmt: skip
def test_a_value_that_a_parameter_cannot_have_is_told(
    account: Account, capsys: pytest.CaptureFixture[str], assignment: str
) -> None:
    for name in ("preflight", "deploy"):
        assert command.main([name, "--stage", "dev", "--set", assignment]) == 1
        assert assignment in capsys.readouterr().err


@pytest.mark.parametrize(
    ("certificate", "stops"),
    [({}, True), ({"SiteCertificate": "arn:aws:acm:eu-west-1:1:certificate/x"}, True),
     ({"SiteCertificate": "arn:aws:acm:us-east-1:1:certificate/x"}, False)],
)  # fmt: skip
def test_a_domain_without_a_certificate_that_cloudfront_takes_stops(certificate: dict[str, str], stops: bool) -> None:
    facts = basics.Facts(1000, None, True, {})
    found = basics.findings({**GOOD, "SiteDomain": "jobs.mine.example", **certificate}, facts, [], REGION)
    assert [finding.about for finding in found if finding.stops] == ["domain"] * stops


class Empty(BaseModel):
    """No payload."""


def test_a_type_in_a_vpc_needs_subnets() -> None:
    kind: JobType[Any, Any] = JobType("order.copy", lambda _payload, _ctx: None, Empty, function=Function(vpc=True))
    facts = basics.Facts(1000, None, True, {})
    (finding,) = basics.findings({**GOOD, "VpcSubnets": "subnet-1"}, facts, [kind], REGION)
    assert finding.stops
    assert "order.copy says vpc=True, and there is no VpcSecurityGroups" in finding.sentence


def test_the_command_tells_a_pipeline_what_stops(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["preflight", "--stage", "prod", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["about"] for one in found if one["stops"]] == ["alarms", "boundary"]
    chosen = ["--set", "AlarmEmail=me@example.com", "--set", f"PermissionsBoundary={BOUNDARY}"]
    assert command.main(["preflight", "--stage", "prod", *chosen]) == 0
    assert "Note (mail)" in capsys.readouterr().err


def test_deploy_says_it_and_stops_before_it_builds(account: Account, terminal: Terminal, said: io.StringIO) -> None:
    stack = Stack(account, "jobflow-prod")
    with pytest.raises(CloudError, match="Alarms of production have no recipient"):
        Deployment(account, stack, terminal, dashboard=None, package=lambda _: pytest.fail("it was built")).run()
    assert "no mailbox has" in said.getvalue()


KIND = jobtype.load()[0]
VALUES = basics.chosen({"MailFrom": "jobs@mine.example", "MailIdentity": "mine.example"})


@pytest.mark.parametrize(
    ("stage", "limit", "unreserved", "reserves"),
    [("prod", 1000, 1000, True), ("live", 1000, 200, True), ("production", 1000, None, True),
     ("prod", 1000, 199, False), ("prod", 999, 999, False), ("prod", None, None, False),
     ("pull12", 1000, 1000, False), ("dev", 5000, 5000, False)],
)  # fmt: skip
@pytest.mark.parametrize("new", [True, False])
def test_only_production_reserves_by_itself(
    stage: str, limit: int | None, unreserved: int | None, reserves: bool, new: bool
) -> None:
    chosen = production.defaults(stage, ["Protect"], limit, unreserved=unreserved, new=new)
    assert chosen == ({"ApiConcurrency": "100"} if reserves else {})


@pytest.mark.parametrize(
    ("unreserved", "more", "together", "told"),
    [(None, 0, 990, ""), (None, 0, 991, "runs 1000 functions at once;"), (1000, 0, 990, ""),
     (600, 0, 590, ""), (600, 0, 591, "1000 functions at once, 600 of them beside what is reserved;"),
     (1000, 200, 790, ""), (1000, 200, 900, "800 of them beside what is reserved; the job types may take 900"),
     (600, -200, 790, ""), (600, -200, 791, "800 of them")],
)  # fmt: skip
def test_workers_have_what_is_not_reserved(unreserved: int | None, more: int, together: int, told: str) -> None:
    facts = basics.Facts(1000, basics.Identity(verified=True), True, {}, unreserved)
    found = basics.findings(VALUES, facts, [replace(KIND, function=Function(concurrency=together))], "us-east-1", more)
    about = [finding for finding in found if finding.about == "concurrency"]
    assert len(about) == bool(told)
    assert all(told in finding.sentence and not finding.stops for finding in about)


def test_what_is_reserved_more_is_that_of_the_api() -> None:
    assert production.additional({"ApiConcurrency": "100"}, {"ApiConcurrency": "90"}) == 10
    assert production.additional({"ApiConcurrency": "0"}, {"ApiConcurrency": "100"}) == -100


def refused(before: dict[str, str], written: int, read: int) -> str:
    found = list(shards.findings(before, {"IndexShards": str(written), "IndexShardsRead": str(read)}))
    assert all(finding.stops for finding in found)
    return " ".join(finding.sentence for finding in found)


def of(written: int, read: int) -> dict[str, str]:
    return {"IndexShards": str(written), "IndexShardsRead": str(read)}


@pytest.mark.parametrize(
    ("before", "written", "read"),
    [({}, 16, 4), (of(4, 8), 8, 8), (of(4, 8), 8, 4), (of(8, 8), 4, 8), (of(8, 8), 8, 16)],
)
def test_what_finds_every_job_is_fine(before: dict[str, str], written: int, read: int) -> None:
    assert refused(before, written, read) == ""


def test_more_shards_are_asked_a_deployment_before_they_are_written() -> None:
    assert 'SET="IndexShardsRead=8" first' in refused(of(4, 4), 8, 8)


@pytest.mark.parametrize(("written", "read"), [(4, 4), (4, 8)])
def test_shards_that_may_hold_jobs_are_asked_for_good(written: int, read: int) -> None:
    assert 'SET="IndexShardsRead=16"' in refused(of(4, 16), written, read)


@pytest.mark.parametrize(
    ("present", "former", "asked"),
    [(of(8, 8), of(4, 8), "8"), (of(4, 8), of(4, 4), "8"), (of(8, 4), of(4, 4), "8"), (of(4, 4), of(4, 4), "4"),
     (of(4, 4), of(4, 16), "16"), (of(16, 8), of(8, 8), "16")],
)  # fmt: skip
def test_the_way_back_asks_no_fewer_partitions(present: dict[str, str], former: dict[str, str], asked: str) -> None:
    assert shards.kept(present, former) == {**former, shards.READ: asked}
