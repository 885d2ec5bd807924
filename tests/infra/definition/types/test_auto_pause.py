"""Test the stack's resources for types with `pause_when`, and that other types have none of them."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.job_types.failing import Failing
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from infra.definition.iam import grants
from infra.definition.iam.permissions import EVERY_TYPE, statements
from infra.definition.template import resources
from infra.local.deployment import OF_LAMBDA
from tests.support import built_in

STACK = "jobflow-prod"
Kinds = list[JobType[Any, Any]]


@pytest.fixture(scope="module")
def kinds() -> Kinds:
    return built_in()


OWN = Function(own_alarms=True)


@pytest.fixture(scope="module")
def pausing(kinds: Kinds) -> Kinds:
    return [replace(kind, pause_when=Failing(), function=OWN) if kind.name == "email.send" else kind for kind in kinds]


def test_without_such_a_type_there_is_nothing(kinds: Kinds) -> None:
    queues = queues_of(kinds)
    assert grants.watchdog(queues) == grants.watchdog()
    assert grants.api(queues) == grants.api()
    workers = (grant for queue in queues for grant in grants.worker(queue))
    granted = [*grants.watchdog(queues), *grants.api(queues), *workers]
    assert not [grant for grant in granted if "AUTOPAUSE" in grant]
    made = resources(kinds, STACK)
    assert "EVENT_SOURCES" not in made["WatchdogFunction"]["Properties"]["Environment"]["Variables"]
    assert not [name for name in made if "EmailSendPaused" in name]


def test_the_watchdog_may_switch_and_invoke_that_type_alone(kinds: Kinds, pausing: Kinds) -> None:
    more = set(grants.watchdog(queues_of(pausing))) - set(grants.watchdog(queues_of(kinds)))
    switching, invoking = (s for s in statements(STACK, more) if "lambda:" in str(s["Action"]))
    assert switching["Action"] == ["lambda:UpdateEventSourceMapping"]
    bound = switching["Condition"]["ArnLike"]["lambda:FunctionArn"]["Fn::Sub"]
    assert bound.endswith(f":function:{STACK}-email-send")
    assert invoking["Action"] == ["lambda:InvokeFunction"]
    assert invoking["Resource"]["Fn::Sub"].endswith(f":function:{STACK}-email-send")


def test_many_such_types_fit_into_the_role(kinds: Kinds) -> None:
    many = queues_of(replace(kinds[0], name=f"type.n{number}", pause_when=Failing()) for number in range(60))
    assert f"lambda:UpdateEventSourceMapping:{EVERY_TYPE}" in grants.watchdog(many)
    assert len([grant for grant in grants.watchdog(many) if grant.startswith("lambda:")]) == 4


def test_it_has_an_alarm_and_the_watchdog_has_its_mapping(pausing: Kinds) -> None:
    made = resources(pausing, STACK)
    variables = made["WatchdogFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["EVENT_SOURCES"]["Fn::Sub"].endswith("=${EmailSendFunctionSource}")
    assert variables.keys() >= OF_LAMBDA, "and a laptop leaves them out"
    alarm = made["EmailSendPausedAlarm"]["Properties"]
    assert (alarm["MetricName"], alarm["Threshold"], alarm["TreatMissingData"]) == ("PausedByItself", 0, "notBreaching")
    assert {"Name": "job_type", "Value": "email.send"} in alarm["Dimensions"]
    assert "docs/operations.md#paused" in alarm["AlarmDescription"]
