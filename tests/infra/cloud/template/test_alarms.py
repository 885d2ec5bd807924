"""Check that every alarm exists, says what to do, and is sent to the topic."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.counters.troubles import MEASURED, Condition
from chalicelib.job_types import jobtype
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType, job, registered
from chalicelib.job_types.queues import queues_of
from chalicelib.job_types.retry import Delays
from chalicelib.jobs.constants import DAY, GIVE_UP_STALLED, SQS_LONGEST_DELAY
from chalicelib.jobs.retention import KEEP_MESSAGES
from chalicelib.telemetry.emf import PLATFORM
from chalicelib.watchdog.trouble_rule import starts_late
from infra.definition.monitoring.alarm import MINUTE
from infra.definition.monitoring.alarms import all_alarms
from infra.definition.monitoring.knowing import FAILURES, minutes
from infra.definition.names import alarm_topic
from infra.definition.template import merge_template
from tests.infra.cloud.large import Empty, types
from tests.infra.cloud.support import of_type


@pytest.fixture(scope="module")
def alarms(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The alarms of a stage, by their names without the stack's name."""
    found = of_type(template, "AWS::CloudWatch::Alarm").values()
    return {alarm["AlarmName"].removeprefix("jobflow-prod-"): alarm for alarm in found}


def test_every_alarm_leads_to_a_section_that_explains_it(alarms: dict[str, dict[str, Any]]) -> None:
    page = (Path(__file__).parents[4] / "docs" / "operations.md").read_text()
    sections = {line.removeprefix("### ") for line in page.splitlines() if line.startswith("### ")}
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [alarm_topic()]
        found = re.search(r"\(docs/operations.md#([a-z-]+)\)", json.dumps(alarm["AlarmDescription"]))
        assert found is not None
        assert found[1] in sections


def test_every_function_that_cannot_start_is_noticed_within_five_minutes(
    template: dict[str, Any], alarms: dict[str, dict[str, Any]]
) -> None:
    on_errors = {}
    for alarm in alarms.values():
        if (alarm.get("Namespace"), alarm.get("MetricName")) == ("AWS/Lambda", "Errors"):
            (dimension,) = alarm["Dimensions"]
            on_errors[dimension["Value"]] = alarm
    functions = {function["FunctionName"] for function in of_type(template, "AWS::Lambda::Function").values()}
    # an alarm covers the watchdog if its runs are missing; the 5xx answers cover the API; in a stage
    # without types that are told ends, `followup` only counts batches, and the watchdog ends those that it misses
    # the watchdog finds workers whose jobs start at once and are short
    found_by_watchdog = {
        f"jobflow-prod-{queue.short}"
        for queue in queues_of(jobtype.load())
        if queue.timeout <= 60 and not starts_late(queue) and not queue.function.window
    }
    others = {f"jobflow-prod-{short}" for short in ("api", "watchdog", "followup")} | found_by_watchdog
    assert on_errors.keys() == functions - others
    for alarm in on_errors.values():
        assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 0)
        assert alarm["Period"] * alarm["EvaluationPeriods"] <= 300
    errors, requests, _ = alarms["api-errors"]["Metrics"]
    assert all(one["MetricStat"]["Period"] <= 300 for one in (errors, requests))
    (silent,) = [row["MetricStat"] for row in alarms["watchdog-silent"]["Metrics"] if "MetricStat" in row]
    assert silent["Period"] * alarms["watchdog-silent"]["EvaluationPeriods"] <= 300


@pytest.mark.parametrize("condition", MEASURED)
def test_one_alarm_rings_for_a_condition_of_any_type(condition: Condition, alarms: dict[str, dict[str, Any]]) -> None:
    alarm = alarms[condition]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("JobFlow", "TypesInTrouble", "Maximum")
    assert {"Name": "condition", "Value": condition} in alarm["Dimensions"]
    assert (alarm["Threshold"], alarm["Period"], alarm["TreatMissingData"]) == (0, 60, "ignore")
    assert alarm["DatapointsToAlarm"] == alarm["EvaluationPeriods"] == (3 if condition == Condition.OLDEST_JOB else 1)


