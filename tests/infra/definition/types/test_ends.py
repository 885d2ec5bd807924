"""Test types for `on_end` and the function `followup`, whose role allows no more than they need."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.job_types import jobtype
from chalicelib.job_types.end import JobEnd
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queue import Queue
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.job import Status
from chalicelib.jobs.signing import Signing, end_name, end_parameter_of, parameter_of, read_keys, short_name
from chalicelib.settings import DEVELOPMENT_KEY
from infra.cloud.stack.signing import parameters
from infra.definition.iam import grants
from infra.definition.lambdas import tracing
from infra.definition.lambdas.compute import compute
from infra.definition.lambdas.functions import ENDED, functions
from infra.definition.lambdas.signing import local
from infra.definition.monitoring.alarms import alarms
from infra.definition.template import merge_template, resources
from infra.local.lambdas.events.stream_records import matches
from tests.infra.definition.types.test_reaching import Empty
from tests.support import a_job

STACK = "jobflow-prod"
PLAIN: JobType[Any, None] = JobType("export.run", lambda _payload, _ctx: None, Empty, on_end="export.ended")


def telling(name: str = "export.ended") -> JobType[JobEnd, None]:
    return JobType(name, lambda _payload, _ctx: None, JobEnd)


def test_only_a_stage_with_such_a_type_has_the_alarm_of_refused_ends() -> None:
    assert "EndRefusedAlarm" not in resources([PLAIN], STACK)
    assert not [grant for grant in grants.followup([]) if grant.startswith("sqs:")]


def test_a_stage_with_one_reads_the_stream_and_never_gives_up_before_the_stream_does() -> None:
    made = resources([PLAIN, telling()], STACK)
    source = made["FollowupFunction"]["Properties"]["Events"]["Source"]["Properties"]
    assert source["Stream"] == {"Fn::GetAtt": ["JobsTable", "StreamArn"]}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BisectBatchOnFunctionError"]
    assert source["TumblingWindowInSeconds"], "Lambda names the shard only with a window"
    assert {"FollowupBehindAlarm", "EndRefusedAlarm"} <= made.keys()
    assert not {"FollowupBehindAlarm", "EndRefusedAlarm"} & alarms([PLAIN], STACK).keys()


def test_its_role_makes_jobs_of_those_types_only() -> None:
    granted = grants.followup([telling()])
    assert [grant for grant in granted if grant.startswith(("sqs:", "s3:", "lambda:"))] == [
        "sqs:SendMessage:export-ended"
    ]
    assert all("control/BATCH" in one or one.endswith("control/EXPIRED") for one in granted if "control" in one)
    many = [telling(f"export.ended{place}") for place in range(grants.MOST_NAMED + 1)]
    assert "sqs:SendMessage:*-*" in grants.followup(many)


def test_types_that_are_told_and_share_a_queue_are_reached_through_it() -> None:
    mail = Queue("mail")
    told = [replace(telling(f"export.told{place}"), queue=mail) for place in range(grants.MOST_NAMED)]
    assert [grant for grant in grants.followup(told) if grant.startswith("sqs:")] == ["sqs:SendMessage:queue-mail"]
    # their worker has the master keys, but the function that makes their jobs has one for each of them
    declared = merge_template([PLAIN, *told, *(replace(PLAIN, name=f"a.b{n}", queue=mail) for n in range(9))], STACK)
    keys = declared["Resources"]["FollowupFunction"]["Properties"]["Environment"]["Variables"]["SIGNING_KEYS"]
    assert {parameter_of(one.name) for one in told} <= declared["Parameters"].keys()
    assert all(parameter_of(one.name) in keys["Fn::Sub"] for one in told)


def test_it_signs_jobs_of_those_types_only() -> None:
    made = compute(functions([PLAIN, telling()], STACK))
    variables = made["FollowupFunction"]["Properties"]["Environment"]["Variables"]
    name = "export.ended"
    signing = {"SIGNING_KEYS": {"Fn::Sub": f"{short_name(name)}=${{{parameter_of(name)}}}"}}
    assert variables == signing | tracing.variables("followup")


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch) -> JobType[Any, None]:
    """Return a type that makes jobs of a type with `on_end`."""
    kind = JobType("shop.close", lambda _payload, _ctx: None, Empty, enqueues=(PLAIN.name,))
    for one in (kind, PLAIN, telling()):
        monkeypatch.setitem(jobtype.registered, one.name, one)
    return kind


def test_a_worker_that_makes_jobs_with_on_end_has_the_key_for_it_and_not_the_key_of_the_type_that_is_told(
    making: JobType[Any, None],
) -> None:
    types = [making, PLAIN, telling()]
    declared = merge_template(types, STACK)
    keys = compute(functions(types, STACK))["ShopCloseFunction"]["Properties"]["Environment"]["Variables"]
    name, end = "export.ended", f"{end_name('export.ended')}=${{{end_parameter_of('export.ended')}}}"
    assert end in keys["SIGNING_KEYS"]["Fn::Sub"].split(";")
    assert short_name(name) not in keys["SIGNING_KEYS"]["Fn::Sub"]
    assert declared["Parameters"][end_parameter_of(name)]["NoEcho"]
    # who may make jobs of the type makes this key from the type's key
    both = replace(making, enqueues=(PLAIN.name, name))
    assert end_parameter_of(name) not in merge_template([both, PLAIN, telling()], STACK)["Parameters"]


def test_deploy_makes_the_key_for_on_end_that_the_platform_uses(making: JobType[Any, None]) -> None:
    made = parameters(merge_template([making, PLAIN, telling()], STACK)["Parameters"], {}, [], "", 0.0)
    held = {end_name("export.ended"): made[end_parameter_of("export.ended")]}
    worker = Signing(keys=read_keys(";".join(f"{name}={key}" for name, key in held.items())))
    job = a_job(type=PLAIN.name, on_end="export.ended")
    assert Signing((made["SigningKey"],)).accepts_end(replace(job, end_mark=worker.end_mark(job)))


def test_on_a_laptop_too(making: JobType[Any, None]) -> None:
    worker = Signing(keys=read_keys(local(*queues_of([making]))["SIGNING_KEYS"]))
    job = a_job(type=PLAIN.name, on_end="export.ended")
    assert Signing((DEVELOPMENT_KEY,)).accepts_end(replace(job, end_mark=worker.end_mark(job)))


def test_a_type_that_is_told_may_read_the_results_of_other_types() -> None:
    assert "s3:GetObject:results/*" in grants.worker(*queues_of([telling()]))
    assert "s3:GetObject:results/*" not in grants.worker(*queues_of([PLAIN]))


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("attribute", ["on_end", "batch", "parent"])
def test_the_function_is_called_only_for_ends_that_it_needs(status: Status, attribute: str) -> None:
    image = {"status": {"S": str(status)}, attribute: {"S": "export.ended"}}
    record = {"dynamodb": {"Keys": {"sk": {"S": "META"}}, "NewImage": image}}
    ends = {Status.COMPLETED, Status.FAILED, Status.DEAD_LETTER, Status.CANCELLED}
    passes = any(matches(record, json.loads(pattern)) for pattern in ENDED)
    assert passes == (status in ends and attribute != "parent")
    assert not any(matches({"dynamodb": {"Keys": {"sk": {"S": "META"}}}}, json.loads(one)) for one in ENDED)
