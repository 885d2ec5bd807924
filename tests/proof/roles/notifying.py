"""Simulate the function that makes the deliveries to webhooks, the one that posts them, and their receivers."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from chalicelib.errors import PermanentError, RetryLater
from chalicelib.job_types.constants import DELIVER
from chalicelib.job_types.context import JobContext
from chalicelib.jobs.job import TERMINAL, Job, Status
from chalicelib.producing.service import JobService
from chalicelib.webhooks import rule
from chalicelib.webhooks.deliver import Deliverer
from chalicelib.webhooks.maker import DeliveryMaker
from chalicelib.webhooks.memory import MemorySecrets
from chalicelib.webhooks.payload import Delivery
from chalicelib.webhooks.port import WebhookSecrets
from chalicelib.webhooks.post import Answer, Poster
from chalicelib.webhooks.signature import Secret, new_secret
from chalicelib.webhooks.webhook import EVERY_TYPE, Webhook
from tests.proof.grounds.faults import DYNAMODB, Faulty
from tests.proof.roles.script import ScriptedFunction, declare
from tests.proof.roles.telling import Telling

WEBHOOKS = ("billing", "audit")
URL = "https://hooks.example.com/"
SECRET = new_secret()
End = tuple[str, int, str, str]
"""Job id, generation, status, and the name of the webhook that is told."""


class Message(Delivery):
    """The payload of a delivery, with the fields of every payload of the proof."""

    name: str = ""
    ballast: str = ""


@dataclass
class Receivers:
    """The receivers of the webhooks. Each answers 200, or first the statuses in `answers`."""

    answers: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    got: list[tuple[End, str, int]] = field(default_factory=list)
    """The end that each message tells, its webhook-id, and the answer."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Take a message."""
        name = url.removeprefix(URL)
        status = self.answers[name].pop(0) if self.answers[name] else 200
        self.got.append((_end(json.loads(body), name), headers["webhook-id"], status))
        return Answer(status, b"")


@dataclass
class Notifying(Telling):
    """Makes a delivery to each of two webhooks for each end, and posts them."""

    receivers: Receivers = field(default_factory=Receivers)

    def __post_init__(self) -> None:
        world = self.world
        world.ground.open(DELIVER)
        world.kinds[DELIVER] = declare(ScriptedFunction(world), DELIVER, Message)
        world.always[""] = "post"
        world.watchdog.types = [*world.ground.types]
        self._webhooks, secrets = world.ground.webhooks(), MemorySecrets()
        for name in WEBHOOKS:
            with world.ground.faults.asleep():
                self._webhooks.add(Webhook(name, f"{URL}{name}", (EVERY_TYPE,), registration=name, writer=name))
            secrets.put(name, [Secret(SECRET)])
        self._secrets = cast("WebhookSecrets", Faulty(secrets, world.ground.faults, DYNAMODB))
        store, queue, clock = world.ground.store, world.ground.queue, world.clock_of("followup")
        service = JobService(store, queue, clock=clock, sleep=world.clock.advance)
        # one after the other, so that a run can be repeated
        self._maker: Any = DeliveryMaker(service, self._webhooks, side_by_side=1)

    def post(self, ctx: JobContext) -> None:
        """Deliver one message, in an attempt whose worker may die at each request."""
        world, token = self.world, (ctx.job.id, *ctx.job.token)
        poster = cast("Poster", Faulty(self.receivers, world.ground.faults, "the receiver"))
        clock = world.clock_of(world.worker)
        payload = Message.model_validate(ctx.job.payload)
        disabled, before = payload.webhook in self._disabled(), len(self.receivers.got)
        try:
            Deliverer(self._webhooks, self._secrets, poster, clock, world.rng.uniform).deliver(payload, ctx.job)
        except RetryLater:
            world.runs[token] = "later"
            raise
        except PermanentError:
            world.runs[token] = "perm"
            raise
        finally:
            if disabled and len(self.receivers.got) > before:
                world.wrong.append(f"I40 {payload.webhook} is disabled, and got a message")

    def _disabled(self) -> set[str]:
        with self.world.ground.faults.asleep():
            return {one.webhook.name for one in self._webhooks.all() if one.state.disabled_at is not None}

    def repair(self) -> None:
        """Run the nightly check of ended jobs."""
        self._maker.repair([job for job in self.world.ground.jobs() if job.terminal])

    def broken(self) -> Iterator[str]:
        """Check I38: for each end and webhook there is one delivery, and none without an end.

        And I40: its receiver has accepted each end, under one webhook-id, unless it wants no more messages (410).
        """
        jobs = {job.id: job for job in self.world.ground.jobs()}
        ends = {
            (job_id, new.gen, str(new.status), name)
            for job_id, old, new in self.world.ground.writes()
            if new.status in TERMINAL and old is not None and old.status not in TERMINAL
            and job_id in jobs and jobs[job_id].type != DELIVER
            for name in WEBHOOKS
        }  # fmt: skip
        gone = {end[3] for end, _, status in self.receivers.got if rule.is_gone(status)}
        disabled = self._disabled()
        for name in disabled - gone:
            yield f"I40 {name} is disabled, and its receiver has never answered 410"
        made = Counter(_told(job) for job in jobs.values() if job.type == DELIVER)
        for end, number in made.items():
            if number > 1:
                yield f"I38 {end} is delivered {number} times"
            if end not in ends:
                yield f"I38 {end} is delivered, and has not ended so"
        # an operator may have stopped a delivery, and workers may have died in each of its attempts (I22)
        given_up = {
            _told(job)
            for job in jobs.values()
            if job.type == DELIVER and job.status in (Status.CANCELLED, Status.DEAD_LETTER)
        }
        owed = {end for end in ends if end[3] not in gone & disabled}
        for end in owed - made.keys():
            yield f"I38 {end} has ended, and is not delivered"
        for end in owed - given_up - {end for end, _, status in self.receivers.got if status < 300}:
            yield f"I40 {end} was not accepted by its receiver"
        ids = defaultdict(set)
        for end, message, _ in self.receivers.got:
            ids[end].add(message)
        for end, different in ids.items():
            if len(different) > 1:
                yield f"I40 {end} came under {len(different)} ids"


def _told(delivery: Job) -> End:
    payload: Any = delivery.payload
    return _end(payload["body"], payload["webhook"])


def _end(body: Any, webhook: str) -> End:
    data = body["data"]
    return data["job_id"], data["run"], data["status"], webhook
