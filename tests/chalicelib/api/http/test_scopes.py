"""Test that a scoped token reads and changes nothing outside of its scope: each route with each role and scope."""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from chalicelib.access.scope import WHOLE, Scope, scope_of
from chalicelib.access.tokens import Role
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.api import routes
from chalicelib.api.http.endpoint import Endpoint
from chalicelib.api.http.scoping import ROUTES, Decision, decided
from chalicelib.assembly import parts
from chalicelib.audit.rule import Which
from chalicelib.errors import InvalidRequest
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queue import Queue
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.step import Step
from chalicelib.jobs.tenants import kept, tenant_of
from tests.chalicelib.api.support import T0, Answer, Clock, World, only_types

ALL = {f"{one.method} {one.path}": one for one in routes.all_endpoints()}


class Asked(BaseModel):
    """A payload with a tenant."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"customer": "acme"}]})

    customer: str | None = None
    text: str = ""


def _nothing(payload: Any, ctx: Any) -> None:
    """Do nothing."""


TYPES = [
    JobType(name, _nothing, Asked, fair_by="customer") for name in ("mail.send", "report.day", "report.week")
] + [JobType("plain.work", _nothing, Asked), JobType("once.work", _nothing, Asked, fair_by="customer",
                                                       unique=Unique(by=("text",), seconds=3600))]  # fmt: skip
TENANTS = ("acme", "globex", None)
SCOPES = {
    "one type": scope_of(["mail.send"]),
    "types": scope_of(["report.*", "plain.work"]),
    "a tenant": scope_of(tenants=["acme"]),
    "a type and a tenant": scope_of(["mail.send"], ["acme"]),
    "without payloads": scope_of(payloads=False),
    "all of it": scope_of(["mail.send"], ["acme"], payloads=False),
}
DATA = "secret-data"
"""Marks everything in a job that a token without payloads may not read."""
OTHERS = "not of a job"
"""Marks a batch, a schedule and a view, which a token for some jobs may not read."""


@dataclass
class Stage:
    """A stage with a failed job of each type and tenant, and with one of each other thing that could tell of them."""

    world: World
    jobs: Mapping[str, Job]
    others: Mapping[str, str]

    def outside(self, scope: Scope) -> list[Job]:
        return [job for job in self.jobs.values() if not scope.has(job.type, tenant_of(job.tags))]

    def inside(self, scope: Scope) -> list[Job]:
        return [job for job in self.jobs.values() if scope.has(job.type, tenant_of(job.tags))]

    def token(self, role: Role, scope: Scope) -> str:
        return parts.tokens.issue(role, "scoped", scope=scope)[0]

    def state(self, jobs: list[Job]) -> list[Job]:
        return [self.world.store.get(job.id) for job in jobs]


def mark(job: Job) -> str:
    """Return a tag that only this job has."""
    return f"tag-{job.type}-{tenant_of(job.tags)}"


def in_cursors(answer: Answer) -> str:
    """Return what the parts of the answer's cursors have, as a caller can decode them."""
    parts_of = [part for one in re.findall(r'cursor": ?"([^"]+)"', answer.text) for part in one.split(".")]
    return "".join(base64.urlsafe_b64decode(part + "==").decode(errors="replace") for part in parts_of)


def related(stage: Stage, scope: Scope) -> Stage:
    """Add members of one batch: children outside of the scope of a job in it, and a child in it of a job outside."""
    inside, foreign = stage.inside(scope)[0], stage.outside(scope)[-1]
    made = [(one, inside) for one in stage.outside(scope)[:3]] + [(inside, foreign)]
    jobs = dict(stage.jobs)
    for number, (like, parent) in enumerate(made):
        payload = {"customer": tenant_of(like.tags), "text": f"{DATA} {number}"}
        job_id = stage.world.create(type=like.type, payload=payload, tags=[mark(like)])
        jobs[job_id] = stage.world.put_in(
            job_id, Status.COMPLETED, parent=parent.id, root=parent.id, batch=stage.others["batch_id"], round=1,
            idempotency_key=f"invoice {number} of {like.type} {tenant_of(like.tags)}",
        )  # fmt: skip
    return replace(stage, jobs=jobs)


