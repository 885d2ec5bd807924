"""Turn function definitions into SAM resources: the function, its trigger, its role and its log group."""

from collections.abc import Iterable
from typing import Any

from chalicelib.jobs.constants import FIFO_ENDING
from infra.definition.iam import allowed, grants
from infra.definition.iam.permissions import role
from infra.definition.lambdas import reaching, signing, tracing
from infra.definition.lambdas.environment import event_sources
from infra.definition.lambdas.functions import FunctionDefinition, QueueTrigger, ScheduleTrigger, StreamTrigger, Trigger
from infra.definition.lambdas.runtime import RUNTIME
from infra.definition.names import SOURCE, URGENT, Resources, Value, alarm_topic, arn_of, attribute, logical, ref

SHARED_BY = "JobTypes"
"""The key of a function's metadata with the types that share its queue."""
ZIP = "./deployment.zip"
"""The one package of all functions, as Chalice names it."""


def compute(defined: Iterable[FunctionDefinition]) -> Resources:
    """Return all functions of `defined` with their roles and log groups."""
    resources: Resources = {}
    for function in defined:
        resources |= {
            function.logical_id: _function(function),
            role_id(function): _role(function),
            log_group_id(function.short): log_group(function.log_group),
        }
    return resources


def _role(function: FunctionDefinition) -> dict[str, Any]:
    queue = function.works
    more = allowed.statements(allowed.allows(queue.access, function.stack)) if queue is not None else []
    more += [*reaching.network_of_lambda_alone(queue, function.name), *tracing.statements(function.short)]
    return role(function.stack, function.short, _grants(function), more, reaching.managed_policies(queue))


def role_id(function: FunctionDefinition) -> str:
    """Return the logical id of a function's role."""
    return logical(function.short, "Role")


def log_group_id(short: str) -> str:
    """Return the logical id of a function's log group."""
    return logical(short, "Logs")


def log_group(name: str) -> dict[str, Any]:
    """Return a log group that is deleted with the stack. The roles of functions do not allow making log groups."""
    return {
        "Type": "AWS::Logs::LogGroup",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
        "Properties": {"LogGroupName": name, "RetentionInDays": ref("LogRetentionDays")},
    }


def logging(short: str) -> dict[str, Value]:
    """Return the logging settings: JSON, and Lambda's own lines only on errors.

    Its start and end lines cost $0.5/M jobs.
    """
    return {
        "LogFormat": "JSON",
        "ApplicationLogLevel": ref("LogLevel"),
        "SystemLogLevel": "WARN",
        "LogGroup": ref(log_group_id(short)),
    }


def _function(function: FunctionDefinition) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "FunctionName": function.name,
        "Handler": function.handler,
        "Runtime": RUNTIME,
        "CodeUri": ZIP,
        "Timeout": function.timeout,
        "MemorySize": function.memory,
        "Role": arn_of(role_id(function)),
        "LoggingConfig": logging(function.short),
        "Events": {
            SOURCE: _event(function.trigger, function),
            **({} if function.urgent is None else {URGENT: _event(function.urgent, function)}),
        },
    }
    if function.works is not None:
        properties |= reaching.properties(function.works)
        # A worker sends to its own queue: messages of jobs that make jobs of their own type, and new messages for jobs
        # that raise `RetryLater`. By default, Lambda stops such a chain after 16 invocations:
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
        properties["RecursiveLoop"] = "Allow"
    if variables := _variables(function):
        properties["Environment"] = {"Variables": variables}
    if isinstance(function.trigger, ScheduleTrigger):
        # No retry, because the next run does the same work. Without a maximum age, Lambda would keep a throttled event
        # for 6 hours.
        properties["EventInvokeConfig"] = {
            "MaximumRetryAttempts": 0,
            "MaximumEventAgeInSeconds": function.trigger.longest_age,
        }
    made = {"Type": "AWS::Serverless::Function", "Properties": properties}
    if function.works is not None and function.works.shared:
        # a rollback reads from an earlier template which types it had; a queue that is not shared has the name of its
        # type
        made["Metadata"] = {SHARED_BY: ",".join(kind.name for kind in function.works.types)}
    return made


def _variables(function: FunctionDefinition) -> dict[str, Value]:
    """Return the environment variables of this function, in addition to those of all functions."""
    return {**_own_variables(function), **tracing.variables(function.short)}


def _own_variables(function: FunctionDefinition) -> dict[str, Value]:
    if function.works is not None:
        return {**signing.of_worker(function.works), **reaching.variables(function.works, function.stack)}
    if function.short == "counters":
        return {"USAGE_BY_TENANT": ",".join(function.splits)} if function.splits else {}
    if function.short == "followup":
        return signing.of_followup(function.tells)
    if function.short == "watchdog":
        switched = [*function.pauses, *(one for one in function.budgets if one not in function.pauses)]
        switches = {"EVENT_SOURCES": event_sources(switched)} if switched else {}
        # the name and not a Ref: a resource that refers to itself is a circular dependency
        return {"WATCHDOG_FUNCTION": function.name, "ALARM_TOPIC": alarm_topic(), **switches, **signing.of_platform()}
    return signing.of_platform()


def _event(trigger: Trigger, function: FunctionDefinition) -> dict[str, Any]:
    match trigger:
        case QueueTrigger():
            return {"Type": "SQS", "Properties": _from_queue(trigger, logical(trigger.short, "Queue"))}
        case ScheduleTrigger():
            return {"Type": "Schedule", "Properties": {"Schedule": trigger.expression}}
        case StreamTrigger():
            return {"Type": "DynamoDB", "Properties": _from_stream(trigger, function.short)}


def _from_queue(trigger: QueueTrigger, queue: str) -> dict[str, Any]:
    return {
        "Queue": arn_of(queue),
        "BatchSize": trigger.batch_size,
        # Lambda accepts no window for a FIFO queue
        **({} if trigger.queue.endswith(FIFO_ENDING) else {"MaximumBatchingWindowInSeconds": trigger.window}),
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": trigger.max_concurrency},
    }


def _from_stream(trigger: StreamTrigger, short: str) -> dict[str, Any]:
    filters = [*({"Pattern": pattern} for pattern in trigger.patterns), *tracing.filters(short)]
    return {
        "Stream": attribute("JobsTable", "StreamArn"),
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": trigger.batch_size,
        "MaximumBatchingWindowInSeconds": trigger.window,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": trigger.retries,
        "MaximumRecordAgeInSeconds": trigger.longest_age,
        **({} if trigger.tumbling is None else {"TumblingWindowInSeconds": trigger.tumbling}),
        "FilterCriteria": {"Filters": filters},
    }


def _grants(function: FunctionDefinition) -> list[str]:
    if function.works is not None:
        return grants.worker(function.works, wakes=function.wakes)
    platform = {
        "watchdog": grants.watchdog(function.pauses, function.budgets),
        "counters": grants.counters(),
        "recount": grants.recount(),
        "followup": grants.followup(function.tells),
    }
    return platform[function.short]
