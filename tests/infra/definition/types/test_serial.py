"""Check that a type with `serial_by` has FIFO queues, and that every role and alarm uses their names."""

import json
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import boto3
import pytest

from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from infra.cloud.account import Account
from infra.cloud.commands import removal
from infra.cloud.commands.status import status
from infra.cloud.stack.cloudformation import Stack
from infra.definition import stateful
from infra.definition.data.queues import queue_policies, queues
from infra.definition.iam.permissions import statements
from infra.definition.lambdas.compute import compute
from infra.definition.lambdas.functions import functions
from infra.definition.monitoring.overview import rows
from infra.definition.monitoring.type_alarms import type_alarms
from tests.emulated import emulated
from tests.infra.definition.types.test_reaching import Empty

STACK = "jobflow-prod"
PLAIN: JobType[Empty, None] = JobType(
    "mail.send", lambda _payload, _ctx: None, Empty, function=Function(window=2, batch_size=10)
)
SERIAL: JobType[Empty, None] = JobType("book.entry", lambda _payload, _ctx: None, Empty, serial_by="account")


def test_both_queues_are_fifo_queues_of_high_throughput_and_name_each_other() -> None:
    made = {name: queue["Properties"] for name, queue in queues([SERIAL], STACK).items()}
    source, dead = made["BookEntryQueue"], made["BookEntryDlq"]
    assert (source["QueueName"], dead["QueueName"]) == (
        "jobflow-prod-book-entry.fifo",
        "jobflow-prod-book-entry-dlq.fifo",
    )
    for queue in (source, dead):
        fifo = (queue["FifoQueue"], queue["DeduplicationScope"], queue["FifoThroughputLimit"])
        assert fifo == (True, "messageGroup", "perMessageGroupId")
    assert source["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["BookEntryDlq", "Arn"]}
    assert dead["RedriveAllowPolicy"]["sourceQueueArns"][0]["Fn::Sub"].endswith(":" + source["QueueName"])
    assert len(queue_policies([SERIAL])["QueuesPolicy"]["Properties"]["Queues"]) == 2


def test_its_function_is_named_like_any_other_and_waits_for_no_fuller_batch() -> None:
    made = compute(functions([SERIAL, PLAIN], STACK))
    serial, plain = (made[name]["Properties"] for name in ("BookEntryFunction", "MailSendFunction"))
    assert serial["FunctionName"] == "jobflow-prod-book-entry"
    window = "MaximumBatchingWindowInSeconds"
    assert window not in serial["Events"]["Source"]["Properties"], "Lambda refuses it for a FIFO queue"
    assert plain["Events"]["Source"]["Properties"][window] == 2


@pytest.mark.parametrize("queue", ["jobflow-prod-book-entry-dlq", "jobflow-prod-book-entry-dlq.fifo"])
def test_patterns_of_every_type_mean_the_dead_letter_queues_of_either_kind(queue: str) -> None:
    sweeping, allowed, denied = statements(STACK, ["sqs:SendMessage:*-*", "sqs:ReceiveMessage:*-*-dlq"])
    assert denied["Effect"] == "Deny"
    assert covers(denied["Resource"], queue), "nobody sends to a dead-letter queue"
    found = [one for one in (sweeping, allowed) if one["Action"] == ["sqs:ReceiveMessage"]]
    assert covers(found[0]["Resource"], queue)
    assert not covers(found[0]["Resource"], queue.replace("-dlq", ""))


def covers(resources: Any, queue: str) -> bool:
    patterns = [one["Fn::Sub"].rpartition(":")[2] for one in resources]
    return any(fnmatchcase(queue, pattern) for pattern in patterns)


OWN = replace(SERIAL, function=replace(SERIAL.function, own_alarms=True))


def test_alarms_and_graphs_look_at_the_queues_by_their_names() -> None:
    alarms = json.dumps([str(alarm.metrics) for alarm in type_alarms([OWN], STACK)])
    assert "jobflow-prod-book-entry.fifo" in alarms
    graphs = json.dumps(rows([SERIAL], STACK))
    assert '"jobflow-prod-book-entry.fifo"' in graphs
    assert '"jobflow-prod-book-entry-dlq.fifo"' in graphs
    assert '"FunctionName", "jobflow-prod-book-entry"' in graphs


def test_a_stage_is_made_read_and_compared_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with emulated():
        account = Account(boto3.Session(region_name="us-east-1"), "123456789012", "us-east-1")
        template = json.dumps({"Resources": stateful([SERIAL], STACK)})
        account.cloudformation.create_stack(StackName=STACK, TemplateBody=template)
        sqs = account.client("sqs")
        url = sqs.get_queue_url(QueueName="jobflow-prod-book-entry.fifo")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="a", MessageDeduplicationId="1")
        told = status(account, Stack(account, STACK))["jobflow-prod-book-entry.fifo"]
        assert told == "1 waiting, 0 running or backing off, 0 in the dead-letter queue"
        assert removal.look(account, Stack(account, STACK), ["book.entry"]) == removal.Removal({})
        removed = removal.look(account, Stack(account, STACK), [], ["other"])
        assert (list(removed.unfinished), removed.moved) == (["book.entry"], ("book-entry",))
