"""Test that a deployment which takes a version away says how many runs of that version it would leave waiting."""

import io
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.counters import keys
from chalicelib.counters.port import Additions
from chalicelib.job_types.changes import Changes
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import Status
from chalicelib.jobs.step import VERSION, Step
from infra.cloud.account import Account
from infra.cloud.commands import access, runs
from infra.cloud.commands.deploy import Deployment
from infra.cloud.commands.runs import Runs
from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from infra.definition import stateful
from infra.definition.parameters import outputs
from tests.support import T0, a_job, built_in

STACK = "jobflow-prod"
TYPES = built_in()
NAME = "email.send"


def declaring(changes: Changes) -> list[JobType[Any, Any]]:
    return [replace(kind, changes=changes) if kind.name == NAME else kind for kind in TYPES]


@pytest.fixture
def prod(account: Account) -> Stack:
    told = {name: outputs()[name] for name in ("ControlTableName", "JobsTableName")}
    template = json.dumps({"Resources": stateful(TYPES, STACK), "Outputs": told})
    account.cloudformation.create_stack(StackName=STACK, TemplateBody=template)
    return Stack(account, STACK)


def begun(account: Account, prod: Stack) -> None:
    """Store runs of the versions 1, 2 and 3, and jobs that no deployment can leave waiting."""
    settings = access.settings(account, prod)
    store = DynamoJobStore(settings)
    waits: dict[str, Any] = {"waits": "time", "next_attempt_at": T0 + 9_000, "parked_until": T0 + 9_000}
    asleep = {"status": Status.SUSPENDED, "claims": 1, "kept": 1, **waits}
    stored: list[tuple[str | None, dict[str, Any]]] = [
        (None, asleep),
        ("2", asleep),
        ("2", {"status": Status.QUEUED, "gen": 2, "sent": True}),
        ("3", {**asleep, "status": Status.RETRYING, "waits": None}),
        (None, {"status": Status.QUEUED}),
        ("2", {"status": Status.COMPLETED, "claims": 1, "kept": 1}),
    ]
    numbers = Counter[str]()
    for version, fields in stored:
        job = a_job(type=NAME, **fields)
        store.add(job)
        numbers[keys.number(job.status)] += 1
        if version is not None:
            store.keep_step(job, Step(VERSION, T0, version))
    DynamoCounters(settings).add(keys.totals(NAME), Additions(numbers), "test", "0", "1")


def test_runs_are_counted_by_the_versions_that_the_code_no_longer_lists(account: Account, prod: Stack) -> None:
    begun(account, prod)
    assert dict(runs.look(account, prod, declaring(Changes(version="3"))).left) == {(NAME, "1"): 1, (NAME, "2"): 2}
    assert dict(runs.look(account, prod, declaring(Changes(version="3", versions=("1", "2")))).left) == {}
    assert dict(runs.look(account, prod, TYPES).left) == {(NAME, "2"): 2, (NAME, "3"): 1}


def test_a_deployment_that_leaves_runs_waiting_stops_unless_it_is_forced(
    account: Account, prod: Stack, terminal: Terminal, said: io.StringIO
) -> None:
    begun(account, prod)

    def deploy(*, force: bool) -> None:
        Deployment(
            account, prod, terminal, dashboard=None, force_remove=force, package=lambda _: pytest.fail("it was built"),
            types=lambda: declaring(Changes(version="3", versions=("1",))),
        ).run()  # fmt: skip

    with pytest.raises(CloudError, match=r"2 runs of email\.send are of version 2, which its code no longer lists"):
        deploy(force=False)
    with pytest.raises(pytest.fail.Exception, match="it was built"):
        deploy(force=True)
    assert "2 runs of email.send are of version 2" in said.getvalue()


def test_of_many_unfinished_jobs_only_some_are_read_and_the_number_says_so(
    account: Account, prod: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(account, prod)
    monkeypatch.setattr(runs, "MOST_READ", 2)
    found = runs.look(account, prod, declaring(Changes(version="9")))
    assert sum(found.left.values()) == 2
    assert all("at least 1 runs" in finding.sentence for finding in found.findings(force=False))


def test_a_row_that_cannot_be_read_hides_no_other_run(account: Account, prod: Stack) -> None:
    begun(account, prod)
    table = f"{STACK}-jobs"
    rows = account.client("dynamodb").scan(TableName=table)["Items"]
    [waits] = [row for row in rows if row.get("status", {}).get("S") == "retrying"]
    account.client("dynamodb").put_item(TableName=table, Item={**waits, "status": {"S": "of a later version"}})
    assert dict(runs.look(account, prod, declaring(Changes(version="9"))).left) == {(NAME, "1"): 1, (NAME, "2"): 2}


def test_runs_that_cannot_be_counted_are_told_and_stop_nothing(account: Account, prod: Stack) -> None:
    account.client("dynamodb").delete_table(TableName=f"{STACK}-control")
    (finding,) = runs.look(account, prod, TYPES).findings(force=False)
    assert (finding.stops, "ResourceNotFound" in finding.sentence) == (False, True)
    assert runs.look(account, Stack(account, "jobflow-new"), TYPES) == Runs()