def _job(world: World, kind: str, tenant: str | None) -> Job:
    body = {"type": kind, "payload": {"customer": tenant, "text": f"{DATA}-{kind}-{tenant}"}}
    made = world.create(**body, tags=[f"tag-{kind}-{tenant}"])
    job = world.put_in(
        made, Status.FAILED, error_class="ValueError", error_message=f"{DATA} error", attempts=1, finished_at=T0,
        fingerprint="5d41402abc4b", result={"x": f"{DATA} result"}, progress=0.5, progress_note=f"{DATA} note", kept=1,
    )  # fmt: skip
    world.store.record(made, Attempt(1, 1, "error", T0, T0 + 1, "ValueError", f"{DATA} e", f"{DATA} stack", claim=1))
    world.store.keep_step(job, Step("step:one", T0, f"{DATA} step", number=1))
    world.store.keep_payload(made, 1, {"text": f"{DATA} past"})
    return world.put_in(made, Status.FAILED, gen=2)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with only_types(*TYPES):
        world = World()
        jobs = [_job(world, kind.name, tenant) for kind, tenant in product(TYPES, TENANTS)]
        others = {
            "batch_id": world.post("/batches", {"key": OTHERS, "tags": ["globex-tag"]}).json["id"],
            "bulk_id": world.post("/bulk", {"action": "retry", "dry_run": True, "everything": True}).json["id"],
            "erasure_id": world.post("/erasures", {"tenant": OTHERS, "dry_run": True}).json["id"],
            "schedule_id": "nightly", "name": "hook", "gen": "1", "fingerprint": "5d41402abc4b",
            "limit_name": "0.mail.send",
            "view_id": world.post("/views", {"name": f"{DATA} {OTHERS}", "search": "?tenant=globex"}).json["id"],
        }  # fmt: skip
        world.post("/schedules", {"id": "nightly", "type": "once.work", "cron": "@daily",
                                  "payload": {"customer": "globex", "text": f"{DATA} {OTHERS}"}})  # fmt: skip
        yield Stage(world, {job.id: job for job in jobs}, others)
        parts.reset()


def family(stage: Stage, about: Job) -> str:
    """Return a query for the children of a job whose child is of the same kind as this job."""
    alike = (job for job in stage.jobs.values() if job.parent and (job.type, job.tags) == (about.type, about.tags))
    return f"?parent={next((job.parent for job in alike), about.id)}"


def paths(stage: Stage, endpoint: Endpoint, about: Job) -> Iterator[str]:
    """Yield the endpoint's path, about this job and its type, with each query that could reach it."""
    given = {**stage.others, "job_id": about.id, "job_type": about.type, "delivery_id": about.id}
    if "events/" in endpoint.path:
        given["name"] = "approved"
    path = endpoint.path.format(**given)
    tenant = tenant_of(about.tags)
    since = f"created_after={iso(T0 - 1)}"
    queries = {
        "GET /jobs": (
            "", "?limit=1", f"?type={about.type}", f"?tenant={tenant}", f"?tag={mark(about)}", "?status=failed",
            f"?id_prefix={about.id[:8]}", f"?payload={DATA}&{since}", f"?parent={about.id}", "?offset=1",
            f"?batch={stage.others['batch_id']}", *(f"{family(stage, about)}&limit={most}" for most in (1, 2)),
            "?fingerprint=5d41402abc4b", "?error=error",
            f"?type={about.type}&tenant={tenant}", "?idempotency_key=k", "?tenant=acme", "?type=mail.send",
            "?type=mail.send&tenant=acme", "?type=report.day", f"?type=mail.send&tag={mark(about)}&tenant=acme",
        ),
        "GET /metrics/series": ("?metric=throughput", f"?metric=depth&type={about.type}"),
        "GET /errors": ("", f"?type={about.type}"), "GET /audit": ("", f"?job={about.id}"),
        "GET /schedules/preview": ("?cron=@daily",),
    }  # fmt: skip
    return (path + query for query in queries.get(f"{endpoint.method} {endpoint.path}", ("",)))


