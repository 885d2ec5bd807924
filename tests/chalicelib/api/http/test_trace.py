"""Check that every refusal and every action of an operator writes a log line: who, what, from where, which request."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib import AtMost
from chalicelib.access.tokens import Role
from chalicelib.adapters.s3.uploads import Upload, Uploads
from chalicelib.api import routes
from chalicelib.api.http.endpoint import Endpoint
from chalicelib.assembly import parts
from chalicelib.erasing.work import NewErasure
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Status
from tests.chalicelib.api.support import ADDRESS, BODY, NOTE, World
from tests.chalicelib.webhooks.support import DELIVERING, a_delivery
from tests.support import written

TRACED = {"principal", "ip", "request"}
HERE = {"X-Correlation-Id": "request-7"}


def principal(world: World, role: Role) -> str:
    """Return the id of the role's token."""
    return parts.tokens.verify(world.secrets[role]).id


def only(lines: list[dict[str, Any]], message: str) -> dict[str, Any]:
    """Return the only log line with that name."""
    [line] = [line for line in lines if line["message"] == message]
    return line


@dataclass
class AnyUpload(Uploads):
    """Permit uploads without a bucket."""

    client: Any = None
    bucket: str = "files"

    def permit(self, content_type: str, size: int) -> Upload:
        return Upload(f"https://example.com/{content_type}", {}, "uploads/1.png", size, self.clock())


ALL_FAILED = {"action": "retry", "everything": True}


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/jobs/{id}/retry", {}, Status.FAILED, "job.requeue"),
        ("/jobs/{id}/cancel", {}, Status.QUEUED, "job.cancel"),
        ("/jobs/{id}/cancel", {}, Status.PROCESSING, "job.ask_to_stop"),
        ("/jobs/bulk", ALL_FAILED, Status.FAILED, "job.requeue"),
        ("/bulk", ALL_FAILED, Status.FAILED, "job.requeue"),
        ("/dead-letters/redrive", {}, Status.DEAD_LETTER, "job.requeue"),
    ],
)
def test_an_action_on_a_job_says_who_did_it(world: World, path: str, body: Any, status: Status, message: str) -> None:
    job_id = world.create()
    world.put_in(job_id, status)
    with written() as lines:
        world.post(path.replace("{id}", job_id), body, role=Role.OPERATOR, headers=HERE)
    line = only(lines, message)
    assert (line["job_id"], line["principal"], line["ip"], line["request"]) == (
        job_id, principal(world, Role.OPERATOR), ADDRESS, "request-7",
    )  # fmt: skip


@pytest.mark.parametrize(("path", "body"), [("/jobs", BODY), ("/jobs/batch", {"jobs": [BODY, BODY]})])
def test_a_new_job_says_who_created_it(world: World, path: str, body: Any) -> None:
    with written() as lines:
        world.post(path, body, role=Role.OPERATOR, headers=HERE)
    created = [line for line in lines if line["message"] == "job.created"]
    assert {(line["principal"], line["ip"], line["correlation_id"]) for line in created} == {
        (principal(world, Role.OPERATOR), ADDRESS, "request-7"),
    }  # fmt: skip
    assert all("request" not in line for line in created), "its correlation id says the same"


VIEW = {"name": "Failed", "search": "?status=failed"}
DAILY = {**BODY, "cron": "0 9 * * *"}
BODIES = {
    "create_job": BODY, "create_jobs": {"jobs": [BODY]}, "change_jobs": ALL_FAILED, "start_bulk": ALL_FAILED,
    "create_schedule": {"id": "weekly", **DAILY}, "change_schedule": DAILY,
    "create_upload": {"content_type": "image/png", "bytes": 81920},
    "add_jobs_to_batch": {"jobs": [BODY]}, "close_batch": {"total": 0},
    "create_webhook": {"name": "billing", "url": "https://hooks.example.com"},
    "start_erasure": {"tenant": "acme"},
    "change_webhook": {"url": "https://hooks.example.com/other"}, "save_view": VIEW,
    "set_limit": {"n": 0}, "revoke_sessions": {"principal": "oidc:0f1e2d3c:ada"},
}  # fmt: skip
"""Bodies for writing endpoints, by name; the others need none."""
ENDED = {"retry_job": Status.FAILED, "delete_job": Status.COMPLETED, "discard_job": Status.DEAD_LETTER}
"""The final state of the job that an endpoint needs."""