def test_jobs_that_stall_ring_long_before_they_are_given_up(alarms: dict[str, dict[str, Any]]) -> None:
    stalled = alarms["stalled"]
    assert (stalled["MetricName"], stalled["Threshold"]) == ("Stalled", 0)
    assert {"Name": "job_type", "Value": PLATFORM} in stalled["Dimensions"]
    assert 24 * stalled["Period"] * stalled["EvaluationPeriods"] <= GIVE_UP_STALLED


def test_no_alarm_rings_because_there_is_no_data_yet(alarms: dict[str, dict[str, Any]]) -> None:
    for alarm in alarms.values():
        assert alarm["TreatMissingData"] in ("notBreaching", "ignore")
        if alarm["TreatMissingData"] == "ignore" and alarm.get("MetricName") != "TypesInTrouble":
            # missing data after there was data counts as zero, so the alarm rings
            assert alarm["ComparisonOperator"] == "LessThanThreshold"
            (expression,) = [row["Expression"] for row in alarm["Metrics"] if "Expression" in row]
            assert expression in ("FILL(ran,0)", "FILL(ended,0)")


def test_alarms_reach_a_topic_and_an_address(template: dict[str, Any]) -> None:
    (topic,) = of_type(template, "AWS::SNS::Topic").values()
    (subscription,) = of_type(template, "AWS::SNS::Subscription").values()
    assert topic["TopicName"] == "jobflow-prod-alarms"
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", {"Ref": "AlarmEmail"})
    assert template["Resources"]["AlarmSubscription"]["Condition"] == "HasAlarmEmail"


def test_no_choice_silences_the_metrics_that_alarms_are_about(template: dict[str, Any]) -> None:
    # metrics are lines without a level. Lambda treats them as INFO, and drops lines below the function's level
    levels = template["Parameters"]["LogLevel"]["AllowedValues"]
    assert set(levels) <= {"TRACE", "DEBUG", "INFO"}
    for function in of_type(template, "AWS::Lambda::Function").values():
        assert function["LoggingConfig"]["ApplicationLogLevel"] == {"Ref": "LogLevel"}


def test_the_queue_and_its_alarm_follow_from_the_retry_policy() -> None:
    patient = _declared("test.patient", retry=Delays((800,) * 4), timeout=100)
    parks = _declared("test.parks", retry=Delays((3600,) * 9))
    plain = _declared("test.plain")
    own = Function(own_alarms=True)
    declared = [replace(kind, function=own) for kind in (patient, parks, plain)]
    made = merge_template(declared, "jobflow-prod")["Resources"]
    template = {"Resources": {name: resource for name, resource in made.items() if "Type" in resource}}
    receives = {
        queue["QueueName"]: queue["RedrivePolicy"]["maxReceiveCount"]
        for queue in of_type(template, "AWS::SQS::Queue").values()
        if "RedrivePolicy" in queue
    }
    assert receives == {
        "jobflow-prod-test-patient": 7,  # five attempts with one message
        "jobflow-prod-test-parks": 3,  # each attempt with its own message
        "jobflow-prod-test-plain": 5,
    }
    alarms = {alarm["AlarmName"]: alarm for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()}
    ages = {name: alarms[f"jobflow-prod-test-{name}-oldest-message"]["Threshold"] for name in ("patient", "plain")}
    # SQS ignores a message that was received three times, so three waits can make the message of a healthy job old
    assert ages == {"patient": 900 + 4 * 100 + 3 * 800, "plain": 1200}


