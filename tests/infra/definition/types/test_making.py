"""Test a type with `enqueues`: its role, and that Lambda does not stop a chain of its jobs."""

from typing import Any

from pydantic import BaseModel

from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from infra.definition import functions
from infra.definition.iam import grants
from infra.definition.lambdas.compute import compute, role_id
from tests.infra.definition.types.test_reaching import Empty

STACK = "jobflow-prod"


class Keyed(BaseModel):
    account: str


def kind(name: str, *enqueues: str) -> JobType[Empty, None]:
    return JobType(name, lambda _payload, _ctx: None, Empty, enqueues=enqueues)


def resources(*kinds: JobType[Empty, None]) -> dict[str, Any]:
    return compute(functions(kinds, STACK))


def statements(made: dict[str, Any], short: str) -> list[dict[str, Any]]:
    function = next(f for f in functions([kind(short.replace("-", "."))], STACK) if f.short == short)
    policy = made[role_id(function)]["Properties"]["Policies"][0]["PolicyDocument"]
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def test_a_type_on_fifo_queues_sends_nothing_to_its_own() -> None:
    serial: JobType[Keyed, None] = JobType("a.a", lambda _payload, _ctx: None, Keyed, serial_by="account")
    assert not [grant for grant in grants.worker(*queues_of([serial])) if "SendMessage" in grant]


def test_its_role_names_those_queues() -> None:
    made = resources(kind("a.a", "b.b"), kind("b.b"))
    for short, queues in (("a-a", {"AAQueue", "BBQueue"}), ("b-b", {"BBQueue"})):
        sending = [one for one in statements(made, short) if "sqs:SendMessage" in one["Action"]]
        assert {one["Resource"]["Fn::GetAtt"][0] for one in sending} == queues


def test_lambda_is_told_that_what_a_worker_sends_to_its_own_queue_is_meant() -> None:
    made = resources(kind("a.a", "b.b"), kind("b.b", "a.a", "c.c"), kind("c.c"))
    loops = {name: one["Properties"].get("RecursiveLoop") for name, one in made.items() if name.endswith("Function")}
    assert loops == {
        "AAFunction": "Allow", "BBFunction": "Allow", "CCFunction": "Allow",
        "WatchdogFunction": None, "CountersFunction": None, "RecountFunction": None, "FollowupFunction": None,
    }  # fmt: skip
