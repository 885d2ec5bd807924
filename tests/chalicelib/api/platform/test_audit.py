"""Test the audit log over the API: who changed what, why and from where, and what is not in it."""

from typing import Any

import pytest

from chalicelib.access.tokens import Role
from chalicelib.adapters import aws
from chalicelib.api.http.endpoint import Audited, Unaudited
from chalicelib.api.routes import all_endpoints
from chalicelib.assembly import parts
from chalicelib.audit.actions import ACTIONS
from chalicelib.audit.constants import MOST_NAMED
from chalicelib.audit.memory import MemoryAudit
from chalicelib.audit.rule import SHAPES, End, Entry, Outcome, Which
from chalicelib.jobs.job import Status
from tests.chalicelib.api.support import ADDRESS, BODY, World
from tests.support import REGION

WRITES = [endpoint for endpoint in all_endpoints() if endpoint.writes]
SECRET = "acme-secret"


def entries(world: World, query: str = "") -> list[Any]:
    answer = world.get(f"/audit{query}")
    assert answer.status == 200, answer
    return list(answer.json["entries"])


@pytest.mark.parametrize("endpoint", WRITES, ids=lambda endpoint: endpoint.name)
def test_every_endpoint_that_changes_something_says_how_it_is_recorded(endpoint: Any) -> None:
    match endpoint.audit:
        case Audited() as audited:
            assert audited.on in SHAPES
            assert not audited.path or f"{{{audited.path}}}" in endpoint.path
            assert not audited.made or audited.made in endpoint.answer.model_fields
            for name in filter(None, (audited.by, audited.unless)):
                assert name in endpoint.body.model_fields
            assert any(one == audited.action or one.startswith(f"{audited.action}.") for one in ACTIONS)
            assert "reason" in endpoint.body.model_fields or endpoint.identified, "a change can have a reason"
            assert "{" not in endpoint.path or audited.path, "the path says what is changed"
        case Unaudited() as other:
            assert other.why
        case _:
            pytest.fail(f"{endpoint.name}: add audit=Audited(…), or Unaudited(why)")


def test_only_the_creation_of_jobs_and_batches_and_an_upload_are_not_recorded() -> None:
    left_out = {endpoint.path for endpoint in WRITES if isinstance(endpoint.audit, Unaudited)}
    assert left_out == {"/jobs", "/jobs/batch", "/batches", "/batches/{batch_id}/jobs", "/uploads"}


def test_a_change_says_who_what_why_and_from_where(world: World) -> None:
    job_id = world.create(tags=[SECRET], payload={"to": [f"{SECRET}@example.com"]})
    assert entries(world) == [], "the creation of a job is no entry"
    world.put_in(job_id, Status.FAILED)
    sent = {"X-Correlation-Id": "request-7"}
    body = {"reason": "The provider is up again", "payload": {"to": [f"{SECRET}@example.com"]}}
    assert world.post(f"/jobs/{job_id}/retry", body, role=Role.OPERATOR, headers=sent).status == 200
    [entry] = entries(world)
    [token] = [token for token in parts.tokens.list() if token.label == "a operator"]
    assert entry == {
        **entry, "action": "job.retry", "kind": "job", "target": job_id, "principal": token.id, "label": "a operator",
        "reason": "The provider is up again", "ip": ADDRESS, "correlation_id": "request-7", "outcome": "done",
        "status": 200, "error": None,
    }  # fmt: skip
    assert SECRET not in str(entry)
    assert world.get(f"/jobs/{job_id}").json["actions"][-1]["by"] == "a operator"


def test_a_refused_change_is_recorded_with_its_problem_and_without_its_text(world: World) -> None:
    job_id = world.create()
    assert world.post(f"/jobs/{job_id}/retry").status == 409
    assert world.post(f"/jobs/{SECRET}/cancel").status == 404
    told = [(one["action"], one["target"], one["outcome"], one["status"], one["error"]) for one in entries(world)]
    assert sorted(told) == [
        ("job.cancel", None, "refused", 404, "job-not-found"), ("job.retry", job_id, "refused", 409, "job-conflict"),
    ]  # fmt: skip


def test_what_is_refused_before_it_begins_is_no_entry(world: World) -> None:
    job_id = world.create()
    assert world.post(f"/jobs/{job_id}/cancel", {"reason": "x" * 201}).status == 422
    assert world.post(f"/jobs/{job_id}/cancel", role=Role.VIEWER).status == 403
    assert world.post("/bulk", {"action": "cancel", "everything": True, "dry_run": True}).status == 202
    assert entries(world) == []


def test_what_was_made_is_named(world: World) -> None:
    job_id = world.create()
    started = world.post("/bulk", {"action": "cancel", "ids": [job_id], "reason": "Wrong customer"}).json["id"]
    view = world.post("/views", {"name": SECRET, "search": f"?tag={SECRET}"}).json["id"]
    found = {one["action"]: one for one in entries(world)}
    assert (found["bulk.cancel"]["target"], found["bulk.cancel"]["reason"]) == (started, "Wrong customer")
    assert found["view.save"]["target"] == view
    assert SECRET not in str(found)