def filled(path: str, world: World, status: Status | None) -> str:
    """Return a path of an existing job, schedule, bulk action, view or error."""
    bulk_id = world.post("/bulk", ALL_FAILED).json["id"]
    batch_id = world.post("/batches", {}).json["id"]
    view_id = world.post("/views", VIEW).json["id"]
    job_id = world.create(delay_seconds=600)
    if status is not None:
        world.put_in(job_id, status)
    world.put_in(world.create(), Status.FAILED, fingerprint="0123456789ab")
    world.post("/schedules", {"id": "daily", **DAILY})
    registered[DELIVERING.name] = DELIVERING
    registered["test.limited"] = replace(NOTE, name="test.limited", limits=(AtMost(3),))
    if "{delivery_id}" in path or "/{name}" in path:
        world.post("/webhooks", {"name": "approved", "url": "https://hooks.example.com"})
    if "{delivery_id}" in path:
        webhook = parts.webhook_service.get("approved").webhook
        world.put_in(delivery_id := a_delivery(parts.job_service, webhook).id, Status.FAILED)
        return path.format(name="approved", delivery_id=delivery_id)
    if "{erasure_id}" in path:
        return path.format(erasure_id=parts.erasing.start(NewErasure("0" * 20, "acme", "ada", "1f2e")).id)
    found = {"job_id": job_id, "job_type": NOTE.name, "schedule_id": "daily", "fingerprint": "0123456789ab"}
    return path.format(
        **found, bulk_id=bulk_id, batch_id=batch_id, name="approved", view_id=view_id, limit_name="1.test.limited"
    )


OF_PERSONS = {"begin_session", "end_session"}
"""What only a person does: `tests/chalicelib/sessions` has the lines."""
WRITING = [one for one in routes.all_endpoints() if one.method != "GET" and one.name not in OF_PERSONS]


@pytest.mark.parametrize("endpoint", WRITING, ids=lambda endpoint: endpoint.name)
def test_every_call_that_writes_says_who_made_it_and_from_where(world: World, endpoint: Endpoint) -> None:
    bucket = World(parts={"uploads": AnyUpload()})
    path = filled(endpoint.path, bucket, ENDED.get(endpoint.name))
    with written("DEBUG") as lines:
        answer = bucket.call(endpoint.method, path, BODIES.get(endpoint.name), headers=HERE)
    assert answer.status < 300, answer
    line = only(lines, "api.request")
    assert (line["method"], line["route"], line["status_code"]) == (endpoint.method, endpoint.path, answer.status)
    assert (line["principal"], line["ip"], line["correlation_id"]) == (
        principal(bucket, Role.ADMIN), ADDRESS, "request-7",
    )  # fmt: skip


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_a_paused_type_says_who_did_it(world: World, action: str) -> None:
    with written() as lines:
        world.post(f"/job-types/test.note/{action}", headers=HERE)
    line = only(lines, f"job_type.{action}d")
    assert (line["principal"], line["ip"]) == (principal(world, Role.ADMIN), ADDRESS)


def test_a_role_that_is_too_small_leaves_a_line(world: World) -> None:
    with written("WARNING") as lines:
        assert world.post("/jobs", BODY, role=Role.VIEWER, headers=HERE).status == 403
    line = only(lines, "api.refused")
    assert (line["principal"], line["ip"]) == (principal(world, Role.VIEWER), ADDRESS)
    assert (line["why"], line["route"], line["status_code"]) == ("forbidden", "/jobs", 403)


def test_a_request_too_many_leaves_a_line(world: World) -> None:
    throttled = World(settings=replace(world.settings, rate_limit_max=1))
    throttled.create()
    with written("WARNING") as lines:
        assert throttled.post("/jobs", BODY, headers=HERE).status == 429
    line = only(lines, "api.refused")
    assert (line["why"], line["ip"], line["correlation_id"]) == ("rate limited", ADDRESS, "request-7")
    assert line["principal"] == principal(throttled, Role.ADMIN)


@pytest.mark.parametrize(
    ("header", "why", "known"),
    [
        ("Basic x", "no bearer token", False), ("Bearer jf_" + "x" * 43, "unknown token", False),
        ("revoked", "revoked token", True), ("expired", "expired token", True),
    ],
)  # fmt: skip
def test_a_refused_token_leaves_a_line_with_its_principal(world: World, header: str, why: str, known: bool) -> None:
    text, token = parts.tokens.issue(Role.VIEWER, "x", ttl=60)
    if header == "revoked":
        parts.tokens.revoke(token.id)
    world.clock.advance(61 if header == "expired" else 0)
    sent = f"Bearer {text}" if known else header
    with written("WARNING") as lines:
        assert world.get("/metrics", role=None, headers={"Authorization": sent}).status == 401
    line = only(lines, "api.refused")
    assert (line["why"], line["method"], line["route"]) == (why, "GET", "/metrics")
    assert (line["principal"], line["ip"]) == (token.id if known else "-", ADDRESS)
    assert text not in json.dumps(lines)


def test_who_issued_and_who_revoked_a_token_is_kept_with_it_and_logged(world: World) -> None:
    with written() as lines:
        text, token = parts.tokens.issue(Role.VIEWER, "x", by="arn:aws:iam::1:user/ada")
        parts.tokens.revoke(token.id, by="arn:aws:iam::1:user/grace")
    assert only(lines, "token.issued")["by"].endswith("ada")
    assert only(lines, "token.revoked")["by"].endswith("grace")
    kept = world.token_store.find(token.hash)
    assert kept is not None
    assert (kept.issued_by[-3:], kept.revoked_by[-5:]) == ("ada", "grace")
    assert text not in json.dumps(lines)


def test_a_requests_keys_are_gone_after_it(world: World) -> None:
    with written() as lines:
        world.create()
        parts.tokens.issue(Role.VIEWER, "x")
    assert not TRACED & set(only(lines, "token.issued"))
