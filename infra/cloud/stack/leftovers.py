"""Ask each service whether a tagged resource still exists.

The index of tags is not enough, because it shows deleted resources for some time.
"""

from collections.abc import Callable

from botocore.exceptions import ClientError

from infra.cloud.account import Account

MISSING = frozenset({
    "404", "ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException",
    "AWS.SimpleQueueService.NonExistentQueue", "NoSuchBucket", "NoSuchDistribution", "NotFound",
    "NotFoundException", "QueueDoesNotExist", "ResourceNotFoundException",
})  # fmt: skip
Ask = Callable[[Account, str], bool]


def exists(account: Account, arn: str) -> bool:
    """Return whether the ARN's resource exists; True for an unknown kind."""
    service, place = arn.split(":")[2], arn.split(":", 5)[5]
    ask = next((ask for (name, start), ask in ASK.items() if name == service and place.startswith(start)), None)
    if ask is None:
        return True
    try:
        return ask(account, arn)
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return False
        raise


def _named(service: str, operation: str, argument: str) -> Ask:
    """Ask by the last part of the ARN; the service answers with an error if it has no resource of that name."""

    def ask(account: Account, arn: str) -> bool:
        name = arn.rpartition(":")[2].rpartition("/")[2]
        getattr(account.client(service), operation)(**{argument: name})
        return True

    return ask


def _topic(account: Account, arn: str) -> bool:
    account.client("sns").get_topic_attributes(TopicArn=arn)
    return True


def _alarm(account: Account, arn: str) -> bool:
    return bool(account.client("cloudwatch").describe_alarms(AlarmNames=[arn.rpartition(":")[2]])["MetricAlarms"])


def _deployment_group(account: Account, arn: str) -> bool:
    application, _, group = arn.partition(":deploymentgroup:")[2].partition("/")
    account.client("codedeploy").get_deployment_group(applicationName=application, deploymentGroupName=group)
    return True


def _http_api(account: Account, arn: str) -> bool:
    """Ask for the API, or a stage of it: arn:aws:apigateway:eu-west-1::/apis/abc/stages/$default."""
    account.client("apigatewayv2").get_api(ApiId=arn.split("/")[2])
    return True


def _rest_api(account: Account, arn: str) -> bool:
    """Ask for the REST API of an earlier version, or a stage of it."""
    account.client("apigateway").get_rest_api(restApiId=arn.split("/")[2])
    return True


def _secret(account: Account, arn: str) -> bool:
    return "DeletedDate" not in account.client("secretsmanager").describe_secret(SecretId=arn)


def _log_group(account: Account, arn: str) -> bool:
    name = arn.split(":")[6]
    found = account.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return name in {group["logGroupName"] for group in found}


def _stack(account: Account, arn: str) -> bool:
    (found,) = account.cloudformation.describe_stacks(StackName=arn)["Stacks"]
    return bool(found["StackStatus"] != "DELETE_COMPLETE")


ASK: dict[tuple[str, str], Ask] = {
    ("apigateway", "/apis/"): _http_api,
    ("apigateway", "/restapis/"): _rest_api,
    ("cloudformation", "stack/"): _stack,
    ("cloudfront", "distribution/"): _named("cloudfront", "get_distribution", "Id"),
    ("cloudwatch", "alarm:"): _alarm,
    ("codedeploy", "application:"): _named("codedeploy", "get_application", "applicationName"),
    ("codedeploy", "deploymentgroup:"): _deployment_group,
    ("dynamodb", "table/"): _named("dynamodb", "describe_table", "TableName"),
    ("events", "rule/"): _named("events", "describe_rule", "Name"),
    ("lambda", "event-source-mapping:"): _named("lambda", "get_event_source_mapping", "UUID"),
    ("lambda", "function:"): _named("lambda", "get_function", "FunctionName"),
    ("logs", "log-group:"): _log_group,
    ("s3", ""): _named("s3", "head_bucket", "Bucket"),
    ("secretsmanager", "secret:"): _secret,
    ("sns", ""): _topic,
    ("sqs", ""): _named("sqs", "get_queue_url", "QueueName"),
}
"""The request for each kind of resource. A kind is the service and the first part of the resource in the ARN."""