def bodies(endpoint: Endpoint, about: Job) -> list[Any]:
    """Return the bodies that could touch this job, or make one like it."""
    if not endpoint.writes:
        return [None]
    payload = {"customer": tenant_of(about.tags), "text": f"{DATA}-{about.type}-{tenant_of(about.tags)}"}
    new = {"type": about.type, "payload": payload}
    which: list[dict[str, Any]] = [
        {"ids": [about.id]}, {"everything": True}, {"filter": {"type": about.type}}, {"filter": {"status": "failed"}},
        {"filter": {"tag": mark(about)}}, {"filter": {"id_prefix": about.id[:8]}},
        {"filter": {"type": "mail.send", "tag": mark(about)}}, {"filter": {"tenant": "acme", "tag": mark(about)}},
        {"filter": {"tenant": tenant_of(about.tags) or "none"}},
    ]  # fmt: skip
    many = [{"action": action, **one} for action in ("retry", "discard") for one in which]
    many += [{"action": "retry", "edit": {"customer": "globex"}, **one} for one in which]
    found: dict[str, list[Any]] = {
        "POST /jobs": [new, {**new, "on_end": about.type}, {**new, "notify": ["hook"]}],
        "POST /jobs/batch": [{"jobs": [new]}], "POST /batches/{batch_id}/jobs": [{"jobs": [new]}],
        "POST /jobs/bulk": many, "POST /bulk": many,
        "POST /dead-letters/redrive": [{}, {"type": about.type}],
        "POST /jobs/{job_id}/retry": [{}, {"payload": payload}],
        "POST /jobs/{job_id}/cancel": [{}, {"descendants": True}],
        "POST /schedules": [{"id": "mine", "type": about.type, "cron": "@daily", "payload": payload}],
        "PUT /schedules/{schedule_id}": [{"type": about.type, "cron": "@hourly", "payload": payload}],
        "POST /views": [{"name": "v", "search": ""}],
    }  # fmt: skip
    return found.get(f"{endpoint.method} {endpoint.path}", [{}, *endpoint.examples.values()])


def attempts(stage: Stage, role: Role, scope: Scope, about: Job) -> Iterator[tuple[str, str, Any, Answer]]:
    """Yield every request of such a token that could be about this job, with its answer."""
    for name, endpoint in ALL.items():
        token = stage.token(role, scope)  # its own bulk actions show the filters that it has sent
        for path in paths(stage, endpoint, about):
            for body in bodies(endpoint, about):
                yield name, path, body, stage.world.call(endpoint.method, path, body, token=token)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", [name for name, scope in SCOPES.items() if scope.narrow])
