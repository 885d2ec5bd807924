"""Check that the laptop reads the same template that the cloud gets."""

from typing import Any

import pytest

from infra.local.deployment import Description, Place, environment, function_specs, mappings, rate_seconds
from infra.local.lambdas.specs import QueueMapping

PLACE = Place("http://127.0.0.1:4566", "123456789012", "us-east-1", {"s-jobs": "arn:stream"})
STATEFUL = {
    "JobsTable": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "s-jobs"}},
    "MailQueue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "s-mail"}},
}


def function(name: str, kind: str, **event: Any) -> dict[str, Any]:
    properties = {
        "FunctionName": f"s-{name}",
        "Handler": f"handlers.{name}.handler",
        "Timeout": 60,
        "MemorySize": 512,
        "LoggingConfig": {"LogFormat": "JSON"},
        "Events": {"Source": {"Type": kind, "Properties": event}},
    }
    return {"Type": "AWS::Serverless::Function", "Properties": properties}


def described(*functions: dict[str, Any], **variables: str) -> Description:
    return Description(STATEFUL, {str(i): f for i, f in enumerate(functions)}, variables, {})


QUEUE = {
    "Queue": {"Fn::GetAtt": ["MailQueue", "Arn"]},
    "BatchSize": 10,
    "MaximumBatchingWindowInSeconds": 2,
    "ScalingConfig": {"MaximumConcurrency": 20},
}


def test_a_queue_event_becomes_a_mapping_of_the_emulators_queue() -> None:
    partial = {**QUEUE, "FunctionResponseTypes": ["ReportBatchItemFailures"]}

    (mapping,) = mappings(described(function("mail", "SQS", **partial)), PLACE)

    url, arn = "http://127.0.0.1:4566/123456789012/s-mail", "arn:aws:sqs:us-east-1:123456789012:s-mail"
    assert mapping == QueueMapping("s-mail", url, arn, 10, 2, 20, report_batch_item_failures=True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(2 hours)", 7200),
        ("rate(1 day)", 86_400),
        ("cron(17 2 * * ? *)", 86_400),
        ("cron(2/15 0-4 * * ? *)", 86_400),
    ],
)
def test_rates_in_seconds(text: str, seconds: float) -> None:
    assert rate_seconds(text) == seconds


@pytest.mark.parametrize(("cap", "concurrency"), [(4, 4), (50, 20)])
def test_a_function_has_its_limits_capped_by_the_laptop(cap: int, concurrency: int) -> None:
    (spec,) = function_specs(described(function("mail", "SQS", **QUEUE)), {"A": "1"}, cap)

    assert (spec.name, spec.handler, spec.timeout, spec.memory) == ("s-mail", "handlers.mail.handler", 60, 512)
    assert (spec.environment, spec.concurrency, spec.log_format) == ({"A": "1"}, concurrency, "JSON")


def test_the_environment_is_filled_in_with_the_place_and_overridden_from_the_shell() -> None:
    bare = described(URL="{endpoint}/{account}/q-", REGION="{region}", LEVEL="INFO")

    filled = environment(bare, PLACE, {"LEVEL": "DEBUG"})

    assert filled == {"URL": "http://127.0.0.1:4566/123456789012/q-", "REGION": "us-east-1", "LEVEL": "DEBUG"}