@pytest.mark.parametrize("path", ["/jobs/bulk", "/bulk"])
def test_a_request_that_lists_jobs_is_found_under_each_of_them(world: World, path: str) -> None:
    mine, other, later = world.create(), world.create(), world.create()
    body = {"action": "cancel", "ids": [mine.upper(), other], "reason": "Wrong customer"}
    assert world.post(path, body, role=Role.OPERATOR).status in {200, 202}
    assert [(one["outcome"], one["reason"], one["label"]) for one in entries(world, f"?job={mine}")] == [
        ("named", "Wrong customer", "a operator"),
    ]  # fmt: skip
    assert entries(world, f"?job={later}") == []
    [whole] = entries(world)
    assert (whole["kind"], whole["outcome"]) == ("bulk", "done")
    [named] = entries(world, f"?job={other}")
    assert named["bulk"] == whole["bulk"] == whole["target"]
    assert world.get(f"/jobs/{mine}").json["actions"][-1]["bulk"] == whole["bulk"]
    assert entries(world, f"?bulk={whole['bulk']}") == [whole]


def many(world: World, how: str) -> tuple[str, dict[str, Any]]:
    """Return a request that changes `world`'s only job with others, without its id."""
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "filter": ("/jobs/bulk", {"action": "cancel", "filter": {"status": "queued"}}),
        "bulk action": ("/bulk", {"action": "cancel", "filter": {"status": "queued"}}),
        "long list": ("/bulk", {"action": "cancel", "ids": [world.create() for _ in range(MOST_NAMED + 1)]}),
        "redrive": ("/dead-letters/redrive", {}),
    }
    return asked[how]


@pytest.mark.parametrize("how", ["filter", "bulk action", "long list", "redrive"])
def test_from_a_job_one_comes_to_the_entry_of_a_request_that_did_not_name_it(world: World, how: str) -> None:
    path, body = many(world, how)
    job_id = body["ids"][-1] if "ids" in body else world.create()
    if how == "redrive":
        world.put_in(job_id, Status.DEAD_LETTER)
    answer = world.post(path, body, role=Role.OPERATOR)
    assert answer.status in {200, 202}
    if how == "bulk action":
        parts.bulk_work.work([answer.json["id"]], lambda: 60.0)
    if "ids" not in body:
        act = world.get(f"/jobs/{job_id}").json["actions"][-1]
        [entry] = entries(world, f"?bulk={act['bulk']}")
        assert (entry["label"], entry["outcome"]) == ("a operator", "done")
    assert entries(world, f"?job={job_id}") == []


def test_the_bulk_action_of_a_batch_leads_to_the_entry_of_the_batch(world: World) -> None:
    batch = world.post("/batches", {}).json["id"]
    [made] = world.post(f"/batches/{batch}/jobs", {"jobs": [BODY]}).json["results"]
    member = made["job"]
    assert world.post(f"/batches/{batch}/cancel", role=Role.OPERATOR).status == 202
    act = world.get(f"/jobs/{member['id']}").json["actions"][-1]
    [found] = entries(world, f"?bulk={act['bulk']}")
    assert (found["outcome"], found["action"], found["label"]) == ("done", "batch.cancel", "a operator")
    assert (found["kind"], found["target"], found["bulk"]) == ("batch", batch, act["bulk"])
    assert [found] == entries(world)


def test_the_retry_of_a_batch_leads_to_the_jobs_that_it_has_retried_and_back(world: World) -> None:
    batch = world.post("/batches", {}).json["id"]
    asked = [{**BODY, "payload": {"to": [f"{place}@example.com"]}} for place in range(3)]
    members = [one["job"]["id"] for one in world.post(f"/batches/{batch}/jobs", {"jobs": asked}).json["results"]]
    world.post(f"/batches/{batch}/close", {"total": 3})
    for member in members[:2]:
        world.put_in(member, Status.FAILED)
    assert world.post(f"/batches/{batch}/retry").status == 202
    [retry] = entries(world, "?action=batch.retry")
    assert [retry] == entries(world, f"?bulk={retry['bulk']}")
    rounds = world.get(f"/batches/{batch}").json["rounds"]
    [number] = [one["round"] for one in rounds if one["bulk"] == retry["bulk"]]
    retried = {one["id"] for one in world.get(f"/jobs?batch={batch}&round={number}").json["jobs"]}
    assert retried == set(members[:2])
    assert {world.get(f"/jobs/{one}").json["actions"][-1]["bulk"] for one in retried} == {retry["bulk"]}


def test_a_bulk_action_whose_process_dies_has_an_entry_with_its_id(world: World) -> None:
    parts.audit = log = Broken("end")
    job_id = world.create()
    started = world.post("/bulk", {"action": "cancel", "ids": [job_id]}).json["id"]
    [entry] = log.page(Which(), 9, world.clock() + 1).rows
    assert (entry.target, entry.outcome) == (started, Outcome.BEGUN)