def test_nothing_outside_of_a_scope_is_read_or_changed(stage: Stage, name: str, role: Role) -> None:
    """Ask each route about a job that is outside by its type, and about one that is outside by its tenant."""
    scope = SCOPES[name]
    named = stage.outside(scope)[-1].id  # the parent of a job in the scope, whose id that job shows
    stage = related(stage, scope)
    outside = stage.outside(scope)
    before, made = stage.state(outside), set(stage.world.store.made())
    keys = {job.idempotency_key for job in outside if job.idempotency_key}
    by_type = [job for job in outside if not scope.has_type(job.type)][:1]
    by_tenant = [job for job in outside if scope.has_type(job.type)][:1]
    for about in (*by_type, *by_tenant):
        for route, path, body, answer in attempts(stage, role, scope, about):
            told = f"{route} {path} {body}: {answer.status} {answer.text}"
            assert answer.status < 500, told
            sent = path + json.dumps(body)
            marks = {OTHERS, *(one for job in outside for one in (mark(job), job.id))}
            marks |= {kind.name for kind in TYPES if not scope.has_type(kind.name)}
            marks = (marks | keys) - {named}
            assert not [one for one in marks if one in answer.text and one not in sent], told
            assert not [one for one in (*marks, named) if one[:13] in in_cursors(answer)], told
            if answer.status < 300 and about.id in answer.text:
                # the id was sent; it may only come back as one that does not exist
                assert route == "POST /jobs/bulk", told
                assert "No job has the id" in answer.text, told
            if "{job_id}" in route and answer.status < 500:
                assert answer.status in {403, 404, 422}, told
            if answer.status == 404 and "{job_id}" in route:
                assert answer.text.count(about.id) == 1
                absent = "00000000-0000-4000-8000-000000000000"
                same = stage.world.call(
                    route.split()[0], path.replace(about.id, absent), body, token=stage.token(role, scope)
                )
                assert (same.status, same.json["detail"]) == (404, answer.json["detail"].replace(about.id, absent))
    assert stage.state(outside) == before
    new = [stage.world.store.get(one) for one in stage.world.store.made() if one not in made]
    assert [job.id for job in new if not scope.has(job.type, tenant_of(job.tags)) and job.type != "webhook.x"] == []


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", [name for name, scope in SCOPES.items() if not scope.payloads])
def test_no_answer_has_data_of_a_job_without_payloads(stage: Stage, name: str, role: Role) -> None:
    scope = SCOPES[name]
    about = stage.inside(scope)[0]
    for route, path, body, answer in attempts(stage, role, scope, about):
        assert answer.status < 500, (route, answer.text)
        assert DATA not in answer.text, f"{route} {path} {body}: {answer.text}"


def test_every_route_has_a_decision_and_one_that_is_not_known_is_refused() -> None:
    assert set(ROUTES) == set(ALL)
    for scope in SCOPES.values():
        assert decided(scope, "GET /new") is Decision.REFUSED
        assert decided(WHOLE, "GET /new") is Decision.ALLOWED


def test_a_refusal_names_the_scope_and_is_counted(stage: Stage) -> None:
    token = stage.token(Role.ADMIN, SCOPES["all of it"])
    answer = stage.world.get("/webhooks", token=token)
    assert (answer.status, answer.json["type"]) == (403, "urn:jobflow:problem:out-of-scope")
    assert "(types mail.send; tenants acme; without payloads)" in answer.json["detail"]
    counted = parts.audit.refusals(Which(), 10, stage.world.clock()).rows
    assert [one.why for one in counted] == ["out of scope"]


def test_an_attempt_on_a_job_outside_of_the_scope_is_in_the_audit_log(stage: Stage) -> None:
    scope = SCOPES["a tenant"]
    about = stage.outside(scope)[0]
    assert stage.world.post(f"/jobs/{about.id}/retry", token=stage.token(Role.OPERATOR, scope)).status == 404
    [entry] = parts.audit.page(Which(job=about.id), 10, stage.world.clock()).rows
    assert (entry.action, entry.outcome, entry.status) == ("job.retry", "refused", 404)


