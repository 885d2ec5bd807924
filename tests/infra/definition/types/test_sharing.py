"""Test the stack's resources for types that share a queue, and that nothing changes for other types."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.access import AwsAccess
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queue import Queue
from chalicelib.job_types.queues import queues_of
from chalicelib.job_types.rate import Rate
from infra.cloud.stack.signing import parameters
from infra.definition.iam import grants
from infra.definition.lambdas import signing
from infra.definition.limits import exceeded
from infra.definition.names import Resources
from infra.definition.template import merge_template, resources
from tests.support import built_in

STACK = "jobflow-prod"
Kinds = list[JobType[Any, Any]]
MAIL = Queue("mail", function=Function(memory=256, batch_size=5), access=AwsAccess(grants=("ses:SendEmail",)))


def sharing(kind: JobType[Any, Any], name: str, queue: Queue = MAIL, **settings: Any) -> JobType[Any, Any]:
    """Return a type like `kind` on a shared queue, as `@job` makes it."""
    given = {"function": queue.whole_function, "access": queue.access, "pause_when": queue.pause_when, **settings}
    return replace(kind, name=name, queue=queue, rate=None, schedules=(), **given)


@pytest.fixture(scope="module")
def kinds() -> Kinds:
    return built_in()


@pytest.fixture(scope="module")
def made(kinds: Kinds) -> Resources:
    quick = sharing(kinds[0], "mail.quick", timeout=10, max_attempts=1)
    slow = sharing(kinds[0], "mail.slow", timeout=300, max_attempts=9)
    return resources([*kinds, quick, slow], STACK)


def test_a_queue_and_its_function_have_the_largest_of_the_types(made: Resources) -> None:
    queue, function = made["QueueMailQueue"]["Properties"], made["QueueMailFunction"]["Properties"]
    assert queue["QueueName"] == f"{STACK}-queue-mail"
    assert queue["VisibilityTimeout"] == 6 * 300
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 9 + 2
    assert (function["Timeout"], function["MemorySize"]) == (300, 256)
    assert function["Handler"] == "chalicelib.entry.queues.mail"
    assert function["Events"]["Source"]["Properties"]["BatchSize"] == 5
    assert not [name for name in made if name.startswith(("MailQuick", "MailSlow"))]


def test_other_types_keep_what_they_had(kinds: Kinds, made: Resources) -> None:
    before = resources(kinds, STACK)
    common = ("ApiHandler", "Apihandler", "APIHandler", "QueuesPolicy", "Overview")
    changed = [name for name in before if made[name] != before[name] and name not in common]
    assert not [name for name in changed if not name.endswith("Query")], "the saved queries search one more log"


def test_own_alarms_are_by_queue(kinds: Kinds) -> None:
    asked = Queue("mail", function=Function(own_alarms=True))
    made = resources([sharing(kinds[0], f"mail.n{number}", asked) for number in range(2)], STACK)
    alarms = {r["Properties"]["AlarmName"]: r for r in made.values() if r.get("Type") == "AWS::CloudWatch::Alarm"}
    ours = {name.removeprefix(f"{STACK}-queue-mail-") for name in alarms if "queue-mail" in name}
    assert ours == {"dead-letters", "errors", "oldest-message", "failure-ratio", "in-flight"}
    dead = json.dumps(alarms[f"{STACK}-queue-mail-dead-letters"])
    assert '{"Name": "queue", "Value": "mail"}' in dead


def test_the_role_reaches_the_bodies_of_its_types_and_its_own_queue(kinds: Kinds) -> None:
    few = [sharing(kinds[0], f"mail.n{number}") for number in range(3)]
    granted = grants.worker(*queues_of(few))
    assert "ses:SendEmail" in granted
    assert {"s3:GetObject:payloads/mail-n0/*", "s3:PutObject:results/mail-n2/*"} <= set(granted)
    assert {grant.rpartition(":")[2] for grant in granted if grant.startswith("sqs:")} == {"queue-mail"}
    many = [sharing(kinds[0], f"mail.n{number}") for number in range(30)]
    assert "s3:GetObject:payloads/*" in grants.worker(*queues_of(many))


def test_the_role_of_eight_types_with_a_rate_that_make_jobs_of_forty_types_fits(kinds: Kinds) -> None:
    made = [replace(kinds[0], name=f"service{number:02}.process", rate=None, schedules=()) for number in range(60)]

    def role(most: int) -> dict[str, Any]:
        names = tuple(kind.name for kind in made[:most])
        rated = [replace(sharing(kinds[0], f"mail.n{number}", enqueues=names), rate=Rate(1)) for number in range(8)]
        found: dict[str, Any] = resources([*kinds, *made, *rated], STACK)["QueueMailRole"]
        return found

    rows = [
        statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        for statement in role(40)["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        if "RATE#" in json.dumps(statement)
    ]
    assert rows == [["BATCH*", *(f"RATE#mail.n{number}" for number in range(8))]], "its own types, and no others"
    with pytest.raises(ConfigurationError, match=r"role of queue-mail has .* divide the types of a shared queue"):
        role(60)


def test_the_failures_of_a_pausing_queue_are_its_own_row(kinds: Kinds) -> None:
    pausing = Queue("mail", pause_when=Failing())
    queues = queues_of([sharing(kinds[0], f"mail.n{number}", pausing) for number in range(3)])
    rows = [grant for grant in grants.worker(*queues) if "AUTOPAUSE" in grant]
    assert {row.rpartition("#")[2] for row in rows} == {"mail"}
    made = resources([*queues[0].types], STACK)
    variables = made["WatchdogFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["EVENT_SOURCES"]["Fn::Sub"].endswith("=${QueueMailFunctionSource}")


def test_a_stack_has_parameters_only_for_keys_that_some_worker_holds(kinds: Kinds) -> None:
    few = [sharing(kinds[0], f"mail.n{number}") for number in range(3)]
    assert len(signing.parameters(few)) == 3
    many = [sharing(kinds[0], f"mail.n{number}") for number in range(300)]
    assert signing.parameters(many) == {}
    making = replace(kinds[0], enqueues=("mail.n7",))
    assert set(signing.parameters([making, *many])) == {"EmailSendSigningKey", "MailN7SigningKey"}
    assert parameters(merge_template(many, STACK)["Parameters"], {}, [], "", 0.0).keys() >= {"SigningKey"}


def test_limits_of_a_stack_are_told_with_what_to_do(kinds: Kinds) -> None:
    own = [replace(kinds[0], name=f"task.n{number}") for number in range(105)]
    (told,) = exceeded(own, STACK)
    assert "105 job types need" in told
    assert "CloudFormation takes 500" in told
    assert "queue=Queue" in told
    small = [Queue(f"q{number}") for number in range(30)]
    keys = [sharing(kinds[0], f"task.n{number}", small[number % 30]) for number in range(240)]
    (told,) = exceeded(keys, STACK)
    assert "parameters, and CloudFormation takes 200" in told
    large = Queue("large", access=AwsAccess(environment={"TEXT": "x" * 3000}))
    (told,) = exceeded([sharing(kinds[0], "task.n", large)], STACK)
    assert "large: environment has" in told
    assert list(exceeded(kinds, STACK)) == []


def test_a_worker_has_single_keys_only_while_they_fit_into_its_variables(kinds: Kinds) -> None:
    types = [sharing(kinds[0], f"mail.n{number}") for number in range(8)]
    assert signing.of_worker(*queues_of(types)).keys() == {signing.KEYS}
    made = [replace(types[0], enqueues=("order.a", "order.b")), *types[1:]]
    assert signing.of_worker(*queues_of(made)).keys() == {signing.MASTER}
