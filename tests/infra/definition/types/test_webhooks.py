"""Test a stage with webhooks: what it has in addition, what its roles allow, and that no other stage has anything."""

import json
from typing import Any

import pytest

from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.job import Status
from chalicelib.jobs.signing import parameter_of, short_name
from chalicelib.settings import Settings
from infra.definition.iam import grants
from infra.definition.lambdas import tracing
from infra.definition.lambdas.compute import compute
from infra.definition.lambdas.functions import EVERY_END, functions
from infra.definition.template import merge_template, resources
from infra.local.lambdas.events.stream_records import matches
from tests.chalicelib.webhooks.support import DELIVERING
from tests.infra.definition.types.test_reaching import Empty

STACK = "jobflow-prod"
PLAIN: JobType[Any, None] = JobType("export.run", lambda _payload, _ctx: None, Empty)


def passes(record: Any) -> bool:
    return any(matches(record, json.loads(pattern)) for pattern in EVERY_END)


def test_a_stage_without_the_type_has_no_resource_and_no_permission_for_it() -> None:
    made = resources([PLAIN], STACK)
    assert "webhook.deliver" not in json.dumps(made)
    assert "WEBHOOK" not in json.dumps(made)
    assert not [name for name in made if "Webhook" in name]


def test_a_stage_with_the_type_has_the_function_on_the_stream_and_an_alarm() -> None:
    made = resources([PLAIN, DELIVERING], STACK)
    assert {"FollowupFunction", "WebhookDeliverFunction"} <= made.keys()
    alarms = {"FollowupBehindAlarm", "WebhookDisabledAlarm", "WebhookFailingAlarm", "EndRefusedAlarm"}
    assert alarms <= made.keys()


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("kind", ["export.run", "webhook.deliver"])
def test_the_function_is_called_for_every_end_but_those_of_deliveries(status: Status, kind: str) -> None:
    image = {"status": {"S": str(status)}, "type": {"S": kind}}
    record = {"dynamodb": {"Keys": {"sk": {"S": "META"}}, "NewImage": image}}
    ends = {Status.COMPLETED, Status.FAILED, Status.DEAD_LETTER, Status.CANCELLED}
    assert passes(record) == (status in ends and kind == "export.run")
    assert not passes({"dynamodb": {"Keys": {"sk": {"S": "META"}}}})


def test_only_the_api_writes_webhooks_and_only_the_worker_reads_secrets_besides() -> None:
    queues = queues_of([PLAIN, DELIVERING])
    api, (worker, plain) = grants.api(queues), (grants.worker(one) for one in reversed(queues))
    writing = {"dynamodb:PutItem:control/WEBHOOKS", "dynamodb:DeleteItem:control/WEBHOOKS"}
    assert writing <= set(api)
    assert not writing & {*worker, *plain, *grants.followup([DELIVERING]), *grants.watchdog(queues)}
    assert not [grant for grant in (*plain, *grants.followup([DELIVERING])) if "secret" in grant]
    roles = compute(functions([PLAIN, DELIVERING], STACK))
    statement = json.dumps(roles["WebhookDeliverRole"])
    assert "secretsmanager:GetSecretValue" in statement
    assert "secretsmanager:PutSecretValue" not in statement
    of_spans = json.dumps(tracing.statements("followup")[1])
    assert "secretsmanager" not in json.dumps([roles["ExportRunRole"], roles["FollowupRole"]]).replace(of_spans, "")


def test_the_function_on_the_stream_makes_deliveries_only() -> None:
    made = compute(functions([PLAIN, DELIVERING], STACK))
    variables = made["FollowupFunction"]["Properties"]["Environment"]["Variables"]
    name = DELIVERING.name
    signing = {"SIGNING_KEYS": {"Fn::Sub": f"{short_name(name)}=${{{parameter_of(name)}}}"}}
    assert variables == signing | tracing.variables("followup")
    sending = [grant for grant in grants.followup([DELIVERING]) if grant.startswith("sqs:")]
    assert sending == ["sqs:SendMessage:webhook-deliver"]


@pytest.mark.parametrize(
    ("receiver", "endpoint", "kept"),
    [
        ("127.0.0.1:8090", "http://127.0.0.1:4566", "127.0.0.1:8090"), ("127.0.0.1:8090", "", ""),
        ("127.0.0.1:8090", "https://dynamodb.eu-west-1.amazonaws.com", ""),
        ("10.0.0.1:8090", "http://127.0.0.1:4566", ""), ("169.254.169.254:80", "http://127.0.0.1:4566", ""),
        ("127.0.0.1:8090/x", "http://127.0.0.1:4566", ""), ("", "http://127.0.0.1:4566", ""),
    ],
)  # fmt: skip
def test_only_a_platform_whose_aws_is_on_this_laptop_has_a_receiver_here(
    receiver: str, endpoint: str, kept: str
) -> None:
    found = Settings.from_env({"WEBHOOK_RECEIVER": receiver, "AWS_ENDPOINT_URL": endpoint})
    assert found.webhook_receiver == kept


def test_no_function_of_a_stage_has_the_variable_for_it() -> None:
    assert "WEBHOOK_RECEIVER" not in json.dumps(merge_template([PLAIN, DELIVERING], STACK))