@pytest.mark.parametrize("name", SCOPES)
def test_what_is_within_a_scope_works(stage: Stage, name: str) -> None:
    scope, world = SCOPES[name], stage.world
    token = stage.token(Role.OPERATOR, scope)
    kind, tenant = ("mail.send" if scope.has_type("mail.send") else "report.day"), "acme"
    mine = next(job for job in stage.inside(scope) if (job.type, tenant_of(job.tags)) == (kind, tenant))
    made = world.post("/jobs", {"type": kind, "payload": {"customer": tenant, "text": DATA}}, token=token)
    assert made.status == 201
    assert made.json["payload"] == ({"customer": tenant, "text": DATA} if scope.payloads else None)
    many = world.post("/jobs/batch", {"jobs": [{"type": kind, "payload": {"customer": tenant}}]}, token=token)
    assert [one["status"] for one in many.json["results"]] == [201]
    listed = world.get(f"/jobs?type={kind}&tenant={tenant}", token=token).json["jobs"]
    assert {mine.id, made.json["id"]} <= {job["id"] for job in listed}
    assert world.get(f"/jobs/{mine.id}", token=token).json["status"] == "failed"
    assert world.get(f"/jobs/{mine.id}/steps", token=token).status == (200 if scope.payloads else 403)
    filtered = {"action": "discard", "filter": {"type": kind, "tenant": tenant, "status": "failed"}, "dry_run": True}
    for path in ("/jobs/bulk", "/bulk"):
        assert world.post(path, filtered, token=token).json["matched"] == 1
        both = {"action": "discard", "ids": [mine.id], "dry_run": True}
        assert world.post(path, both, token=token).json["matched"] == 1
    own = world.get("/bulk", token=token).json["bulk_actions"]
    assert len(own) == 2, "with a scope a token sees only its own"
    assert world.get(f"/bulk/{own[0]['id']}", token=token).status == 200
    assert world.post(f"/jobs/{mine.id}/retry", {"payload": {"customer": tenant}}, token=token).status == 200
    assert world.post(f"/jobs/{mine.id}/cancel", token=token).json["status"] == "cancelled"
    assert kind in {one["type"] for one in world.get("/job-types", token=token).json["job_types"]}
    me = world.get("/me", token=token).json
    assert (me["types"] or [], me["tenants"] or [], me["payloads"]) == (
        list(scope.types), list(scope.tenants), scope.payloads
    )  # fmt: skip


def test_the_filter_of_a_scope_with_one_type_and_tenant_need_not_be_given(stage: Stage) -> None:
    token = stage.token(Role.OPERATOR, SCOPES["a type and a tenant"])
    listed = stage.world.get("/jobs", token=token).json
    assert [(job["type"], job["tenant"]) for job in listed["jobs"]] == [("mail.send", "acme")]
    assert (listed["total"], listed["looked"]) == (None, 1)
    done = stage.world.post("/jobs/bulk", {"action": "discard", "everything": True}, token=token).json
    assert (done["matched"], done["done"]) == (1, 1)


@pytest.mark.parametrize("name", [name for name, scope in SCOPES.items() if scope.narrow])
def test_the_members_of_a_batch_and_the_children_of_a_job_outside_are_not_counted(stage: Stage, name: str) -> None:
    """Even an empty page with a cursor would be one job outside of the scope."""
    scope, own = SCOPES[name], "type=report.day&" if name == "types" else ""
    world, batch = stage.world, stage.others["batch_id"]
    stage = related(stage, scope)
    inside, foreign = stage.inside(scope)[0], stage.outside(scope)[-1]
    token = stage.token(Role.OPERATOR, scope)
    absent = "00000000-0000-4000-8000-000000000000"
    refused = [f"batch={batch}", f"batch={batch}&round=1", f"parent={foreign.id}", f"parent={absent}"]
    answers = [world.get(f"/jobs?{own}{query}&limit=1", token=token) for query in refused]
    for path in ("/bulk", "/jobs/bulk"):
        body = {"action": "cancel", "dry_run": True, "filter": {"batch": batch}}
        answers.append(world.post(path, body, token=token))
    assert [answer.status for answer in answers] == [403] * len(answers)
    told = [answer.json["detail"] for answer in answers[2:4]]
    assert told[0] == told[1], "a job outside of the scope is like one that does not exist"
    assert world.get(f"/jobs?{own}parent={inside.id.upper()}", token=token).status == 200
    whole = stage.token(Role.VIEWER, SCOPES["without payloads"])
    assert len(world.get(f"/jobs?batch={batch}", token=whole).json["jobs"]) == 4


