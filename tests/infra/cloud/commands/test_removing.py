"""Test removals: of a stage, and of a job type with its unfinished jobs."""

import io
import json
from collections import Counter
from dataclasses import replace

import pytest

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.counters import keys
from chalicelib.counters.port import Additions
from chalicelib.job_types import jobtype
from chalicelib.job_types.queue import Queue
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.job import Status
from infra.cloud.__main__ import main
from infra.cloud.account import Account
from infra.cloud.commands import access, removal
from infra.cloud.commands.deploy import Deployment, tags_of
from infra.cloud.commands.destroy import Destruction
from infra.cloud.commands.removal import Removal
from infra.cloud.errors import CloudError
from infra.cloud.preflight.finding import Finding
from infra.cloud.stack import artifacts, history
from infra.cloud.stack.changes import Change
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from infra.definition import stateful
from infra.definition.parameters import outputs
from infra.definition.template import resources
from tests.support import built_in

NAME = "jobflow-gone"


@pytest.fixture
def stack(account: Account) -> Stack:
    template = json.dumps({"Resources": stateful(jobtype.load(), NAME, protect=True)})
    account.cloudformation.create_stack(StackName=NAME, TemplateBody=template)
    s3 = account.client("s3")
    for number in range(3):
        s3.put_object(Bucket=f"{NAME}-files-123456789012-us-east-1", Key=f"uploads/{number}", Body=b"x")
    s3.create_bucket(Bucket=artifacts.name(account, NAME))
    s3.put_object(Bucket=artifacts.name(account, NAME), Key="old.zip", Body=b"x")
    for group in (f"/aws/lambda/{NAME}-api", "/aws/lambda/jobflow-other-api"):
        account.client("logs").create_log_group(logGroupName=group)
    return Stack(account, NAME)


def test_protected_tables_full_buckets_and_logs_go_and_a_second_time_is_no_error(
    account: Account, stack: Stack, terminal: Terminal
) -> None:
    assert Destruction(account, stack, terminal, confirmed=NAME).run() == []
    assert stack.describe() is None
    assert account.client("dynamodb").list_tables()["TableNames"] == []
    assert account.client("s3").list_buckets()["Buckets"] == []
    groups = account.client("logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/aws/lambda/jobflow-other-api"]
    assert Destruction(account, stack, terminal, confirmed=NAME).run() == []


def test_a_log_group_that_a_last_run_makes_again_goes_as_well(
    account: Account, stack: Stack, terminal: Terminal
) -> None:
    slept: list[float] = []
    run = Destruction(account, stack, terminal, confirmed=NAME, sleep=slept.append)
    delete = run._delete_secrets

    def late() -> None:
        account.client("logs").create_log_group(logGroupName=f"/aws/lambda/{NAME}-counters")
        delete()

    run._delete_secrets = late  # type: ignore[method-assign]
    assert (run.run(), len(slept)) == ([], 1)


def test_the_first_token_goes_and_its_name_is_free_again(account: Account, stack: Stack, terminal: Terminal) -> None:
    secrets = account.client("secretsmanager")
    for stage in ("gone", "other"):
        tags = [{"Key": key, "Value": value} for key, value in tags_of(f"jobflow-{stage}").items()]
        secrets.create_secret(Name=f"jobflow-{stage}-admin", SecretString="x", Tags=tags)
    assert Destruction(account, stack, terminal, confirmed=NAME).run() == []
    assert [secret["Name"] for secret in secrets.list_secrets()["SecretList"]] == ["jobflow-other-admin"]
    secrets.create_secret(Name="jobflow-gone-admin", SecretString="x")