def test_no_message_outlives_its_queue_while_its_attempts_fail() -> None:
    slow = _declared("test.slow", retry=Delays((900,) * 29), timeout=900)
    longest = SQS_LONGEST_DELAY + slow.max_attempts * (slow.timeout + SQS_LONGEST_DELAY)
    assert longest < KEEP_MESSAGES - DAY / 2, "from then on the watchdog takes it for one that is about to be lost"


def _declared(name: str, **policy: Any) -> JobType[Any, Any]:
    def run(_payload: Empty, _ctx: object) -> None:
        """Do nothing."""

    declared: JobType[Any, Any] = job(name, **policy)(run)
    del registered[name]
    return declared


def test_no_alarm_stays_ok_because_the_last_minute_of_a_metric_is_late() -> None:
    """FILL makes a good data point of the missing minute: an alarm that needs every data point would never ring."""
    found = all_alarms(types(3), "jobflow-prod")
    filled = [one for one in found if "FILL(" in one.expression and one.period == MINUTE]
    assert len(filled) > 1
    for alarm in filled:
        properties = alarm.resource("jobflow-prod")["Properties"]
        assert properties["EvaluationPeriods"] >= properties["DatapointsToAlarm"] + 2, alarm.name


def test_the_person_on_call_knows_within_five_minutes_or_the_page_says_why_not() -> None:
    alarms = all_alarms([*types(3), replace(types(4)[3], timeout=300)], "jobflow-prod")
    took = {failure: minutes(failure, alarms) for failure in FAILURES}
    quick = [failure for failure, after in took.items() if after is not None and after <= 5]
    assert len(quick) >= 12
    assert [failure for failure in FAILURES if failure not in quick and not failure.why] == []


def test_the_minutes_that_the_page_tells_follow_from_the_packaged_alarms(alarms: dict[str, dict[str, Any]]) -> None:
    page = (Path(__file__).parents[4] / "docs" / "operations.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \| \[([a-z-]+)\]\(#[a-z-]+\) \| (\d+)(?: days)?\b", page, re.MULTILINE)
    signs = {failure.what: failure.sign for failure in FAILURES}
    assert {what for what, _, _ in rows} == {failure.what for failure in FAILURES if failure.alarm}
    for what, name, told in rows:
        of_it = [one for short, one in alarms.items() if short == name or short.endswith(f"-{name}")]
        took = max(signs[what] + 2 + _minutes_of_points(alarm) for alarm in of_it)
        assert int(told) == (took if took < 1440 else took // 1440), what


def _minutes_of_points(alarm: dict[str, Any]) -> int:
    """Return the minutes of data that make the alarm ring; in a period of several minutes, the first event counts."""
    period = alarm.get("Period") or max(row["MetricStat"]["Period"] for row in alarm["Metrics"] if "MetricStat" in row)
    points = alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])
    if alarm["ComparisonOperator"].startswith("LessThan"):
        return int(period * points // 60)
    return int(period * (points - 1) // 60) + 1


def test_the_counters_ring_when_nobody_reads_the_stream(alarms: dict[str, dict[str, Any]]) -> None:
    alarm = alarms["counters-behind"]
    (expression,) = [row["Expression"] for row in alarm["Metrics"] if "Expression" in row]
    # the age of read records is missing if nothing reads the stream; this is bad if a job was updated
    assert evaluated(expression, updated=1, age=None) > alarm["Threshold"]
    assert evaluated(expression, updated=9, age=61_000) > alarm["Threshold"]
    assert evaluated(expression, updated=9, age=800) <= alarm["Threshold"]
    assert evaluated(expression, updated=None, age=None) <= alarm["Threshold"]


def evaluated(expression: str, **values: float | None) -> float:
    """Return the value of an expression of IF and FILL for one minute; None is a missing data point."""
    functions: dict[str, Any] = {
        "IF": lambda condition, yes, no: yes if condition else no,
        "FILL": lambda value, instead: instead if value is None else value,
    }
    return float(eval(expression, {"__builtins__": {}}, functions | values))  # noqa: S307 - the template's own