def test_a_job_cannot_be_moved_out_of_a_tenant(stage: Stage) -> None:
    scope = SCOPES["a tenant"]
    token = stage.token(Role.OPERATOR, scope)
    mine = stage.inside(scope)[0]
    for payload in ({"customer": "globex"}, {}):
        assert stage.world.post(f"/jobs/{mine.id}/retry", {"payload": payload}, token=token).status == 403
    edit = {"action": "retry", "ids": [mine.id], "edit": {"customer": "globex"}}
    assert stage.world.post("/jobs/bulk", edit, token=token).status == 403
    assert stage.state([mine]) == [mine]


def test_a_job_of_another_tenant_is_no_answer_to_a_request_for_a_unique_job(stage: Stage) -> None:
    text = f"{DATA}-shared"
    shared = stage.world.create(type="once.work", payload={"customer": "globex", "text": text})
    token = stage.token(Role.OPERATOR, SCOPES["a tenant"])
    answer = stage.world.post(
        "/jobs", {"type": "once.work", "payload": {"customer": "acme", "text": text}}, token=token
    )
    assert answer.status == 403
    assert shared not in answer.text


def test_a_type_outside_of_the_scope_is_refused_before_its_schema_is_told(stage: Stage) -> None:
    token = stage.token(Role.OPERATOR, SCOPES["one type"])
    wrong = {"type": "report.day", "payload": {"costumer": 1}}
    assert stage.world.post("/jobs", wrong, token=token).status == 403
    [result] = stage.world.post("/jobs/batch", {"jobs": [wrong]}, token=token).json["results"]
    assert result["status"] == 403


def test_the_descendants_of_a_job_are_not_cancelled_for_a_scoped_token(stage: Stage) -> None:
    scope = SCOPES["one type"]
    mine, child = stage.inside(scope)[0], stage.outside(scope)[0]
    stage.world.put_in(mine.id, Status.QUEUED)
    stage.world.put_in(child.id, Status.QUEUED, parent=mine.id, root=mine.id)
    token = stage.token(Role.OPERATOR, scope)
    assert stage.world.post(f"/jobs/{mine.id}/cancel", {"descendants": True}, token=token).status == 403
    assert stage.world.store.get(child.id).status is Status.QUEUED


@pytest.mark.parametrize("path", ["/errors?", "/metrics/series?metric=throughput", "/jobs?"])
def test_numbers_and_lists_are_of_one_type_of_the_scope(stage: Stage, path: str) -> None:
    several, one = (stage.token(Role.VIEWER, SCOPES[name]) for name in ("types", "one type"))
    asked = {
        more: stage.world.get(f"{path}{more}", token=several) for more in ("", "&type=mail.send", "&type=report.day")
    }
    assert [answer.status for answer in asked.values()] == [403, 403, 200]
    assert stage.world.get(path, token=one).status == 200
    assert [row["type"] for row in stage.world.get("/metrics/flow", token=one).json["types"]] == ["mail.send"]


def test_payloads_and_errors_cannot_be_guessed_by_a_filter_without_payloads(stage: Stage) -> None:
    token = stage.token(Role.OPERATOR, SCOPES["without payloads"])
    for name, value in (("payload", DATA), ("error", "error")):
        query = f"/jobs?{name}={value}&created_after={iso(T0 - 1)}"
        assert stage.world.get(query, token=token).status == 403
        many = {"action": "retry", "filter": {name: value}, "dry_run": True}
        assert stage.world.post("/jobs/bulk", many, token=token).status == 403


@pytest.mark.parametrize("name", ["payload", "error"])
def test_a_bulk_action_of_another_tells_nothing_without_payloads(stage: Stage, name: str) -> None:
    """Its filter has a text of payloads, and its outcome the jobs that have it."""
    world, token = stage.world, stage.token(Role.ADMIN, SCOPES["without payloads"])
    body = {"action": "discard", "filter": {name: f"{DATA}", "type": "mail.send"}}
    made = world.post("/bulk", body).json["id"]
    assert world.get(f"/bulk/{made}/outcome").json["changed"] == 3
    assert made not in world.get("/bulk", token=token).text
    for method, path in (("GET", ""), ("GET", "/outcome"), ("POST", "/stop")):
        assert world.call(method, f"/bulk/{made}{path}", token=token).status == 404, path


