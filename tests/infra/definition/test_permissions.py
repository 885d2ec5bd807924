"""Test grants as they are written in `@job`, and the statements that are made from them."""

import json

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.end import JobEnd
from chalicelib.job_types.jobtype import JobType
from infra.definition import stateful
from infra.definition.iam import grants
from infra.definition.iam.calls import allows
from infra.definition.iam.permissions import PLATFORM, policies, statements
from infra.definition.lambdas.functions import functions
from infra.local.roles import resolve
from infra.local.roles.asked import asked
from tests.infra.cloud.rights.judging import allows as judged


@pytest.mark.parametrize(
    ("grant", "action", "place"),
    [
        ("dynamodb:UpdateItem:jobs", "dynamodb:UpdateItem", "JobsTable"),
        ("dynamodb:Query:jobs/index/all", "dynamodb:Query", "${JobsTable.Arn}/index/all"),
        ("dynamodb:GetRecords:jobs/stream", "dynamodb:GetRecords", "StreamArn"),
        ("dynamodb:ListStreams:jobs/streams", "dynamodb:ListStreams", "${JobsTable.Arn}/stream/*"),
        ("dynamodb:GetItem:control/TOK#*", "dynamodb:GetItem", "dynamodb:LeadingKeys"),
        ("sqs:SendMessage:email-send", "sqs:SendMessage", "EmailSendQueue"),
        ("sqs:ReceiveMessage:email-send-dlq", "sqs:ReceiveMessage", "EmailSendDlq"),
        ("s3:GetObject:uploads/*", "s3:GetObject", "jobflow-prod-files-${AWS::AccountId}-${AWS::Region}/uploads/*"),
        ("ses:SendEmail", "ses:SendEmail", "identity/*"),
        ("ses:SendEmail", "ses:SendEmail", "configuration-set/${MailConfigurationSet}"),
        ("logs:FilterLogEvents:email-send", "logs:FilterLogEvents", "EmailSendLogs"),
        ("sqs:GetQueueAttributes:*-*-dlq", "sqs:GetQueueAttributes", ":jobflow-prod-*-*-dlq"),
        (
            "lambda:UpdateEventSourceMapping:email-send",
            "lambda:UpdateEventSourceMapping",
            "function:jobflow-prod-email-send",
        ),
        ("lambda:UpdateEventSourceMapping:*-*", "lambda:UpdateEventSourceMapping", "function:jobflow-prod-*-*"),
    ],
)
def test_grant_becomes_a_statement(grant: str, action: str, place: str) -> None:
    (statement,) = statements("jobflow-prod", [grant])
    assert statement["Effect"] == "Allow"
    assert statement["Action"] == [action]
    assert place in json.dumps(statement)


def test_actions_on_one_place_are_one_statement() -> None:
    (statement,) = statements(
        "jobflow-prod", ["s3:PutObject:reports/*", "s3:GetObject:reports/*", "s3:GetObject:reports/*"]
    )
    assert statement["Action"] == ["s3:GetObject", "s3:PutObject"]


@pytest.mark.parametrize(
    "grant",
    ["s3:GetObject", "s3:GetObject:*", "s3:*:uploads/*", "dynamodb:Query", "sqs:SendMessage", "logs:FilterLogEvents",
     "iam:PassRole:x", "sqs:SendMessage:*",
     "logs:FilterLogEvents:*", "lambda:UpdateEventSourceMapping:a*", "kms:*", "everything", "s3:GetObject:/*", "ses:*"],
)  # fmt: skip
def test_wide_or_unknown_grant_is_refused(grant: str) -> None:
    with pytest.raises(ConfigurationError):
        statements("jobflow-prod", [grant])