@pytest.mark.parametrize("forgotten", [False, True])
def test_the_command_fails_when_something_is_left(
    account: Account, stack: Stack, forgotten: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if forgotten:
        topic = account.client("sns").create_topic(
            Name="forgotten", Tags=[{"Key": "project", "Value": "jobflow"}, {"Key": "stage", "Value": "gone"}]
        )["TopicArn"]
    assert main(["destroy", "--stage", "gone", "--confirm", NAME]) == forgotten
    said = capsys.readouterr().err
    assert (topic in said) if forgotten else ("Nothing is left." in said)


@pytest.mark.parametrize("said", ["", "jobflow-prod"])
def test_nothing_happens_without_the_name(account: Account, stack: Stack, terminal: Terminal, said: str) -> None:
    with pytest.raises(CloudError, match=f"--confirm {NAME}"):
        Destruction(account, stack, terminal, confirmed=said).run()
    assert stack.describe() is not None


STACK = "jobflow-prod"
TYPES = built_in()
LEFT = [kind for kind in TYPES if kind.name != "email.send"]
STATES = (Status.QUEUED, Status.SCHEDULED, Status.PROCESSING, Status.RETRYING, Status.COMPLETED, Status.DEAD_LETTER)


@pytest.fixture
def prod(account: Account) -> Stack:
    """Return a stage with all types."""
    told = {name: outputs()[name] for name in ("ControlTableName", "JobsTableName")}
    template = json.dumps({"Resources": stateful(TYPES, STACK), "Outputs": told})
    account.cloudformation.create_stack(StackName=STACK, TemplateBody=template)
    return Stack(account, STACK)


def counted(account: Account, prod: Stack) -> None:
    """Let the counters contain one job of email.send in each of six states, two of which are final."""
    numbers = Counter({keys.number(status): 1 for status in STATES})
    rows = DynamoCounters(access.settings(account, prod))
    rows.add(keys.totals("email.send"), Additions(numbers), "test", "0", "1")


def deployment(account: Account, prod: Stack, terminal: Terminal, *, force: bool = False) -> Deployment:
    return Deployment(
        account, prod, terminal, dashboard=None, force_remove=force, package=lambda _: pytest.fail("it was built"),
        types=lambda: LEFT,
    )  # fmt: skip


def test_unfinished_jobs_of_a_removed_type_stop_it_unless_it_is_forced(
    account: Account, prod: Stack, terminal: Terminal, said: io.StringIO
) -> None:
    counted(account, prod)
    with pytest.raises(CloudError, match=r"email\.send is no longer declared, and has 4 unfinished jobs.*retired=True"):
        deployment(account, prod, terminal).run()
    with pytest.raises(pytest.fail.Exception, match="it was built"):
        deployment(account, prod, terminal, force=True).run()
    assert "email.send is no longer declared, and has 4 unfinished jobs: the watchdog ends them" in said.getvalue()


def test_a_type_without_unfinished_jobs_may_go_with_its_queues(
    account: Account, prod: Stack, terminal: Terminal
) -> None:
    deployment(account, prod, terminal)._preflight()
    found = removal.look(account, prod, [kind.name for kind in LEFT])
    removed = ("EmailSendQueue", "EmailSendDlq", "ReportGenerateQueue")
    changes = [Change("remove", name, "AWS::SQS::Queue") for name in removed]
    assert found.at_stake(changes) == ["ReportGenerateQueue"]


def test_nothing_is_removed_while_all_are_declared_or_before_the_first_deployment(
    account: Account, prod: Stack
) -> None:
    assert removal.look(account, prod, [kind.name for kind in TYPES]) == Removal({})
    assert removal.look(account, Stack(account, "jobflow-new"), []) == Removal({})


def test_a_type_that_moves_to_a_shared_queue_and_back_loses_nothing(account: Account, prod: Stack) -> None:
    mail = Queue("mail")
    sharing = [replace(kind, queue=mail) if kind.name == "email.send" else kind for kind in TYPES]
    found = removal.look(account, prod, [kind.name for kind in TYPES], [kind.short for kind in sharing])
    changes = [Change("remove", name, "AWS::SQS::Queue") for name in ("EmailSendQueue", "EmailSendDlq", "JobsTable")]
    assert (dict(found.unfinished), found.at_stake(changes)) == ({}, ["JobsTable"])
    stack = f"{STACK}two"
    account.cloudformation.create_stack(
        StackName=stack, TemplateBody=json.dumps({"Resources": stateful(sharing, stack)})
    )
    found = removal.look(account, Stack(account, stack), [kind.name for kind in TYPES], [kind.short for kind in TYPES])
    changes = [Change("remove", name, "AWS::SQS::Queue") for name in ("QueueMailQueue", "QueueMailDlq")]
    assert (dict(found.unfinished), found.at_stake(changes)) == ({}, [])


def test_a_type_that_loses_its_urgent_queue_loses_nothing(account: Account) -> None:
    stack, urgent = "jobflow-urgent", [replace(kind, urgent=True, rate=None) for kind in TYPES]
    body = json.dumps({"Resources": stateful(urgent, stack)})
    account.cloudformation.create_stack(StackName=stack, TemplateBody=body)
    plain, changes = [kind.short for kind in TYPES], [Change("remove", "EmailSendUrgentQueue", "AWS::SQS::Queue")]
    found = removal.look(account, Stack(account, stack), [kind.name for kind in TYPES], plain)
    assert (dict(found.unfinished), found.at_stake(changes)) == ({}, [])
    assert found.findings(force=False) == []
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{stack}-email-send-urgent")["QueueUrl"]
    for _ in range(2):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    found = removal.look(account, Stack(account, stack), [kind.name for kind in TYPES], plain)
    (told,) = found.findings(force=False)
    assert not told.stops
    assert told.sentence.startswith("The queue email-send-urgent goes with 2 messages.")
    both = [short for queue in queues_of(urgent) for short in queue.shorts]
    found = removal.look(account, Stack(account, stack), [kind.name for kind in TYPES], both)
    assert found.at_stake(changes) == ["EmailSendUrgentQueue"], "it would be replaced, with its messages"
    template = {"Resources": {name: one for name, one in resources(urgent, stack).items() if "Type" in one}}
    assert removal.types_in(template, stack) == {kind.name for kind in TYPES}
    assert sorted(removal.queues_in(template, stack)) == sorted(both)


def test_unfinished_jobs_of_a_type_that_leaves_a_shared_queue_for_good_are_counted(account: Account) -> None:
    stack, mail = "jobflow-shared", Queue("mail")
    sharing = [replace(kind, queue=mail) for kind in TYPES]
    told = {name: outputs()[name] for name in ("ControlTableName", "JobsTableName")}
    body = json.dumps({"Resources": stateful(sharing, stack), "Outputs": told})
    account.cloudformation.create_stack(StackName=stack, TemplateBody=body)
    counted(account, Stack(account, stack))
    left = [kind for kind in sharing if kind.name != "email.send"]
    found = removal.look(account, Stack(account, stack), [kind.name for kind in left], [kind.short for kind in left])
    assert dict(found.unfinished) == {"email.send": 4}
    made = resources(sharing, stack)
    template = {"Resources": {name: resource for name, resource in made.items() if "Type" in resource}}
    assert removal.types_in(template, stack) == {kind.name for kind in sharing}
    assert removal.queues_in(template, stack) == ["queue-mail"]
    assert removal.shared_in(template) == {kind.name: "mail" for kind in sharing}


def test_jobs_that_cannot_be_counted_stop_it_too() -> None:
    (finding,) = Removal({"email.send": 0}, "AccessDenied").findings(force=False)
    assert finding.stops
    assert "its unfinished jobs could not be counted (AccessDenied)" in finding.sentence
    (forced,) = Removal({"email.send": 0}, "AccessDenied").findings(force=True)
    assert not forced.stops


def test_types_of_a_shared_queue_that_cannot_be_counted_stop_it_too(account: Account) -> None:
    name, mail = "jobflow-unread", Queue("mail")
    sharing = [replace(kind, queue=mail) for kind in TYPES]
    account.cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": stateful(sharing, name)}))
    stack = Stack(account, name)

    def findings(*, force: bool = False) -> list[Finding]:
        left = [kind for kind in sharing if kind.name != "email.send"]
        return removal.look(account, stack, [kind.name for kind in left]).findings(force=force)

    (unknown,) = findings()
    assert unknown.stops
    assert "whether types of a shared queue are removed" in unknown.sentence
    assert [finding.stops for finding in findings(force=True)] == [False]
    bucket = artifacts.name(account, name)
    account.client("s3").create_bucket(Bucket=bucket)
    made = {key: resource for key, resource in resources(sharing, name).items() if "Type" in resource}
    account.client("s3").put_object(Bucket=bucket, Key="a.json", Body=json.dumps({"Resources": made}).encode())
    history.write(account, name, [history.Deployed(f"https://{bucket}/a.json", {}, "")])
    (known,) = findings()
    assert known.stops
    assert "email.send is no longer declared, and its unfinished jobs could not be counted" in known.sentence


def test_counters_that_do_not_answer_are_told(account: Account, prod: Stack) -> None:
    account.client("dynamodb").delete_table(TableName=f"{STACK}-control")
    found = removal.look(account, prod, [kind.name for kind in LEFT])
    assert "ResourceNotFound" in found.refused
    assert found.unfinished == {"email.send": 0}