def test_an_unknown_type_is_answered_with_the_types_of_the_scope_only(stage: Stage) -> None:
    token, new = stage.token(Role.OPERATOR, SCOPES["types"]), {"type": "report.nope", "payload": {}}
    answers = [
        *(stage.world.get(f"{path}type=report.nope", token=token)
          for path in ("/jobs?", "/errors?", "/metrics/series?metric=depth&")),
        stage.world.post("/jobs", new, token=token),
        stage.world.post("/jobs/batch", {"jobs": [new]}, token=token),
        *(stage.world.post(path, {"action": "retry", "filter": {"type": "report.nope"}}, token=token)
          for path in ("/jobs/bulk", "/bulk")),
        stage.world.post("/dead-letters/redrive", {"type": "report.nope"}, token=token),
    ]  # fmt: skip
    for answer in answers:
        assert "report.day" in answer.text, answer
        assert "mail.send" not in answer.text, answer
    assert "mail.send" in stage.world.get("/jobs?type=report.nope").text, "without a scope all are listed"


def test_a_hash_of_a_payload_is_not_shown_without_payloads(stage: Stage) -> None:
    """A batch names a member without a key by an unsalted hash of its payload, which can be guessed offline."""
    world, batch = stage.world, stage.others["batch_id"]
    world.post(f"/batches/{batch}/jobs", {"jobs": [{"type": "mail.send", "payload": {"text": "pin 1234"}}]})
    [member] = world.get(f"/jobs?batch={batch}").json["jobs"]
    assert member["idempotency_key"]
    token = stage.token(Role.ADMIN, SCOPES["without payloads"])
    for path in (f"/jobs?batch={batch}", f"/jobs/{member['id']}"):
        assert member["idempotency_key"] not in world.get(path, token=token).text


def test_the_names_of_steps_are_not_told_by_a_retry_without_payloads(stage: Stage) -> None:
    scope = SCOPES["without payloads"]
    token, [about, *_] = stage.token(Role.ADMIN, scope), stage.inside(scope)
    answers = {name: stage.world.post(f"/jobs/{about.id}/retry", {"from": name}, token=token)
               for name in ("zz", "one", "start")}  # fmt: skip
    assert [answer.status for answer in answers.values()] == [403, 403, 200]
    assert "one" not in answers["zz"].json["detail"].replace("one of", "").split()


def test_an_answer_names_no_job_that_has_left_the_scope(stage: Stage) -> None:
    token = stage.token(Role.OPERATOR, SCOPES["a tenant"])
    body, key = {"type": "mail.send", "payload": {"customer": "acme"}}, {"Idempotency-Key": "k"}
    made = stage.world.post("/jobs", body, token=token, headers=key).json["id"]
    stage.world.put_in(made, Status.FAILED, tags=stage.outside(SCOPES["a tenant"])[0].tags)
    again = stage.world.post("/jobs", body, token=token, headers=key)
    assert (again.status, made in again.text) == (403, False)
    assert stage.world.get(f"/jobs/{made}", token=token).status == 404


def test_the_numbers_of_a_scope_are_those_of_its_types(stage: Stage) -> None:
    whole = stage.world.get("/metrics").json
    token = stage.token(Role.VIEWER, SCOPES["types"])
    mine = stage.world.get("/metrics", token=token).json
    assert mine["by_type"] == {name: whole["by_type"][name] for name in ("plain.work", "report.day", "report.week")}
    for name in ("total_jobs", "failed_jobs", "queue_length", "dlq_length"):
        assert mine[name] == sum(one[name] for one in mine["by_type"].values()), name
    assert mine["by_status"]["failed"] == 9 < whole["by_status"]["failed"]
    text = stage.world.get("/metrics", token=token, headers={"Accept": "text/plain"}).text
    assert "report.day" in text
    assert "mail.send" not in text