def test_nothing_is_changed_if_one_of_the_named_jobs_cannot_be_recorded(world: World) -> None:
    parts.audit = Broken("named")
    ids = [world.create(), world.create()]
    answer = world.post("/jobs/bulk", {"action": "cancel", "ids": ids})
    assert (answer.status, answer.json["type"]) == (503, "urn:jobflow:problem:not-audited")
    assert {world.get(f"/jobs/{one}").json["status"] for one in ids} == {"queued"}


def test_only_admins_read_it_and_filters_and_pages_work(world: World) -> None:
    ids = [world.create() for _ in range(3)]
    for job_id in ids:
        world.clock.advance(1)
        world.post(f"/jobs/{job_id}/cancel", role=Role.OPERATOR)
        world.clock.advance(1)
        world.post(f"/jobs/{job_id}/retry")
    for role in (Role.VIEWER, Role.OPERATOR):
        assert world.get("/audit", role=role).status == 403
    [admin] = [token.id for token in parts.tokens.list() if token.label == "a admin"]
    assert [one["action"] for one in entries(world, f"?job={ids[1].upper()}")] == ["job.retry", "job.cancel"]
    assert [one["target"] for one in entries(world, f"?principal={admin}")] == ids[::-1]
    assert [one["target"] for one in entries(world, "?action=job.cancel&limit=2")] == ids[:0:-1]
    first = world.get("/audit?limit=4").json
    rest = world.get(f"/audit?limit=4&cursor={first['next_cursor']}").json
    assert len({one["id"] for one in first["entries"] + rest["entries"]}) == 6
    assert rest["next_cursor"] is None
    assert world.get(f"/audit?action=job.cancel&cursor={first['next_cursor']}").status == 400
    assert world.get("/audit?job=acme").status == 422


class Broken(MemoryAudit):
    """A store that cannot begin, or cannot end."""

    def __init__(self, fails: str) -> None:
        super().__init__()
        self._fails = fails

    def begin(self, entry: Entry) -> None:
        if self._fails == "begin" or (self._fails == "named" and entry.outcome is Outcome.NAMED):
            raise TimeoutError
        super().begin(entry)

    def end(self, entry: Entry, end: End) -> None:
        raise TimeoutError


def test_nothing_is_changed_if_the_entry_cannot_be_stored() -> None:
    world = World(parts={"audit": Broken("begin")})
    made = world.post("/views", {"name": "Failed", "search": ""})
    assert (made.status, made.json["type"]) == (503, "urn:jobflow:problem:not-audited")
    assert world.get("/views").json == {"views": []}


def test_a_change_is_answered_as_it_is_if_only_its_outcome_cannot_be_stored() -> None:
    log = Broken("end")
    world = World(parts={"audit": log})
    assert world.post("/views", {"name": "Failed", "search": ""}).status == 200
    assert [one["outcome"] for one in entries(world)] == ["begun"]


def test_refusals_are_counted_by_caller_and_reason(world: World) -> None:
    token = "jf_" + "x" * 43
    for _ in range(4):
        assert world.get("/jobs", token=token).status == 401
    assert world.post("/job-types/test.note/pause", role=Role.VIEWER).status == 403
    assert world.get("/audit/refusals", role=Role.OPERATOR).status == 403
    world.clock.advance(60)
    assert world.get("/jobs", token=token).status == 401
    counted = {
        (one["minute"], one["principal"], one["reason"]): one["count"]
        for one in world.get("/audit/refusals").json["refusals"]
    }
    [viewer] = [token.id for token in parts.tokens.list() if token.label == "a viewer"]
    before = min(counted)[0]
    assert counted[before, ADDRESS, "unknown token"] == 4
    assert counted[before, viewer, "forbidden"] == 1
    assert world.get(f"/audit/refusals?principal={viewer}").json["refusals"][0]["reason"] == "forbidden"


@pytest.mark.parametrize(
    ("asked", "said"),
    [("cancel", "job.cancel"), ("job.rety", "job.retry"), ("deploi", "stage.deploy"), ("xyz", "stage.")],
)
def test_an_unknown_action_is_refused_and_the_answer_says_which_may_be_meant(
    world: World, asked: str, said: str
) -> None:
    answer = world.get(f"/audit?action={asked}")
    [error] = answer.json["errors"]
    assert (answer.status, error["loc"], said in error["msg"]) == (422, ["query", "action"], True)


def test_a_post_of_a_job_writes_nothing_into_the_log(over_aws: Any) -> None:
    """Nor does it read it: a job costs what it has cost."""
    world = over_aws()
    asked: list[str] = []
    clients = [aws.client("dynamodb", REGION), aws.briefly("dynamodb", REGION)]

    def note(params: Any, **_: Any) -> None:
        asked.append(str(params.get("body", params)))

    for client in clients:
        client.meta.events.register("before-call.dynamodb", note)
    try:
        world.create()
    finally:
        for client in clients:
            client.meta.events.unregister("before-call.dynamodb", note)
    assert asked
    assert not [one for one in asked if "AUDIT#" in one or "REFUSED#" in one]
