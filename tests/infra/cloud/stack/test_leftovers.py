"""Check that each service is asked about resources that the index of tags still lists, for each kind of resource."""

from typing import Any

import pytest

from infra.cloud.account import Account
from infra.cloud.stack.leftovers import exists

WHERE = "us-east-1:123456789012"
UUID = "0f9c6c1e-52a4-4b0e-9d6b-0c8f3a1d2e4f"
GONE = {
    "AWS::ApiGatewayV2::Api": "arn:aws:apigateway:us-east-1::/apis/abc123",
    "AWS::ApiGatewayV2::Stage": "arn:aws:apigateway:us-east-1::/apis/abc123/stages/$default",
    "AWS::CloudFront::Distribution": "arn:aws:cloudfront::123456789012:distribution/EDFDVBD632BHDS",
    "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{WHERE}:alarm:jobflow-gone-throttles",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{WHERE}:table/jobflow-gone-jobs",
    "AWS::Events::Rule": f"arn:aws:events:{WHERE}:rule/jobflow-gone-Watchdog",
    "AWS::Lambda::EventSourceMapping": f"arn:aws:lambda:{WHERE}:event-source-mapping:{UUID}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{WHERE}:function:jobflow-gone-api",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{WHERE}:log-group:/aws/lambda/jobflow-gone-api",
    "AWS::S3::Bucket": "arn:aws:s3:::jobflow-gone-files",
    "AWS::SNS::Topic": f"arn:aws:sns:{WHERE}:jobflow-gone-alarms",
    "AWS::SQS::Queue": f"arn:aws:sqs:{WHERE}:jobflow-gone-email-send",
}
"""An ARN of every kind of resource that the stack tags."""
UNTAGGED = frozenset({
    # parts of a listed resource, resources that cannot have tags, and roles, which the index does not contain
    "AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Route", "AWS::CloudFront::Function",
    "AWS::CloudFront::OriginAccessControl", "AWS::CloudFront::ResponseHeadersPolicy", "AWS::CloudWatch::Dashboard",
    "AWS::IAM::Role", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Permission", "AWS::Logs::QueryDefinition",
    "AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy",
})  # fmt: skip


def test_every_kind_of_the_stack_is_known(template: dict[str, Any]) -> None:
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    assert kinds == GONE.keys() | UNTAGGED


@pytest.mark.parametrize("kind", GONE)
def test_what_is_gone_is_not_there(account: Account, kind: str) -> None:
    assert not exists(account, GONE[kind])


def made(account: Account) -> dict[str, str]:
    """Create one resource of each kind that the emulator creates in one call, by kind."""
    api = account.client("apigatewayv2").create_api(Name="x", ProtocolType="HTTP")["ApiId"]
    account.client("logs").create_log_group(logGroupName="/aws/lambda/here")
    account.client("cloudwatch").put_metric_alarm(
        AlarmName="here", MetricName="m", Namespace="n", Period=60, EvaluationPeriods=1, Threshold=0, Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    account.client("s3").create_bucket(Bucket="here")
    account.client("sqs").create_queue(QueueName="here")
    return {
        "AWS::ApiGatewayV2::Api": f"arn:aws:apigateway:us-east-1::/apis/{api}",
        "AWS::ApiGatewayV2::Stage": f"arn:aws:apigateway:us-east-1::/apis/{api}/stages/$default",
        "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{WHERE}:alarm:here",
        "AWS::Events::Rule": account.client("events").put_rule(Name="here", ScheduleExpression="rate(1 day)")[
            "RuleArn"
        ],
        "AWS::Logs::LogGroup": f"arn:aws:logs:{WHERE}:log-group:/aws/lambda/here",
        "AWS::S3::Bucket": "arn:aws:s3:::here",
        "AWS::SNS::Topic": account.client("sns").create_topic(Name="here")["TopicArn"],
        "AWS::SQS::Queue": f"arn:aws:sqs:{WHERE}:here",
    }


def test_what_is_there_is_not_called_gone(account: Account) -> None:
    for kind, arn in made(account).items():
        assert exists(account, arn), kind


def test_a_secret_that_is_being_deleted_is_gone(account: Account) -> None:
    client = account.client("secretsmanager")
    arn = client.create_secret(Name="jobflow-gone-admin", SecretString="x")["ARN"]
    assert exists(account, arn)
    client.delete_secret(SecretId=arn)
    assert not exists(account, arn)
    assert not exists(account, f"arn:aws:secretsmanager:{WHERE}:secret:jobflow-never-admin-AbCdEf")


def test_a_log_group_whose_name_goes_on_is_another_one(account: Account) -> None:
    account.client("logs").create_log_group(logGroupName="/aws/lambda/jobflow-gone-api2")
    assert not exists(account, GONE["AWS::Logs::LogGroup"])


def test_what_is_not_known_is_told_to_the_person(account: Account) -> None:
    assert exists(account, f"arn:aws:kms:{WHERE}:key/1")
