"""Types with a limit over an emulated AWS: what the role of a worker, of the API and of the watchdog allows."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib import AtMost, Rate
from chalicelib.adapters.dynamo.tables.schema import LIMITS, LINE
from chalicelib.assembly import parts
from chalicelib.counters.port import Pause
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.job import Status
from chalicelib.operating.lines import Lines
from infra.definition import functions, stateful
from infra.definition.iam import grants
from infra.definition.iam.calls import allows
from infra.definition.lambdas.compute import compute, role_id
from infra.local.roles.asked import asked
from infra.local.roles.resolve import statements
from tests.chalicelib.api.support import Note, only_types
from tests.infra.cloud.acting import STACK, Stage, stage
from tests.infra.cloud.rights.judging import allows as judged
from tests.infra.cloud.rights.judging import unnamed
from tests.support import Clock

DURING: list[Callable[[], object]] = []


def run(payload: Note, _: JobContext) -> str:
    """Let something happen meanwhile."""
    for act in [DURING.pop(0)] if DURING else []:
        act()
    return payload.text


WHOLE = JobType("mail.whole", run, Note, limits=(AtMost(1),))
EACH = JobType("mail.each", run, Note, limits=(AtMost(1, by="text"),))


@pytest.fixture
def acting() -> Iterator[Stage]:
    with (
        only_types(WHOLE, EACH), pytest.MonkeyPatch.context() as environment, stage(environment, None) as one,
    ):  # fmt: skip
        yield one


def create(acting: Stage, kind: JobType[Any, Any], text: str = "hi") -> str:
    status, job = acting.call("POST", "/jobs", {"type": kind.name, "payload": {"to": ["ada"], "text": text}})
    assert status == 201, job
    return str(job["id"])


def status_of(job_id: str) -> Status:
    return parts.job_store.get(job_id).status


def changed(acting: Stage) -> None:
    """Change each limit, look at it, and reset it."""
    listed = acting.call("GET", "/limits")[1]["limits"]
    for name, value in [(row["name"], row["value"]) for row in listed]:
        path = f"/limits/{name}" + (f"?value={value}" if value else "")
        for method, body in (("PUT", {"n": 1, "reason": "a test"}), ("GET", None), ("DELETE", {})):
            status, answer = acting.call(method, path, body, "/limits/{limit_name}")
            assert (status, answer["n"]) == (200, 1)


@pytest.mark.parametrize("kind", [WHOLE, EACH], ids=["for the whole type", "for each value"])
def test_jobs_wait_for_places_with_the_roles_of_each_function(acting: Stage, kind: JobType[Any, Any]) -> None:
    first, second, third = (create(acting, kind) for _ in range(3))

    def others() -> None:
        acting.work(kind)
        acting.work(kind)
        assert {status_of(second), status_of(third)} == {Status.BLOCKED}
        why = acting.call("GET", f"/jobs/{third}", None, "/jobs/{job_id}")[1]["why"]
        assert why.startswith(f"1 of 1 places of {kind.name}")
        told = acting.call("GET", "/jobs?status=blocked")[1]["jobs"]
        assert {one["id"] for one in told} == {second, third}
        changed(acting)
        acting.watch()

    DURING[:] = [others]
    acting.work(kind)
    assert status_of(first) is Status.COMPLETED
    woken = next(one for one in (second, third) if status_of(one) is Status.QUEUED)
    status, _ = acting.call("POST", f"/jobs/{woken}/cancel", {}, "/jobs/{job_id}/cancel")
    assert status == 200
    assert {status_of(second), status_of(third)} == {Status.CANCELLED, Status.QUEUED}
    acting.work(kind)
    acting.work(kind)
    assert {status_of(second), status_of(third)} == {Status.CANCELLED, Status.COMPLETED}
    queue = next(one for one in queues_of([WHOLE, EACH]) if one.short == kind.slug)
    for actor, granted in {
        kind.slug: grants.worker(queue), "api": grants.api(), "watchdog": grants.watchdog(),
    }.items():  # fmt: skip
        # the recorder does not read the partition that a query names: see the next test
        needed = [need for need in acting.recorder.needed[actor] if need != "dynamodb:Query:control"]
        assert [need for need in needed if not any(allows(one, need) for one in granted)] == []
    assert unnamed(grants.worker(queue), acting.recorder.updated[kind.slug]) == set()
    assert any("LINE#" in need for need in acting.recorder.needed[kind.slug])


RATED = JobType(
    "mail.rated", run, Note, limits=(Rate(5, per=3600), AtMost(9, by="text"), Rate(6, per=3600, shared="mail"))
)
"""The rates are so slow that the second job waits for its turn."""


def test_jobs_wait_for_turns_with_the_roles_of_each_function() -> None:
    clock = Clock(time.time())
    with (
        only_types(RATED), pytest.MonkeyPatch.context() as environment, stage(environment, clock) as acting,
    ):  # fmt: skip
        first, second, third, fourth = (create(acting, RATED) for _ in range(4))
        for _ in range(4):
            acting.work(RATED)
        assert status_of(first) is Status.COMPLETED
        assert sorted(map(status_of, (second, third, fourth))) == ["blocked", "blocked", "queued"]
        assert acting.call("GET", f"/jobs/{third}", None, "/jobs/{job_id}")[1]["why"].startswith(
            "It waits for its turn"
        )
        woken = next(one for one in (second, third, fourth) if status_of(one) is Status.QUEUED)
        assert acting.call("POST", f"/jobs/{woken}/cancel", {}, "/jobs/{job_id}/cancel")[0] == 200
        acting.watch()
        clock.advance(760)
        for _ in range(3):
            acting.work(RATED)
        assert sorted(map(status_of, (second, third, fourth))) == ["cancelled", "completed", "queued"]
        (queue,) = queues_of([RATED])
        for actor, granted in {
            RATED.slug: grants.worker(queue), "api": grants.api(), "watchdog": grants.watchdog(),
        }.items():  # fmt: skip
            # the recorder does not read the partition that a query names
            needed = [need for need in acting.recorder.needed[actor] if need != "dynamodb:Query:control"]
            assert [need for need in needed if not any(allows(one, need) for one in granted)] == []
        assert unnamed(grants.worker(queue), acting.recorder.updated[RATED.slug]) == set()


CHAT = JobType("chat.answer", run, Note, limits=(AtMost(1, shared="openai"),))
IMAGE = JobType("image.draw", run, Note, limits=(AtMost(1, shared="openai"),))


@pytest.fixture
def sharing() -> Iterator[Stage]:
    with (
        only_types(CHAT, IMAGE, WHOLE), pytest.MonkeyPatch.context() as environment, stage(environment, None) as one,
    ):  # fmt: skip
        yield one


def test_a_worker_wakes_the_jobs_of_another_type_with_which_it_shares_a_limit(sharing: Stage) -> None:
    first, second, third = create(sharing, CHAT), create(sharing, IMAGE), create(sharing, CHAT)

    def others() -> None:
        sharing.work(IMAGE)
        sharing.work(CHAT)
        assert {status_of(second), status_of(third)} == {Status.BLOCKED}

    DURING[:] = [others]
    sharing.work(CHAT)
    assert (status_of(first), status_of(second)) == (Status.COMPLETED, Status.QUEUED)
    assert parts.job_store.get(second).sent
    sharing.work(IMAGE)
    assert (status_of(second), status_of(third)) == (Status.COMPLETED, Status.QUEUED)
    sharing.work(CHAT)
    assert status_of(third) is Status.COMPLETED
    chat, image, _ = queues_of([CHAT, IMAGE, WHOLE])
    for one, other in ((chat, image), (image, chat)):
        granted = grants.worker(one, wakes=[other])
        # the recorder does not read the partition that a query names: see below. The other type's worker ran meanwhile.
        besides = {"dynamodb:Query:control", *(f"sqs:{action}:{other.short}" for action in grants.CONSUMING)}
        needed = [need for need in sharing.recorder.needed[one.short] if need not in besides]
        assert [need for need in needed if not any(allows(each, need) for each in granted)] == []
        assert unnamed(granted, sharing.recorder.updated[one.short]) == set()
        assert set(granted) - set(grants.worker(one)) == {f"sqs:SendMessage:{other.short}"}
    wakes = {one.short: [other.short for other in one.wakes] for one in functions([CHAT, IMAGE, WHOLE], STACK)}
    assert (wakes["chat-answer"], wakes["image-draw"], wakes["mail-whole"]) == (["image-draw"], ["chat-answer"], [])


@pytest.mark.parametrize("actor", ["api", "recount"])
def test_who_ends_a_job_may_let_the_woken_job_of_a_paused_type_wait_again(actor: str) -> None:
    """A job that was ended may have had the place of another limit, whose jobs are then looked at."""
    two, clock = (AtMost(2, shared="openai"),), Clock(time.time())
    chat, image = JobType("chat.answer", run, Note, limits=two), JobType("image.draw", run, Note, limits=two)
    with (
        only_types(chat, image), pytest.MonkeyPatch.context() as environment, stage(environment, clock) as acting,
    ):  # fmt: skip
        create(acting, chat)
        create(acting, chat)
        paused = create(acting, image)
        DURING[:] = [lambda: acting.work(chat), lambda: acting.work(image)]
        acting.work(chat)
        assert status_of(paused) is Status.QUEUED
        assert parts.pauses.pause(image.name, Pause(clock()))
        clock.advance(130)
        with acting.recorder.acting_as(actor):
            Lines(parts.job_service.dispatcher, parts.place_store).judge(parts.job_store.get(paused))
        assert status_of(paused) is Status.BLOCKED
        needed = acting.recorder.needed[actor]
        granted = {"api": grants.api, "recount": grants.recount}[actor]()
        for rows in (LINE, LIMITS):
            assert any(need.startswith(f"dynamodb:UpdateItem:control/{rows}") for need in needed)
        assert [need for need in needed if not any(allows(one, need) for one in granted)] == []


def test_a_worker_reads_the_lines_of_its_own_limits_only() -> None:
    every = [WHOLE, EACH, CHAT, IMAGE]
    made = functions(every, STACK)
    roles = compute(made)

    def may_read(short: str, line: str) -> bool:
        function = next(one for one in made if one.short == short)
        role = statements(roles[role_id(function)], {**roles, **stateful(every, STACK)}, {})
        query = {
            "TableName": f"{STACK}-control", "KeyConditionExpression": "#0 = :0",
            "ExpressionAttributeNames": {"#0": "pk"}, "ExpressionAttributeValues": {":0": {"S": line}},
        }  # fmt: skip
        found = asked("dynamodb", "POST", "/", {"x-amz-target": "DynamoDB_20120810.Query"}, json.dumps(query).encode())
        return bool(found) and all(judged(list(role), one) for one in found)

    assert may_read("mail-whole", "LINE#1.mail.whole#mail.whole")
    assert may_read("mail-each", "LINE#0.mail.each.acme#mail.each")
    assert not may_read("mail-each", "LINE#1.mail.whole#mail.whole")
    assert not may_read("mail-whole", "LINE#1.mail.wholesale#mail.wholesale")
    assert not may_read("mail-whole", "CNT")
    assert may_read("mail-whole", "LIMITCHANGES")
    assert may_read("chat-answer", "LINE#3.openai#image.draw")
    assert may_read("chat-answer", "CNT")
    assert not may_read("chat-answer", "LINE#3.openai-2#image.draw")
    assert not may_read("mail-whole", "LINE#3.openai#image.draw")
    assert not may_read("mail-whole", "TOKENS")
