"""Define the queues and dead-letter queues of the job types. Their settings follow from the types."""

from collections.abc import Iterable
from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.retention import KEEP_DEAD_MESSAGES, KEEP_MESSAGES
from infra.definition.names import Resources, arn, arn_of, dead_of, logical, queue_name, ref

FIFO = {"FifoQueue": True, "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
"""Properties for queues of types with `serial_by`: SQS can deliver messages of many keys at once (high throughput).
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/high-throughput-fifo.html"""


def queues(types: Iterable[JobType[Any, Any]], stack: str) -> Resources:
    """Return the queue `<stack>-email-send` and its `<stack>-email-send-dlq`, for each type or shared queue.

    A type with `urgent=True` also has `<stack>-email-send-urgent`, with the same settings and dead-letter queue.
    """
    resources: Resources = {}
    for queue in queues_of(types):
        names = {short: queue_name(stack, short, queue.ending) for short in queue.shorts}
        fifo = FIFO if queue.serial else {}
        for short, name in names.items():
            resources[logical(short, "Queue")] = _queue(
                name,
                int(KEEP_MESSAGES),
                VisibilityTimeout=queue.visibility_timeout,
                RedrivePolicy={
                    "deadLetterTargetArn": arn_of(logical(queue.short, "Dlq")),
                    "maxReceiveCount": queue.max_receives,
                },
                **fifo,
            )
        resources[logical(queue.short, "Dlq")] = _queue(
            dead_of(names[queue.short]),
            int(KEEP_DEAD_MESSAGES),
            RedriveAllowPolicy={
                "redrivePermission": "byQueue",
                "sourceQueueArns": [arn("sqs", name) for name in names.values()],
            },
            **fifo,
        )
    return resources


def queue_policies(types: Iterable[JobType[Any, Any]]) -> Resources:
    """Refuse every request to the queues without TLS.

    One resource is for all queues: a stack can have only 500 resources.
    """
    names = [
        name
        for queue in queues_of(types)
        for name in (*(logical(short, "Queue") for short in queue.shorts), logical(queue.short, "Dlq"))
    ]
    if not names:
        return {}
    queues = [ref(name) for name in names]
    policy = {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": queues, "PolicyDocument": _tls_only()}}
    return {"QueuesPolicy": policy}


def _queue(name: str, retention: int, **more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::SQS::Queue",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
        "Properties": {
            "QueueName": name,
            "MessageRetentionPeriod": retention,
            "SqsManagedSseEnabled": True,
            **more,
        },
    }


def _tls_only() -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "RefusePlainText",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:*",
                # `*` is enough: a queue's policy applies only to that queue
                "Resource": "*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
