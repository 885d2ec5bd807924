"""Test the definition's names, retention times, variables of functions, and parameters."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from chalicelib.adapters.dynamo.tables.schema import CANARY, META
from chalicelib.counters.constants import CANARY_GIVE_UP, CANARY_WAIT, RECOUNT_EVERY, RECOUNT_SPARE, SNAPSHOT_CACHED
from chalicelib.errors import ConfigurationError
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import LONGEST_NAME
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.constants import DAY, MAX_DELAY
from chalicelib.jobs.retention import KEEP_DEAD, KEEP_DONE
from chalicelib.settings import Settings
from infra.definition.data.buckets import buckets
from infra.definition.iam import grants
from infra.definition.lambdas import tracing
from infra.definition.lambdas.environment import (
    API_ONLY,
    BY_FUNCTION,
    BY_LAMBDA,
    BY_POWERTOOLS,
    COUNTERS_ONLY,
    DEVELOPMENT_ONLY,
    WATCHDOG_ONLY,
    environment,
    local_environment,
)
from infra.definition.lambdas.functions import ScheduleTrigger, StreamTrigger, functions
from infra.definition.names import bucket_name, prefix_of, stack_name, stage_of
from infra.definition.parameters import conditions, outputs, parameters
from infra.local.lambdas.events.stream_records import matches


class Recording(Mapping[str, str]):
    """An environment that records which variables are read."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values_ = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.values_[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)


LOCAL = local_environment("http://127.0.0.1:4566", "123456789012", "us-east-1")


def read_names() -> set[str]:
    recording = Recording(LOCAL)
    Settings.from_env(recording)
    return recording.asked - BY_LAMBDA


def test_cloud_writes_what_settings_read() -> None:
    assert (
        set(environment("jobflow-prod"))
        == read_names() - DEVELOPMENT_ONLY - API_ONLY - BY_FUNCTION - WATCHDOG_ONLY - COUNTERS_ONLY - tracing.ONLY
        | BY_POWERTOOLS
    )


def test_laptop_writes_the_same_names() -> None:
    assert (
        set(LOCAL)
        == set(environment("jobflow-dev"))
        | {"CORS_ORIGIN", "CURSOR_SECRET", "SIGN_IN"}
        | BY_FUNCTION
        | WATCHDOG_ONLY
        | COUNTERS_ONLY
        | tracing.ONLY
    )


def test_another_stage_is_named_in_everything() -> None:
    written = local_environment("http://127.0.0.1:4566", "123456789012", "us-east-1", "jobflow-try")
    for name in ("JOBS_TABLE", "CONTROL_TABLE", "QUEUE_URL_PREFIX", "FILES_BUCKET"):
        assert "jobflow-try-" in written[name]
    assert written["STAGE"] == "try"


def test_only_the_secret_must_be_given() -> None:
    assert [name for name, about in parameters().items() if "Default" not in about] == ["CursorSecret"]
    assert parameters()["CursorSecret"]["NoEcho"] is True


@pytest.mark.parametrize("bound", ["MinValue", "MaxValue"])
def test_a_number_that_the_template_takes_is_one_that_the_functions_start_with(bound: str) -> None:
    numbers = {
        variable: name
        for variable, value in environment("jobflow-prod").items()
        if isinstance(value, dict) and parameters().get(name := value.get("Ref", ""), {}).get("Type") == "Number"
    }
    assert numbers
    for variable, name in numbers.items():
        assert Settings.from_env({variable: str(parameters()[name][bound])})