def test_grant_covers_its_own_place_only() -> None:
    assert allows("dynamodb:GetItem:control/TOK#*", "dynamodb:GetItem:control/TOK#1f")
    assert not allows("dynamodb:GetItem:control/TOK#*", "dynamodb:GetItem:control/CNT")
    assert not allows("dynamodb:GetItem:control/TOK#*", "dynamodb:GetItem:control")
    assert allows("dynamodb:GetItem:control", "dynamodb:GetItem:control/CNT")
    assert not allows("dynamodb:Query:jobs/index/all", "dynamodb:Query:jobs/index/active")
    assert not allows("dynamodb:Query:jobs/index/all", "dynamodb:Query:jobs")
    assert not allows("dynamodb:Query:jobs", "dynamodb:Query:jobs/index/all")
    assert not allows("s3:GetObject:uploads/*", "s3:GetObject:reports/*")


def test_a_pattern_of_every_type_covers_no_dead_letter_queue_for_sending() -> None:
    allowed, denied = statements("jobflow-prod", ["sqs:SendMessage:*-*"])
    assert "jobflow-prod-*-*" in json.dumps(allowed["Resource"])
    assert (denied["Effect"], denied["Action"]) == ("Deny", "sqs:SendMessage")
    dead = [one["Fn::Sub"].rpartition(":")[2] for one in denied["Resource"]]
    assert dead == ["jobflow-prod-*-dlq", "jobflow-prod-*-dlq.fifo"]
    assert not allows("sqs:SendMessage:*-*", "sqs:SendMessage:email-send-dlq")
    assert allows("sqs:SendMessage:*-*", "sqs:SendMessage:email-send")


def test_a_pattern_of_every_type_covers_no_function_of_the_platform() -> None:
    told: JobType[JobEnd, None] = JobType("a.told", lambda _payload, _ctx: None, JobEnd)
    of_platform = [function.short for function in functions([told], "jobflow-prod") if function.works is None]
    shorts = {"api", *of_platform}
    assert shorts == {*PLATFORM}
    assert [short for short in shorts if "-" in short] == []
    _, denied = statements("jobflow-prod", ["logs:FilterLogEvents:*-*"])
    groups = {group["Fn::Sub"].rpartition("/")[2] for group in denied["Resource"]}
    assert groups == {f"jobflow-prod-{short}:*" for short in shorts}
    assert not allows("logs:FilterLogEvents:*-*", "logs:FilterLogEvents:api")


READERS = {
    "api": grants.api(),
    "watchdog": grants.watchdog(),
    "counters": grants.counters(),
    "recount": grants.recount(),
}


@pytest.mark.parametrize("name", READERS)
def test_only_the_api_lists_the_hashes_of_tokens_and_reads_one_by_its_hash(name: str) -> None:
    role = {"Properties": {"Policies": policies("jobflow-dev", name, READERS[name])}}
    allowed = resolve.statements(role, stateful([], "jobflow-dev"), {})

    def can(action: str, row: str) -> bool:
        keyed = {"Key": {"pk": {"S": row}, "sk": {"S": "x"}}}
        queried = {"KeyConditionExpression": "#0 = :0", "ExpressionAttributeNames": {"#0": "pk"},
                   "ExpressionAttributeValues": {":0": {"S": row}}}  # fmt: skip
        body = {"TableName": "jobflow-dev-control", **(queried if action == "Query" else keyed)}
        needed = asked(
            "dynamodb", "POST", "/", {"x-amz-target": f"DynamoDB_20120810.{action}"}, json.dumps(body).encode()
        )
        assert needed == [] or all(one.action == f"dynamodb:{action}" for one in needed)
        return bool(needed) and all(judged(allowed, one) for one in needed)

    actions = ("Query", "GetItem")
    readable = [(action, row) for action in actions for row in ("TOK#1f2e", "TOKENS") if can(action, row)]
    assert readable == ([("Query", "TOKENS"), ("GetItem", "TOK#1f2e")] if name == "api" else [])
    assert can("GetItem", "CNT") or name == "watchdog"
    sessions = [(action, row) for action in (*actions, "UpdateItem") for row in ("SESSIONS",) if can(action, row)]
    assert sessions == ([(action, "SESSIONS") for action in (*actions, "UpdateItem")] if name == "api" else [])
    assert can("UpdateItem", "SIGNINS") == (name == "api")
    assert not can("DeleteItem", "SIGNINS"), "a sign-in that was used stays used"
