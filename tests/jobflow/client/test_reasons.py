"""Test that a program can say why it changes something, whatever it changes, with both clients and the assistant."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import pytest

from chalicelib import AtMost
from chalicelib.api.http.endpoint import Audited
from chalicelib.api.routes import all_endpoints
from chalicelib.assembly import parts
from chalicelib.jobs.job import Status
from jobflow import JobFlow, NewJob
from jobflow.assistant.steering import Steering
from tests.chalicelib.api.support import NOTE, World, only_types
from tests.chalicelib.webhooks.support import DELIVERING, a_delivery
from tests.jobflow.support import Wire, client_of

URL, GROUP, TO = "https://hooks.example.com/in", "5d41402abc4b", {"to": ["a@example.com"]}
WHY = "asked for by the customer"
LIMIT = "1.test.limited"
OTHER_WAYS = {
    "view.save": "the console saves views", "view.delete": "the console deletes views",
    "session.begin": "people sign in with the console", "session.end": "people sign out with the console",
}  # fmt: skip


@pytest.fixture(autouse=True)
def types(world: World) -> Iterator[None]:
    with only_types(NOTE, DELIVERING, replace(NOTE, name="test.limited", limits=(AtMost(3),))):
        yield


@dataclass
class Given:
    """One stage with something of each kind, and a client of it."""

    world: World
    client: JobFlow

    def job(self, status: Status = Status.QUEUED) -> str:
        job = self.world.create()
        self.world.put_in(job, status, fingerprint=GROUP)
        return job

    def batch(self) -> str:
        return self.client.open_batch().id

    def schedule(self) -> str:
        self.client.create_schedule("weekly", "test.note", "0 6 * * 1", TO)
        return "weekly"

    def webhook(self) -> str:
        self.client.create_webhook("billing", URL)
        return "billing"

    def delivery(self) -> tuple[str, str]:
        name = self.webhook()
        delivery = a_delivery(parts.job_service, parts.webhook_service.get(name).webhook)
        self.world.put_in(delivery.id, Status.FAILED, error_class="DeliveryFailed", error_message="HTTP 500")
        return name, delivery.id

    def bulk(self) -> str:
        for _ in range(30):
            self.job(Status.FAILED)
        return self.client.start_bulk("retry", everything=True).id

    def failed(self) -> str:
        self.job(Status.FAILED)
        return GROUP


CALLS: Mapping[str, Callable[[Given], object]] = {
    "job.retry": lambda on: on.client.retry(on.job(Status.FAILED), reason=WHY),
    "job.cancel": lambda on: on.client.cancel(on.job(), reason=WHY),
    "job.run-now": lambda on: on.client.run_now(on.job(Status.SCHEDULED), reason=WHY),
    "job.event": lambda on: on.client.event(on.job(), "approved", reason=WHY),
    "job.discard": lambda on: on.client.discard(on.job(Status.FAILED), reason=WHY),
    "job.delete": lambda on: on.client.delete(on.job(Status.FAILED), reason=WHY),
    "erasure.start": lambda on: on.client.erase("acme", reason=WHY),
    "bulk.retry": lambda on: on.client.start_bulk("retry", [on.job(Status.FAILED)], reason=WHY),
    "bulk.stop": lambda on: on.client.stop_bulk(on.bulk(), reason=WHY),
    "dead-letters.redrive": lambda on: on.client.redrive(everything=True, reason=WHY),
    "jobs.retry": lambda on: on.client.retry_many([on.job(Status.FAILED)], reason=WHY),
    "jobs.cancel": lambda on: on.client.cancel_many(type="test.note", reason=WHY),
    "batch.close": lambda on: on.client.close_batch(on.batch(), 0, reason=WHY),
    "batch.cancel": lambda on: on.client.cancel_batch(on.batch(), reason=WHY),
    "batch.retry": lambda on: on.client.retry_batch(on.batch(), reason=WHY),
    "job-type.pause": lambda on: on.client.pause("test.note", WHY),
    "job-type.resume": lambda on: on.client.resume("test.note", WHY),
    "limit.set": lambda on: on.client.set_limit(LIMIT, 0, reason=WHY),
    "limit.reset": lambda on: on.client.reset_limit(LIMIT, reason=WHY),
    "webhook.create": lambda on: on.client.create_webhook("billing", URL, reason=WHY),
    "webhook.change": lambda on: on.client.change_webhook(on.webhook(), URL, reason=WHY),
    "webhook.delete": lambda on: on.client.delete_webhook(on.webhook(), reason=WHY),
    "webhook.rotate": lambda on: on.client.rotate_webhook(on.webhook(), reason=WHY),
    "webhook.enable": lambda on: on.client.enable_webhook(on.webhook(), reason=WHY),
    "webhook.send-again": lambda on: on.client.send_again(*on.delivery(), reason=WHY),
    "schedule.create": lambda on: on.client.create_schedule("daily", "test.note", "@daily", TO, reason=WHY),
    "schedule.change": lambda on: on.client.change_schedule(on.schedule(), "test.note", "@daily", TO, reason=WHY),
    "schedule.delete": lambda on: on.client.delete_schedule(on.schedule(), reason=WHY),
    "schedule.pause": lambda on: on.client.pause_schedule(on.schedule(), reason=WHY),
    "schedule.resume": lambda on: on.client.resume_schedule(on.schedule(), reason=WHY),
    "schedule.run": lambda on: on.client.run_schedule(on.schedule(), reason=WHY),
    "session.revoke": lambda on: on.client.revoke_sessions("oidc:0f1e2d3c:ada", reason=WHY),
    "error.acknowledge": lambda on: on.client.acknowledge(on.failed(), reason=WHY),
    "error.resolve": lambda on: on.client.resolve(on.failed(), reason=WHY),
    "error.reopen": lambda on: on.client.reopen(on.failed(), reason=WHY),
}


def test_each_recorded_action_has_a_call_with_a_reason() -> None:
    declared = {one.audit.action for one in all_endpoints() if isinstance(one.audit, Audited)}
    assert declared == {action if action in declared else action.partition(".")[0] for action in (*CALLS, *OTHER_WAYS)}


@pytest.mark.parametrize("action", CALLS)
def test_the_reason_of_a_call_is_in_the_audit_log(client: JobFlow, world: World, action: str) -> None:
    on = Given(world, client)
    CALLS[action](on)
    found = [one.reason for one in client.audit(action=action)]
    assert WHY in found


STEERED: Mapping[str, Callable[[Given, Steering], object]] = {
    "job.retry": lambda on, by: by.retry_job(on.job(Status.FAILED), reason=WHY),
    "job.cancel": lambda on, by: by.cancel_job(on.job(), reason=WHY),
    "job.run-now": lambda on, by: by.run_job_now(on.job(Status.SCHEDULED), reason=WHY),
    "job.event": lambda on, by: by.post_event(on.job(), "approved", reason=WHY),
    "dead-letters.redrive": lambda _on, by: by.redrive_dead_letters(expected=0, reason=WHY),
    "limit.set": lambda _on, by: by.set_limit(LIMIT, 0, reason=WHY),
    "limit.reset": lambda _on, by: by.reset_limit(LIMIT, reason=WHY),
    "webhook.send-again": lambda on, by: by.send_delivery_again(*on.delivery(), reason=WHY),
}


@pytest.mark.parametrize("action", STEERED)
def test_the_reason_of_a_tool_is_in_the_audit_log(wire: Wire, world: World, action: str) -> None:
    with client_of(wire) as client:
        by = Steering(client)
        STEERED[action](Given(world, client), by)
        assert [one.reason for one in client.audit(action=action)] == [WHY]
    assert len(by.tools()) == len(STEERED)


def test_a_batch_of_jobs_needs_no_reason(client: JobFlow) -> None:
    made = client.start_batch([NewJob("test.note", TO)])
    assert client.close_batch(made, 1).newest.total == 1