def test_a_domain_of_ones_own_is_what_everybody_is_told() -> None:
    condition, own, ours = outputs()["ApiUrl"]["Value"]["Fn::If"]
    assert (condition, own) == ("HasApiDomain", {"Fn::Sub": "https://${ApiDomain}"})
    assert ours == outputs()["EndpointURL"]["Value"]
    assert conditions()["HasApiDomain"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ApiDomain"}, ""]}]}


LONGEST_STAGE = 14 * "s"


@pytest.mark.parametrize("stage", ["dev", "prod", "ada2", LONGEST_STAGE])
def test_stage_and_stack_name_each_other(stage: str) -> None:
    assert stage_of(stack_name(stage)) == stage


@pytest.mark.parametrize("prefix", ["acme", "a", "x234567"])
def test_names_begin_with_a_prefix_of_ones_own(prefix: str) -> None:
    stack = stack_name("prod", {"JOBFLOW_PREFIX": prefix})
    assert (stack, prefix_of(stack), stage_of(stack)) == (f"{prefix}-prod", prefix, "prod")
    assert len(prefix) <= len(prefix_of(stack_name("prod", {})))


@pytest.mark.parametrize("prefix", ["acme-jobs", "Acme", "1a", "x2345678", "a_b"])
def test_other_prefixes_are_refused(prefix: str) -> None:
    with pytest.raises(ConfigurationError, match="JOBFLOW_PREFIX"):
        stack_name("prod", {"JOBFLOW_PREFIX": prefix})


@pytest.mark.parametrize("stage", ["", "prod-eu", "Prod", "2", "a_b", LONGEST_STAGE + "s", "prod\n"])
def test_other_stages_are_refused(stage: str) -> None:
    with pytest.raises(ConfigurationError, match="name of a stage"):
        stack_name(stage)


def test_longest_names_fit() -> None:
    stack = stack_name(LONGEST_STAGE)
    assert len(f"{stack}-{LONGEST_NAME * 'x'}") <= 64
    assert len(bucket_name(stack, "artifacts", "123456789012", "ap-northeast-1")) <= 63


ORIGIN = "https://d.example"
FILES: dict[str, Any] = buckets("jobflow-prod", ORIGIN)["FilesBucket"]["Properties"]
RULES: list[dict[str, Any]] = FILES["LifecycleConfiguration"]["Rules"]
DAYS = {rule["Prefix"]: rule["ExpirationInDays"] for rule in RULES if "Prefix" in rule}


@pytest.mark.parametrize(
    ("prefix", "needed"),
    [
        ("payloads/", MAX_DELAY + KEEP_DEAD),
        ("results/", KEEP_DONE),
        ("reports/", KEEP_DONE),
        ("processed/", KEEP_DONE),
        ("uploads/", MAX_DELAY + KEEP_DEAD),
    ],
)
def test_objects_outlive_the_jobs_that_name_them(prefix: str, needed: float) -> None:
    # a payload, and the upload that it names, wait up to a year; a dead letter can be retried as long as it is kept
    assert DAYS[prefix] * DAY > needed


def test_everything_that_a_function_writes_goes_some_day() -> None:
    types = jobtype.load()
    granted = [*grants.api(), *(grant for queue in queues_of(types) for grant in grants.worker(queue))]
    written = {grant.split(":")[2].partition("/")[0] + "/" for grant in granted if grant.startswith("s3:PutObject:")}
    assert written == DAYS.keys()
    assert {rule["Status"] for rule in RULES} == {"Enabled"}


def test_browsers_reach_the_files_from_the_dashboards_pages_only() -> None:
    (rule,) = FILES["CorsConfiguration"]["CorsRules"]
    assert (rule["AllowedOrigins"], sorted(rule["AllowedMethods"])) == ([ORIGIN], ["GET", "POST"])
    assert "CorsConfiguration" not in buckets("jobflow-prod", ORIGIN)["SiteBucket"]["Properties"]


FUNCTIONS = {function.short: function for function in functions([], "jobflow-prod")}


def test_a_recount_gives_up_only_after_the_stream_has() -> None:
    stream = FUNCTIONS["counters"].trigger
    assert isinstance(stream, StreamTrigger)
    assert stream.longest_age < CANARY_GIVE_UP


def test_a_recount_is_over_before_the_next_one_is_invoked_and_one_ends_a_day() -> None:
    function = FUNCTIONS["recount"]
    assert isinstance(function.trigger, ScheduleTrigger)
    assert function.timeout < 60 * function.trigger.minutes
    assert function.timeout > CANARY_WAIT + RECOUNT_SPARE
    assert RECOUNT_EVERY + 60 * function.trigger.minutes + function.timeout < 86_400


def test_the_counters_are_sent_jobs_and_canaries_and_nothing_beside() -> None:
    stream = FUNCTIONS["counters"].trigger
    assert isinstance(stream, StreamTrigger)
    patterns = [json.loads(pattern) for pattern in stream.patterns]
    passed = {
        (event, kind)
        for event in ("INSERT", "MODIFY", "REMOVE")
        for kind in (META, CANARY, "ATT#0001#01", "BODY#payload")
        if any(matches({"eventName": event, "dynamodb": {"Keys": {"sk": {"S": kind}}}}, one) for one in patterns)
    }
    assert passed == {("INSERT", META), ("MODIFY", META), ("REMOVE", META), ("INSERT", CANARY)}


def test_a_throttled_run_is_dropped_before_the_next_one() -> None:
    schedules = {
        short: function.trigger
        for short, function in FUNCTIONS.items()
        if isinstance(function.trigger, ScheduleTrigger)
    }
    assert schedules.keys() == {"watchdog", "recount"}
    for trigger in schedules.values():
        # Lambda accepts 60 seconds to 6 hours
        assert 60 <= trigger.longest_age <= 60 * trigger.minutes


def test_the_numbers_of_metrics_are_five_seconds_old_at_most() -> None:
    stream = FUNCTIONS["counters"].trigger
    assert isinstance(stream, StreamTrigger)
    work = 1.5  # seconds for the stream's record, for a warm run of the counters and for the call itself
    assert stream.window + SNAPSHOT_CACHED + work <= 5
