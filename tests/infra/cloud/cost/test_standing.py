"""The plan of a deployment says what costs money by being there, and it adds up to the bill of an idle month."""

from collections.abc import Sequence
from typing import Any

import pytest

from infra.cloud.cost import standing
from infra.cloud.cost.calculation import idle, total
from infra.cloud.stack.changes import Change
from infra.definition.template import resources
from tests.infra.cloud import large
from tests.support import built_in

TYPES, STACK = built_in(), "jobflow-prod"
KINDS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::SQS::Queue", "AWS::Serverless::Function")


@pytest.mark.parametrize("types", [TYPES, large.types(40)], ids=["built in", "shared alarms"])
def test_a_first_deployment_adds_up_to_the_idle_month(types: Sequence[Any]) -> None:
    made = [
        Change("add", name, resource["Type"])
        for name, resource in resources(types, STACK).items()
        if resource.get("Type") in KINDS
    ]
    costs = standing.of_changes(made, standing.by_resource(types, STACK))
    assert sum(costs.values()) == pytest.approx(total(idle(types)))
    assert costs.keys() == standing.by_resource(types, STACK).keys(), "each priced thing is one of the stack's"
    assert f"These changes: +${total(idle(types)):.2f} a month." in standing.sentence(types, costs)


def test_what_comes_and_goes_has_its_price_and_nothing_else_has() -> None:
    known = standing.by_resource(TYPES, STACK)
    queue, alarm = "AWS::SQS::Queue", "AWS::CloudWatch::Alarm"
    changes = [
        ("remove", "OldQueue", queue), ("remove", "OldDlq", queue), ("remove", "OldErrorsAlarm", alarm),
        ("add", "EmailSendQueue", queue), ("add", "EmailSendDlq", queue), ("modify", "StalledAlarm", alarm),
        ("add", "JobsTable", "AWS::DynamoDB::Table"),
    ]  # fmt: skip
    found = standing.of_changes([Change(*one) for one in changes], known)
    assert found.keys() == {"OldQueue", "OldErrorsAlarm", "EmailSendQueue"}
    assert found["OldQueue"] == -found["EmailSendQueue"] < 0
    assert found["OldErrorsAlarm"] == pytest.approx(-0.10)
    assert standing.sentence(TYPES, found).startswith("These changes: -$0.10 a month.")
    assert standing.sentence(TYPES, {}) == ""


def test_a_line_says_it_beside_what_loses_data() -> None:
    assert Change("remove", "OldQueue", "AWS::SQS::Queue").line(-0.26).endswith("-$0.26 a month   LOSES DATA")
