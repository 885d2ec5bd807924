"""Test the stack's resources for types with `urgent=True`, and that other types have none of them."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.at_most import AtMost
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType, registered
from chalicelib.job_types.queues import queues_of
from chalicelib.pausing.event_sources import mapping_key
from infra.cloud.cost.calculation import idle, total
from infra.cloud.cost.standing import by_resource, of_changes
from infra.cloud.stack.changes import Change
from infra.definition.iam import grants
from infra.definition.iam.permissions import statements
from infra.definition.lambdas.functions import functions
from infra.definition.names import Resources
from infra.definition.template import resources
from infra.local.deployment import Place, mappings
from tests.support import built_in

STACK = "jobflow-prod"
Kinds = list[JobType[Any, Any]]


def made_urgent(kinds: Kinds, **more: Any) -> Kinds:
    return [replace(kind, urgent=True, **more) if kind.name == "email.send" else kind for kind in kinds]


@pytest.fixture(scope="module")
def kinds() -> Kinds:
    return [replace(kind, rate=None, function=Function()) for kind in built_in()]


@pytest.fixture(scope="module")
def made(kinds: Kinds) -> Resources:
    return resources(made_urgent(kinds, function=Function(own_alarms=True, batch_size=5, concurrency=10)), STACK)


def test_only_such_a_type_has_a_second_queue(kinds: Kinds, made: Resources) -> None:
    before = resources(kinds, STACK)
    more = {name for name in made.keys() - before.keys() if not name.endswith("Alarm")}
    assert more == {"EmailSendUrgentQueue"}


def test_it_has_the_settings_of_the_first_one_and_the_same_dead_letter_queue(made: Resources) -> None:
    first, second = (made[name]["Properties"] for name in ("EmailSendQueue", "EmailSendUrgentQueue"))
    assert second == {**first, "QueueName": f"{STACK}-email-send-urgent"}
    sources = made["EmailSendDlq"]["Properties"]["RedriveAllowPolicy"]["sourceQueueArns"]
    assert [one["Fn::Sub"].rpartition(":")[2] for one in sources] == [
        f"{STACK}-email-send",
        f"{STACK}-email-send-urgent",
    ]
    assert {"Ref": "EmailSendUrgentQueue"} in made["QueuesPolicy"]["Properties"]["Queues"], "only by TLS"


def test_the_same_function_polls_both_and_each_has_a_half_of_the_concurrency(made: Resources) -> None:
    events = made["EmailSendFunction"]["Properties"]["Events"]
    own, second = events["Source"]["Properties"], events["Urgent"]["Properties"]
    assert own["Queue"] == {"Fn::GetAtt": ["EmailSendQueue", "Arn"]}
    assert second == {**own, "Queue": {"Fn::GetAtt": ["EmailSendUrgentQueue", "Arn"]}}
    assert second["ScalingConfig"] == {"MaximumConcurrency": 5}


def test_the_laptop_polls_both(kinds: Kinds, made: Resources) -> None:
    described: Any = SimpleNamespace(functions={"EmailSendFunction": made["EmailSendFunction"]}, stateful=made)
    queues = mappings(described, Place("http://aws", "1", "eu-west-1", {}))
    assert [one.queue_url for one in queues] == [  # type: ignore[union-attr]
        f"http://aws/1/{STACK}-email-send", f"http://aws/1/{STACK}-email-send-urgent",
    ]  # fmt: skip
    assert {one.function for one in queues} == {f"{STACK}-email-send"}


def test_the_api_knows_both_mappings(made: Resources) -> None:
    known = json.dumps(made)
    assert f"{mapping_key('email.send')}=${{EmailSendFunctionSource}}" in known
    assert f"{mapping_key('email.send-urgent')}=${{EmailSendFunctionUrgent}}" in known


def test_the_watchdog_switches_both_queues_of_a_type_that_pauses_automatically(kinds: Kinds) -> None:
    pausing = made_urgent(kinds, pause_when=Failing())
    variables = resources(pausing, STACK)["WatchdogFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["EVENT_SOURCES"]["Fn::Sub"].endswith("=${EmailSendFunctionUrgent}")
    granted = {grant for grant in grants.watchdog(queues_of(pausing)) if "UpdateEventSourceMapping" in grant}
    found = statements(STACK, granted)
    assert {one["Resource"]["Fn::Sub"].rpartition(":")[2] for one in found} == {
        "${EmailSendFunctionSource}", "${EmailSendFunctionUrgent}",
    }  # fmt: skip
    bound = {one["Condition"]["ArnLike"]["lambda:FunctionArn"]["Fn::Sub"].rpartition(":")[2] for one in found}
    assert bound == {f"{STACK}-email-send"}


def test_who_sends_to_the_type_may_send_to_both_queues(kinds: Kinds, monkeypatch: pytest.MonkeyPatch) -> None:
    urgent = made_urgent(kinds, limits=(AtMost(2, shared="mail"),))
    for kind in urgent:
        monkeypatch.setitem(registered, kind.name, kind)
    own = next(queue for queue in queues_of(urgent) if queue.key == "email.send")
    maker = replace(kinds[1], name="mail.maker", enqueues=("email.send",))
    sharer = replace(kinds[1], name="mail.sharer", limits=(AtMost(2, shared="mail"),))
    sends = {"sqs:SendMessage:email-send", "sqs:SendMessage:email-send-urgent"}
    assert sends <= set(grants.worker(own))
    assert {f"sqs:{action}:email-send-urgent" for action in grants.CONSUMING} <= set(grants.worker(own))
    assert sends <= set(grants.worker(*queues_of([maker])))
    workers = {one.short: one for one in functions([*urgent, sharer], STACK)}
    assert sends <= set(grants.worker(*queues_of([sharer]), wakes=workers["mail-sharer"].wakes))
    others = [grant for queue in queues_of(kinds[1:]) for grant in grants.worker(queue)]
    assert not [grant for grant in others if "urgent" in grant]


def test_its_alarms_look_at_both_queues_and_other_types_have_theirs_as_before(kinds: Kinds, made: Resources) -> None:
    age = made["EmailSendOldestMessageAlarm"]["Properties"]["Metrics"]
    names = {one["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for one in age if "MetricStat" in one}
    assert names == {f"{STACK}-email-send", f"{STACK}-email-send-urgent"}
    (expression,) = [one["Expression"] for one in age if "Expression" in one]
    assert expression == "MAX([FILL(age,0),FILL(urgent_age,0)])"
    plain = resources([replace(kinds[0], function=Function(own_alarms=True))], STACK)
    (alone,) = (one["Properties"] for name, one in plain.items() if name.endswith("OldestMessageAlarm"))
    assert alone["MetricName"] == "ApproximateAgeOfOldestMessage", "one metric, without an expression"


def test_a_second_queue_costs_its_polls(kinds: Kinds) -> None:
    urgent = made_urgent(kinds)
    assert 0.26 <= total(idle(urgent)) - total(idle(kinds)) <= 0.27
    known = by_resource(urgent, STACK)
    assert known["EmailSendUrgentQueue"] == pytest.approx(0.26, abs=0.01)
    gone = of_changes([Change("remove", "EmailSendUrgentQueue", "AWS::SQS::Queue")], {})
    assert gone["EmailSendUrgentQueue"] == pytest.approx(-0.26, abs=0.01)


def test_more_queues_than_the_api_can_know_are_refused(kinds: Kinds) -> None:
    many = [replace(kinds[0], name=f"type.n{number}", urgent=True) for number in range(31)]
    with pytest.raises(ConfigurationError, match=r"62 queues, with those of urgent=True, .* room for 60"):
        resources(many, STACK)
    assert resources(many[:30], STACK)
