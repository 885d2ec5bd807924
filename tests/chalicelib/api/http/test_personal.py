"""Check that no answer shows a personal value to a caller who may not see it, and that masks never replace values."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, field_validator

from chalicelib.access.scope import Scope, scope_of
from chalicelib.access.tokens import Role
from chalicelib.api import routes
from chalicelib.assembly import parts
from chalicelib.job_types import jobtype
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType, job
from chalicelib.job_types.retry import no_jitter
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.message import write_message
from chalicelib.jobs.step import Step
from chalicelib.webhooks.payload import body_of
from chalicelib.worker.consume import Worker
from tests.chalicelib.api.support import T0, World, only_types
from tests.support import Invocation, sqs_record, written

VALUE, OTHER = "zoeq@example.com", "grace@example.com"
Mail = Annotated[str, Field(json_schema_extra={"personal": True})]
MASK = "[personal]"
READS = [one for one in routes.all_endpoints() if one.method == "GET"]
HIDE, NEVER = ({"Accept": f"application/json; personal={how}"} for how in ("hide", "never"))
WITHOUT = scope_of(personal=False)


class Person(BaseModel):
    mail: Mail
    to: list[Mail] = []
    plain: str = ""


class Found(BaseModel):
    mail: Mail
    plain: str = ""


def _write(payload: Person, ctx: JobContext) -> Found:
    """Write to a person."""
    ctx.progress(40, f"writing to {payload.mail}")
    print(f"for {payload.mail}")  # noqa: T201
    if payload.plain == "fail":
        raise ValueError(f"{payload.mail} is refused")
    return Found(mail=payload.mail, plain="sent")


def _nothing(payload: Person, ctx: JobContext) -> None:
    """Do nothing."""


class Known(BaseModel):
    mail: Mail

    @field_validator("mail")
    @classmethod
    def _is_known(cls, value: str) -> str:
        return {"": ""}[value]


def _known(payload: Known, ctx: JobContext) -> None:
    """Do nothing."""


class Plain(BaseModel):
    text: str = ""


def _plain(payload: Plain, ctx: JobContext) -> None:
    """Do nothing."""


@dataclass
class Stage:
    """A stage with jobs, a schedule, a bulk action and a batch that have a personal value."""

    world: World
    failed: str
    done: str
    names: Mapping[str, str]

    def token(self, role: Role, scope: Scope) -> str:
        return parts.tokens.issue(role, "x", scope=scope)[0]

    def paths(self) -> Iterator[str]:
        queries = {
            "/jobs": [f"?created_after={iso(T0 - 1)}", "?type=person.write", f"?batch={self.names['batch_id']}",
                      f"?payload={VALUE}&created_after={iso(T0 - 1)}", f"?parent={self.done}",
                      f"?error={VALUE}&created_after={iso(T0 - 1)}", "?idempotency_key=mine"],
            "/schedules/preview": ["?cron=@daily"],
            "/metrics/series": ["?metric=throughput&type=person.write"],
            "/usage": ["", "?by=type", "?dearest=10"],
        }  # fmt: skip
        for endpoint in READS:
            for job_id in dict.fromkeys((self.failed, self.done)) if "{job_id}" in endpoint.path else ("",):
                names = {**self.names, "job_id": job_id}
                path = endpoint.path.format(**names)
                for query in queries.get(endpoint.path, [""]):
                    yield path + query


def worked(world: World, kind: JobType[Any, Any]) -> None:
    """Run what is in the queue of the type."""
    worker = Worker(kind, world.store, world.queue, world.clock, no_jitter)
    batch = world.queue.receive(kind.name)
    records = [sqs_record(m.receipt, write_message(m.message), m.receive_count, m.sent_at) for m in batch]
    worker.work({"Records": records}, Invocation(world.clock, world.clock.now + 60))


def _made() -> Stage:
    world = World()
    payload = {"mail": VALUE, "to": [VALUE, "b@example.com"], "plain": "fail"}
    body = {"type": "person.write", "payload": payload, "max_attempts": 1}
    failed = world.post("/jobs", body, headers={"Idempotency-Key": "mine", "Content-Type": "application/json"}).json
    done = world.create(type="person.write", payload={"mail": VALUE})
    worked(world, jobtype.get("person.write"))
    job_of = world.put_in(failed["id"], Status.FAILED, kept=2)
    assert (job_of.attempts, world.store.get(done).status) == (1, Status.COMPLETED)
    world.store.keep_step(job_of, Step("step:one", T0, {"mail": VALUE}, number=1))
    world.store.keep_payload(job_of.id, 1, payload)
    world.put_in(job_of.id, Status.FAILED, gen=2)
    batch = world.post("/batches", {"key": "b"}).json["id"]
    world.post(f"/batches/{batch}/jobs", {"jobs": [{"type": "person.write", "payload": {"mail": VALUE}}]})
    many = {"action": "retry", "dry_run": True, "filter": {"payload": VALUE, "type": "person.write"},
            "edit": {"mail": VALUE}}  # fmt: skip
    bulk = world.post("/bulk", many).json["id"]
    schedule = {"id": "nightly", "type": "person.write", "cron": "@daily", "payload": {"mail": VALUE}}
    assert world.post("/schedules", schedule).status == 201
    erasure = world.post("/erasures", {"tenant": "x", "dry_run": True}).json["id"]
    names = {
        "gen": "1", "batch_id": batch, "bulk_id": bulk, "schedule_id": "nightly", "erasure_id": erasure,
        "fingerprint": job_of.fingerprint or "", "job_type": "person.write", "limit_name": "0.person.write",
        "name": "hook", "view_id": "x", "delivery_id": "x",
    }  # fmt: skip
    return Stage(world, failed["id"], done, names)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with only_types():
        job("person.write", max_attempts=2)(_write)
        job("person.once", unique=Unique(by=("mail",), seconds=3600))(_nothing)
        job("plain.work")(_plain)
        job("person.known")(_known)
        yield _made()
        parts.reset()


@pytest.mark.parametrize(
    ("role", "scope", "headers"),
    [
        (Role.VIEWER, scope_of(), {}),
        (Role.OPERATOR, WITHOUT, {}),
        (Role.ADMIN, WITHOUT, {}),
        (Role.ADMIN, scope_of(), HIDE),
        (Role.ADMIN, scope_of(), NEVER),
        (Role.ADMIN, scope_of(payloads=False), {}),
        (Role.ADMIN, scope_of(payloads=False), HIDE),
    ],
)
def test_no_read_shows_a_value_to_who_may_not_see_it(
    stage: Stage, role: Role, scope: Scope, headers: Mapping[str, str]
) -> None:
    token, answered = stage.token(role, scope), 0
    for path in stage.paths():
        answer = stage.world.get(path, token=token, headers=headers)
        answered += answer.status == 200
        assert VALUE not in answer.text, path
        assert "zoeq" not in answer.text.lower(), path
    assert answered > 20


def test_a_message_to_a_webhook_and_the_end_of_a_job_have_no_value(stage: Stage) -> None:
    for job_id in (stage.failed, stage.done):
        body = body_of(stage.world.store.get(job_id), has_result=True)
        assert "zoeq" not in json.dumps(body)
    assert MASK in json.dumps(body_of(stage.world.store.get(stage.failed), has_result=False))


def test_who_may_see_values_sees_them_where_they_are_data(stage: Stage) -> None:
    token = stage.token(Role.OPERATOR, scope_of())
    shown = {path for path in stage.paths() if VALUE in stage.world.get(path, token=token).text}
    of_job = f"/jobs/{stage.failed}"
    assert {of_job, f"{of_job}/payloads/1", f"{of_job}/steps", f"/jobs/{stage.done}", "/schedules"} <= shown
    found = stage.world.get(of_job, token=token).json
    assert found["error_message"] == f"{MASK} is refused"
    assert found["attempt_history"][0]["progress"]["note"] == f"writing to {MASK}"
    assert stage.world.get(f"/jobs/{stage.done}", token=token).json["result"] == {"mail": VALUE, "plain": "sent"}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("scope", [scope_of(), WITHOUT, scope_of(payloads=False)])
def test_the_token_says_what_it_is_shown(stage: Stage, role: Role, scope: Scope) -> None:
    token = stage.token(role, scope)
    shown = VALUE in stage.world.get(f"/jobs/{stage.failed}", token=token).text
    assert shown is (role is not Role.VIEWER and scope == scope_of())
    assert stage.world.get("/me", token=token).json["personal"] is shown


def test_the_answers_to_writes_have_masks(stage: Stage) -> None:
    token, world = stage.token(Role.ADMIN, WITHOUT), stage.world
    of_job = f"/jobs/{stage.failed}"
    calls: list[tuple[str, Any]] = [
        ("/jobs", {"type": "person.write", "payload": {"mail": VALUE}}),
        ("/jobs/batch", {"jobs": [{"type": "person.write", "payload": {"mail": VALUE}}]}),
        (f"/batches/{stage.names['batch_id']}/jobs", {"jobs": [{"type": "person.write", "payload": {"mail": OTHER}}]}),
        (f"{of_job}/retry", {}), (f"{of_job}/cancel", {}), (f"{of_job}/discard", {}), (f"{of_job}/run-now", {}),
        (f"{of_job}/events/go", {"data": {"mail": VALUE}}),
        ("/schedules/nightly/run", None), ("/schedules/nightly/pause", None), ("/schedules/nightly/resume", None),
        ("/bulk", {"action": "retry", "dry_run": True, "ids": [stage.failed], "edit": {"mail": VALUE}}),
    ]  # fmt: skip
    for path, body in calls:
        answer = world.post(path, body, token=token)
        assert VALUE not in answer.text, path
        assert OTHER not in answer.text, path
        assert answer.status < 300 or answer.status == 409, (path, answer)


def test_a_search_does_not_tell_what_is_in_a_personal_field(stage: Stage) -> None:
    def found(token: str, text: str) -> tuple[int, int, bool]:
        query = f"/jobs?payload={text}&created_after={iso(T0 - 1)}&type=person.write&limit=1"
        answer = stage.world.get(query, token=token).json
        return len(answer["jobs"]), answer["looked"], answer["next_cursor"] is None

    viewer, operator = stage.token(Role.VIEWER, scope_of()), stage.token(Role.OPERATOR, scope_of())
    for text in (VALUE, "zoeq", f"mail={VALUE}", "to=b@"):
        assert found(viewer, text) == found(viewer, "nobody@example.com"), text
        assert found(stage.token(Role.OPERATOR, WITHOUT), text) == found(viewer, "nobody@example.com")
    assert found(operator, VALUE)[0] == 1
    query = f"/jobs?payload={VALUE}&created_after={iso(T0 - 1)}"
    asked = [len(stage.world.get(query, token=operator, headers=how).json["jobs"]) for how in (HIDE, NEVER)]
    assert asked[0] > asked[1] == 0
    assert found(viewer, "plain=fail")[0] == 1


@pytest.mark.parametrize(
    ("accept", "shown"),
    [
        ("application/json", True),
        ("application/json; personal=show", True),
        ("application/json; personal=HIDE", False),
        ('application/json; personal="hide"', False),
        ("application/json; personal=hidden", False),
        ("application/json; personal=", False),
    ],
)
def test_a_wish_that_is_not_known_hides(stage: Stage, accept: str, shown: bool) -> None:
    token = stage.token(Role.OPERATOR, scope_of())
    found = stage.world.get(f"/jobs/{stage.failed}", token=token, headers={"Accept": accept}).json["payload"]
    assert (found["mail"] == VALUE) is shown


def test_a_bulk_action_does_not_search_in_personal_fields_for_who_may_not_see_them(stage: Stage) -> None:
    token = stage.token(Role.OPERATOR, WITHOUT)
    for path in ("/bulk", "/jobs/bulk"):
        body = {"action": "retry", "dry_run": True, "filter": {"payload": VALUE}}
        assert stage.world.post(path, body, token=token).status == 403


@pytest.mark.parametrize("scope", [WITHOUT, scope_of()])
def test_a_retry_of_what_was_shown_keeps_the_values(stage: Stage, scope: Scope) -> None:
    world, token = stage.world, stage.token(Role.OPERATOR, scope)
    shown = world.get(f"/jobs/{stage.failed}", token=token, headers=HIDE).json["payload"]
    assert shown == {"mail": MASK, "to": [MASK, MASK], "plain": "fail"}
    answer = world.post(f"/jobs/{stage.failed}/retry", {"payload": {**shown, "plain": "edited"}}, token=token)
    assert answer.status == 200
    assert world.store.get(stage.failed).payload == {"mail": VALUE, "to": [VALUE, "b@example.com"], "plain": "edited"}


def test_a_mask_whose_value_is_not_certain_is_refused(stage: Stage) -> None:
    world, token = stage.world, stage.token(Role.OPERATOR, WITHOUT)
    before = world.store.get(stage.failed)
    for payload in ({"mail": MASK, "to": [MASK]}, {"mail": MASK, "to": [MASK, MASK, OTHER]}):
        answer = world.post(f"/jobs/{stage.failed}/retry", {"payload": payload}, token=token)
        assert (answer.status, answer.json["errors"][0]["loc"][:2]) == (422, ["payload", "to"])
    refused = world.post("/jobs", {"type": "person.write", "payload": {"mail": MASK}}, token=token)
    assert (refused.status, refused.locs) == (422, [["payload", "mail"]])
    assert world.store.get(stage.failed) == before


def test_a_bulk_edit_with_a_mask_keeps_each_jobs_own_value(stage: Stage) -> None:
    body = {"action": "retry", "ids": [stage.failed], "edit": {"mail": MASK, "plain": "edited"}}
    assert stage.world.post("/jobs/bulk", body).json["done"] == 1
    found: Any = stage.world.store.get(stage.failed).payload
    assert (found["mail"], found["plain"]) == (VALUE, "edited")


def test_a_mask_is_not_stored_in_a_type_without_marks(stage: Stage) -> None:
    world = stage.world
    made = world.create(type="plain.work", payload={"text": VALUE})
    world.put_in(made, Status.FAILED)
    retried = world.post(f"/jobs/{made}/retry", {"payload": {"text": MASK}})
    assert (retried.status, retried.locs) == (422, [["payload", "text"]])
    assert world.store.get(made).payload == {"text": VALUE}
    edited = world.post("/jobs/bulk", {"action": "retry", "ids": [made], "edit": {"text": MASK}}).json
    assert (edited["done"], world.store.get(made).payload) == (0, {"text": VALUE})
    plain = {"cron": "@daily", "type": "plain.work", "payload": {"text": MASK}}
    assert world.call("PUT", "/schedules/nightly", plain).locs == [["payload", "text"]]
    again = world.call("PUT", "/schedules/nightly", {**plain, "type": "person.once", "payload": {"mail": MASK}})
    assert (again.status, again.locs) == (422, [["payload", "mail"]])
    assert world.post("/schedules", {**plain, "id": "second"}).locs == [["payload", "text"]]
    assert world.get("/schedules/nightly").json["payload"] == {"mail": VALUE}


def test_the_steps_of_a_caller_do_not_show_the_personal_results_of_what_it_called(stage: Stage) -> None:
    world, viewer = stage.world, stage.token(Role.VIEWER, scope_of())
    made = world.create(type="plain.work", payload={"text": "x"})
    of = world.put_in(made, Status.FAILED, kept=5)
    called = {
        "one": "person.write",
        "both": "plain.work, person.write",
        "cut": "plain.work, perso…",
        "plain": "plain.work",
    }
    for number, (name, function) in enumerate(called.items(), 1):
        row = Step(f"call:{name}", T0, [{"mail": VALUE}], number=number, function=function)
        world.store.keep_step(of, row)
    world.store.keep_step(of, Step("step:own", T0, "own", number=5))
    for path, name in ((f"/jobs/{made}/steps", "steps"), (f"/jobs/{made}/retry", "kept")):
        shown = {row["name"]: row["value"] for row in world.get(path, token=viewer).json[name]}
        assert shown == {"one": None, "both": None, "cut": None, "plain": [{"mail": VALUE}], "own": "own"}, path
        assert VALUE in world.get(path).text


def test_a_field_that_a_type_without_marks_does_not_have_any_more_may_have_been_marked(stage: Stage) -> None:
    world, viewer = stage.world, stage.token(Role.VIEWER, scope_of())
    made = world.create(type="plain.work", payload={"text": "x"})
    world.put_in(made, Status.FAILED, payload={"text": "x", "mail": VALUE}, error_message=f"no {VALUE}")
    found = world.get(f"/jobs/{made}", token=viewer).json
    assert (found["payload"], found["error_message"]) == ({"text": "x", "mail": MASK}, f"no {MASK}")
    query = f"/jobs?payload={VALUE}&created_after={iso(T0 - 1)}&type=plain.work"
    assert world.get(query, token=viewer).json["jobs"] == []
    assert VALUE in world.get(f"/jobs/{made}").text


def test_a_field_that_is_masked_because_it_is_unknown_can_be_sent_back(stage: Stage) -> None:
    plain = {"cron": "@daily", "type": "plain.work", "payload": {"text": "x", "more": VALUE}}
    stage.world.post("/schedules", {**plain, "id": "second"})
    shown = stage.world.get("/schedules/second", headers=HIDE).json["payload"]
    assert shown == {"text": "x", "more": MASK}
    answer = stage.world.call("PUT", "/schedules/second", {**plain, "payload": {**shown, "text": "y"}})
    assert (answer.status, answer.json["payload"]) == (200, {"text": "y", "more": VALUE})


def test_an_unexpected_error_of_a_model_is_logged_without_its_message(stage: Stage) -> None:
    with written() as lines:
        answer = stage.world.post("/jobs", {"type": "person.known", "payload": {"mail": VALUE}})
    assert answer.status == 500
    assert "CheckFailed" in json.dumps(lines)
    assert "KeyError" in json.dumps(lines)
    assert VALUE not in json.dumps(lines) + answer.text


def test_a_schedule_that_is_sent_back_keeps_its_values(stage: Stage) -> None:
    world = stage.world
    shown = world.get("/schedules/nightly", headers=HIDE).json
    assert shown["payload"] == {"mail": MASK}
    body = {"type": "person.write", "cron": "@hourly", "payload": {**shown["payload"], "plain": "x"}}
    answer = world.call("PUT", "/schedules/nightly", body)
    assert (answer.status, answer.json["payload"]) == (200, {"mail": VALUE, "plain": "x"})


def test_a_refused_payload_is_not_in_the_answer(stage: Stage) -> None:
    answer = stage.world.post("/jobs", {"type": "person.write", "payload": {"mail": {VALUE: VALUE}, "to": VALUE}})
    assert answer.status == 422
    assert VALUE not in answer.text


def test_of_a_type_that_is_no_longer_declared_nothing_is_shown(stage: Stage) -> None:
    del jobtype.registered["person.write"]
    for path in (f"/jobs/{stage.failed}", f"/jobs/{stage.failed}/payloads/1", f"/jobs/{stage.done}", "/jobs",
                 f"/jobs/{stage.failed}/steps"):  # fmt: skip
        answer = stage.world.get(path, role=Role.VIEWER)
        assert (answer.status, VALUE in answer.text) == (200, False), path
    assert VALUE in stage.world.get(f"/jobs/{stage.failed}").text


def test_the_job_of_another_is_answered_with_masks(stage: Stage) -> None:
    asked = {"type": "person.once", "payload": {"mail": VALUE}}
    made = stage.world.post("/jobs", asked)
    again = stage.world.post("/jobs", asked, token=stage.token(Role.OPERATOR, WITHOUT))
    assert (made.status, again.status, VALUE in again.text) == (201, 200, False)


def test_texts_that_are_older_than_the_mark_are_masked_beside_the_payload(stage: Stage) -> None:
    world = stage.world
    world.put_in(stage.done, Status.COMPLETED, error_message=f"no {VALUE}", progress=0.5, progress_note=f"to {VALUE}")
    answer = world.get(f"/jobs/{stage.done}", role=Role.VIEWER)
    assert (answer.json["error_message"], answer.json["progress"]["note"]) == (f"no {MASK}", f"to {MASK}")


def test_a_type_without_personal_fields_is_shown_as_it_is(stage: Stage) -> None:
    made = stage.world.create(type="plain.work", payload={"text": VALUE})
    found = stage.world.get(f"/jobs/{made}", role=Role.VIEWER, headers=HIDE).json
    assert found["payload"] == {"text": VALUE}
