"""Test the stack's resources for types with `spending`, and that other types have none of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of, with_budgets
from chalicelib.job_types.spending import Spending
from infra.cloud.cost.calculation import idle, total
from infra.definition import functions
from infra.definition.iam import grants
from infra.definition.iam.permissions import statements
from infra.definition.monitoring.alarms import all_alarms
from infra.definition.template import resources
from tests.support import built_in

STACK = "jobflow-prod"
Kinds = list[JobType[Any, Any]]


@pytest.fixture(scope="module")
def kinds() -> Kinds:
    return built_in()


def declaring(kinds: Kinds, **options: Any) -> Kinds:
    """Return the types, with these options for `email.send`."""
    return [replace(kind, **options) if kind.name == "email.send" else kind for kind in kinds]


def variables(kinds: Kinds, function: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = resources(kinds, STACK)[function]["Properties"].get("Environment", {})
    return dict(found.get("Variables", {}))


def test_a_budget_lets_the_watchdog_switch_that_queue_and_changes_nothing_else(kinds: Kinds) -> None:
    dear = declaring(kinds, spending=Spending(per_day=5))
    [queue] = with_budgets(queues_of(dear))
    more = set(grants.watchdog((), [queue])) - set(grants.watchdog())
    [switching] = (one for one in statements(STACK, more) if "lambda:" in str(one["Action"]))
    assert switching["Action"] == ["lambda:UpdateEventSourceMapping"]
    assert switching["Condition"]["ArnLike"]["lambda:FunctionArn"]["Fn::Sub"].endswith(f":{STACK}-email-send")
    assert not [one for one in more if "InvokeFunction" in one]
    assert variables(dear, "WatchdogFunction")["EVENT_SOURCES"]["Fn::Sub"].endswith("=${EmailSendFunctionSource}")
    assert len(all_alarms(dear, STACK)) == len(all_alarms(kinds, STACK))
    assert total(idle(dear)) == total(idle(kinds))


def test_a_queue_that_also_pauses_by_itself_is_named_once(kinds: Kinds) -> None:
    both = declaring(kinds, spending=Spending(per_day=5), pause_when=Failing())
    assert variables(both, "WatchdogFunction")["EVENT_SOURCES"]["Fn::Sub"].count("=") == 1


def test_the_counters_know_the_types_that_are_counted_by_tenant(kinds: Kinds) -> None:
    assert "USAGE_BY_TENANT" not in variables(kinds, "CountersFunction")
    split = declaring(kinds, fair_by="subject", spending=Spending(by_tenant=True))
    assert variables(split, "CountersFunction")["USAGE_BY_TENANT"] == "email.send"


def test_too_many_types_by_tenant_are_refused(kinds: Kinds) -> None:
    many = [replace(kinds[0], name=f"a.b{n}", fair_by="subject", spending=Spending(by_tenant=True)) for n in range(41)]
    with pytest.raises(ConfigurationError, match="41 types"):
        functions(many, STACK)
