"""Test the bill of a month: an idle stage, metrics in use, an open console; and the text of a report and of a plan."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.job_types.failing import Failing
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.unique import Unique
from infra.cloud.cost import bill, standing
from infra.cloud.cost.attack import under_attack, waf
from infra.cloud.cost.calculation import (
    ALONE,
    BUSY,
    BUSY_SECONDS,
    QUIET_SECONDS,
    Load,
    console,
    idle,
    kept,
    total,
)
from infra.cloud.cost.extras import extras
from infra.cloud.cost.others import OFFERS
from infra.cloud.cost.prices import ALLOWANCES
from infra.cloud.cost.waiting import waiting
from infra.cloud.stack.changes import Change
from infra.definition.monitoring.alarms import all_alarms
from infra.definition.names import EXPORTS_SPANS
from infra.definition.template import resources
from tests.infra.cloud import large
from tests.infra.cloud.acting import STACK
from tests.support import built_in

TYPES = built_in()
"""The types for which the limits were set; one more type costs more."""


def test_an_idle_month_costs_what_was_aimed_at() -> None:
    assert total(idle(TYPES, ALLOWANCES)) <= 2.20
    # without any free allowance, and without the CloudWatch dashboard, of which the first three are free
    listed = [line for line in idle(TYPES) if line.what != "CloudWatch dashboards"]
    assert total(listed) <= 5.90


def test_sixty_idle_types_cost_little_more_than_the_polls_of_their_queues() -> None:
    many = large.types(60)
    assert total(idle(many, ALLOWANCES)) <= 19
    (polls,) = [line for line in idle(many, ALLOWANCES) if line.what.startswith("SQS")]
    assert polls.dollars > 15, "which Lambda sends, whatever this platform does"


def test_jobs_that_wait_side_by_side_cost_a_share_of_the_time() -> None:
    (kind,) = [kind for kind in TYPES if kind.name == "email.send"]
    one, several = waiting(kind, BUSY)
    assert one.dollars == pytest.approx(0.1 * 0.5 * 13.3334)
    assert several.dollars == pytest.approx(one.dollars / 5), "a full batch of ten is two waves of eight threads"
    alone = waiting(kind, ALONE)
    assert alone[0].dollars == alone[1].dollars, "a job alone in its invocation waits alone"
    assert waiting(replace(kind, function=replace(kind.function, threads=1)), BUSY) == []


def test_an_open_console_costs_what_was_aimed_at_while_nothing_changes() -> None:
    assert total(console(TYPES, QUIET_SECONDS)) < 2
    assert total(console(TYPES, BUSY_SECONDS)) < 10


def test_every_metric_of_every_alarm_is_on_the_bill() -> None:
    (line,) = [line for line in idle(TYPES) if line.what == "Metrics of alarms"]
    assert line.amount == sum(len(alarm.metrics) for alarm in all_alarms(TYPES, STACK) if not alarm.condition)


def own(load: Load = ALONE, **options: Any) -> dict[str, float]:
    """Return the additional cost of a million jobs of a type with these options, by option."""
    return {line.what.partition(", ")[2]: line.dollars for line in extras(replace(TYPES[0], **options), load)}


def test_a_type_is_told_the_price_of_what_it_declares() -> None:
    # the four requests for a message: sent, received, hidden while it is processed, deleted
    assert own(fair_by="customer") == {"fair_by": pytest.approx(4 * 0.10)}
    assert own(BUSY, fair_by="customer") == {"fair_by": pytest.approx(1.3 * 0.10)}
    assert own(serial_by="account") == {"serial_by": pytest.approx(4 * 0.10 + 0.625 + 2 * 0.125)}
    assert own(rate=Rate(14), pause_when=Failing()) == {
        "rate": pytest.approx(0.625 + 0.0625),
        "pause_when": pytest.approx(0.0625),
    }
    assert own(unique=Unique(seconds=60)) == {"unique": pytest.approx(2 * 0.625 + 0.125)}


def test_a_type_that_declares_nothing_costs_nothing_more_and_is_not_listed() -> None:
    assert [extras(kind, load) for kind in TYPES for load in (ALONE, BUSY)] == [[]] * 2 * len(TYPES)
    assert own(rate=lambda: None) == {}, "as e-mails on a stage without MailRate"
    assert "cost more" not in bill.report(TYPES)


def test_a_flood_is_told_with_what_stops_it() -> None:
    hour, month, lower, large = under_attack()
    assert hour.dollars < 2
    assert 700 < month.dollars < 1000
    assert month.dollars == pytest.approx(4 * lower.dollars)
    assert waf().dollars < lower.dollars
    assert 5 * month.dollars < large.dollars < 10 * month.dollars, "each 512 KB of a body is billed as a request"


def test_the_report_names_all_bills_and_the_prices_of_what_types_declare() -> None:
    text = bill.report([replace(TYPES[0], fair_by="customer"), replace(TYPES[1], serial_by="account")])
    for told in ("Idle, a month", "A million jobs", f"{total(kept()):.2f}", "Under attack", "AWS WAF"):
        assert told in text
    for offer in OFFERS:
        (line,) = [line for line in text.splitlines() if line.startswith(f"{offer.name}  ")]
        assert line.endswith(f"{offer.a_million_jobs:>12}{offer.a_million_orders:>12}")
        assert offer.seen in text
    for name, option, dollars in ((TYPES[0].name, "fair_by", "0.40"), (TYPES[1].name, "serial_by", "1.27")):
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name}, {option}")]
        assert line.split()[3] == dollars


PROD = "jobflow-prod"
KINDS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::SQS::Queue", "AWS::Serverless::Function")


@pytest.mark.parametrize("types", [TYPES, large.types(40)], ids=["built in", "shared alarms"])
def test_a_first_deployment_adds_up_to_the_idle_month(types: Sequence[Any]) -> None:
    made = [
        Change("add", name, resource["Type"])
        for name, resource in resources(types, PROD).items()
        if resource.get("Type") in KINDS and resource.get("Condition") != EXPORTS_SPANS
    ]
    costs = standing.of_changes(made, standing.by_resource(types, PROD))
    assert sum(costs.values()) == pytest.approx(total(idle(types)))
    assert costs.keys() == standing.by_resource(types, PROD).keys(), "each priced thing is one of the stack's"
    assert f"These changes: +${total(idle(types)):.2f} a month." in standing.sentence(types, costs)


def test_a_plan_has_the_reads_of_all_partitions_that_the_stage_reads() -> None:
    few, many = (standing.by_resource(TYPES, PROD, shards=shards)[standing.WATCHDOG] for shards in (4, 64))
    assert many - few == pytest.approx(total(idle(TYPES, shards=64)) - total(idle(TYPES)))
    assert standing.sentence(TYPES, {"X": 1.0}, 64) != standing.sentence(TYPES, {"X": 1.0})


def test_what_comes_and_goes_has_its_price_and_nothing_else_has() -> None:
    known = standing.by_resource(TYPES, PROD)
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