def test_a_queue_that_a_type_outside_shares_is_not_in_the_numbers() -> None:
    queue = Queue("both")
    kinds = [JobType(name, _nothing, Asked, queue=queue) for name in ("a.one", "a.two")]
    with only_types(*kinds, TYPES[0]):
        world = World()
        for name in ("a.one", "a.two", "a.two"):
            world.create(type=name, payload={})
        answers = [
            world.get("/metrics", token=parts.tokens.issue(Role.VIEWER, "x", scope=scope_of(types))[0]).json
            for types in (["a.one"], ["a.*"])
        ]
        assert [sorted(one["by_queue"]) for one in answers] == [[], ["both"]]
        assert [one["queue_length"] for one in answers] == [1, 3]
        parts.reset()


class Counting(MemoryJobStore):
    """A store that counts the reads that a scope adds."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.reads = 0

    def get_without_bodies(self, job_id: str) -> Job:
        self.reads += 1
        return super().get_without_bodies(job_id)

    def read_all(self, ids: Sequence[str], *, strict: bool = False) -> Sequence[Job]:
        self.reads += 1
        return super().read_all(ids, strict=strict)


@pytest.mark.parametrize(("scope", "reads"), [(WHOLE, 0), (SCOPES["one type"], 1)])
def test_a_token_without_a_scope_costs_no_read_more(scope: Scope, reads: int) -> None:
    with only_types(*TYPES):
        world = World(parts={"job_store": (store := Counting(Clock()))})
        token = parts.tokens.issue(Role.OPERATOR, "x", scope=scope)[0]
        made = world.post("/jobs", {"type": "mail.send", "payload": {}}, token=token).json["id"]
        assert store.reads == 0
        assert world.get(f"/jobs/{made}", token=token).status == 200
        assert store.reads == reads
        parts.reset()


def test_a_queue_that_another_type_shares_is_not_paused(stage: Stage) -> None:
    token = stage.token(Role.ADMIN, SCOPES["one type"])
    assert stage.world.post("/job-types/report.day/pause", token=token).status == 404
    assert stage.world.post("/job-types/mail.send/pause", token=token).status not in (403, 404)


@pytest.mark.parametrize(
    ("types", "tenants"),
    [(["*"], ()), (["mail"], ()), (["report.*.*"], ()), (["Report.day"], ()), ((), [""]), ((), ["a\n"]),
     ([f"a.b{n}" for n in range(21)], ())],
)  # fmt: skip
def test_a_scope_that_names_nothing_is_refused(types: list[str], tenants: list[str]) -> None:
    with pytest.raises(InvalidRequest):
        scope_of(types, tenants)


def test_a_pattern_has_the_types_below_its_name_only() -> None:
    scope = scope_of(["report.*"], ["x" * 100])
    assert [scope.has_type(name) for name in ("report.day", "report.day.short", "reports.day", "report")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert scope.has("report.day", kept("x" * 100)), "as a job stores its tenant"
    assert not scope.has("report.day", None)
    assert replace(WHOLE) == WHOLE


def test_a_deletion_does_not_reach_a_job_of_on_end_outside_of_the_scope(stage: Stage) -> None:
    scope = scope_of(["mail.send"])
    job, other = stage.inside(scope)[0], stage.outside(scope)[0]
    told = stage.world.put_in(other.id, Status.PROCESSING, parent=job.id, idempotency_key="on_end 1", started_at=T0)
    token = stage.token(Role.OPERATOR, scope)
    refused = stage.world.call("DELETE", f"/jobs/{job.id}", token=token)
    assert (refused.status, stage.world.store.get(job.id)) == (403, job)
    assert other.id not in refused.text
    stage.world.put_in(told.id, Status.PROCESSING, idempotency_key="mine")
    assert stage.world.call("DELETE", f"/jobs/{job.id}", token=token).status == 202
