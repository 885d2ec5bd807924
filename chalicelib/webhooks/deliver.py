"""Deliver one message: post it unless its webhook is disabled or paused, and store whether the receiver works."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.errors import JobFlowError, PermanentError, RetryLater, SecretUnavailable, StoreUnavailable
from chalicelib.jobs.change import new_writer
from chalicelib.jobs.job import Job
from chalicelib.jobs.trace import HEADER, carried, write
from chalicelib.telemetry.redaction import hide, without_secrets
from chalicelib.webhooks import events, rule
from chalicelib.webhooks.constants import FIRST_PAUSE, LONGEST_ANSWER, SPREAD, STATE_WRITES
from chalicelib.webhooks.payload import Delivered, Delivery
from chalicelib.webhooks.port import Webhooks, WebhookSecrets
from chalicelib.webhooks.post import NotPosted, Poster
from chalicelib.webhooks.rule import Go
from chalicelib.webhooks.signature import PREFIX, headers
from chalicelib.webhooks.webhook import Registered, State

AGENT = "JobFlow-Webhooks/1"


class WebhookRemoved(PermanentError):
    """The webhook of a delivery was deleted."""


class WebhookDisabled(PermanentError):
    """The webhook of a delivery is disabled. After it is enabled, the delivery can be sent again."""


class DeliveryFailed(JobFlowError):
    """The receiver did not accept a message; `str` has its answer."""


@dataclass(frozen=True)
class Deliverer:
    """Delivers messages."""

    webhooks: Webhooks
    secrets: WebhookSecrets
    poster: Poster
    clock: Callable[[], float] = time.time
    chance: Callable[[float, float], float] = random.uniform

    def deliver(self, payload: Delivery, job: Job) -> Delivered:
        """Post the message of the delivery `job`.

        Raises RetryLater while deliveries to the receiver pause, and DeliveryFailed. Raises WebhookDisabled and
        WebhookRemoved, and the errors of AWS that are not charged as an attempt.
        """
        one = self._to_send(payload, job)
        began, message = time.monotonic(), payload.message or job.id
        why, gone, delivered = self._posted(one, message, payload, carried(job))
        took = round(time.monotonic() - began, 2)
        status = why.partition(":")[0] if why.startswith("HTTP ") else "no answer"
        events.attempted(payload.webhook, message, "delivered" if delivered else status, took)
        if delivered is not None:
            self._worked(one)
            return delivered
        self._failed(one, why, gone=gone)
        raise DeliveryFailed(why)

    def _to_send(self, payload: Delivery, job: Job) -> Registered:
        one = self._found(payload)
        now = self.clock()
        match rule.may_send(one.state, now):
            case Go.DISABLED:
                raise WebhookDisabled(f"The webhook {payload.webhook} is disabled: {one.state.why}")
            case Go.WAIT:
                # after a manual retry, the age says nothing about how often the delivery was turned away
                age = now - job.created_at if job.gen == 1 else 0.0
                raise self._later(payload, rule.turned_away(one.state, now, age))
            case Go.TRY:
                trying = self._try(one, now)
                if trying is None:
                    raise self._later(payload, FIRST_PAUSE)  # another delivery tries the receiver
                return Registered(one.webhook, trying)
            case Go.SEND:
                return one

    def _try(self, one: Registered, now: float) -> State | None:
        """Return the state in which this delivery tries the receiver; None if another delivery tries it."""
        trying = replace(rule.tried(one.state, now), writer=new_writer())
        try:
            return trying if self.webhooks.set_state(one.webhook, one.state, trying) else None
        except Exception as error:
            events.state_unwritten(one.webhook.name, error)
            return None

    def _found(self, payload: Delivery) -> Registered:
        try:
            one = self.webhooks.find(payload.webhook)
        except Exception as error:
            raise StoreUnavailable(f"The webhook cannot be read: {type(error).__name__}") from error
        if one is None or one.webhook.registration != payload.registration:
            raise WebhookRemoved(f"The webhook {payload.webhook} was deleted.")
        return one

    def _later(self, payload: Delivery, wait: float) -> RetryLater:
        seconds = max(1.0, wait) * self.chance(1.0, SPREAD)
        return RetryLater(seconds, f"The receiver of {payload.webhook} fails; the next message to it is tried later.")

    def _posted(
        self, one: Registered, message: str, payload: Delivery, context: bytes | None
    ) -> tuple[str, bool, Delivered | None]:
        """Return why the message was not accepted, whether the receiver wants no more messages, or else its answer.

        With a trace context, the receiver gets the trace and the span of this attempt.
        """
        body = json.dumps(payload.body, separators=(",", ":"), ensure_ascii=False).encode()
        sent = {**self._signed(one, message, body), "Content-Type": "application/json", "User-Agent": AGENT}
        if context is not None:
            sent[HEADER] = write(context)
        try:
            answer = self.poster.post(one.webhook.url, body, sent)
        except NotPosted as error:
            return str(error), False, None
        text = without_secrets(_text(answer.body))[:LONGEST_ANSWER]
        if rule.is_accepted(answer.status):
            return "", False, Delivered(status=answer.status, answer=text)
        return f"HTTP {answer.status}: {text}" if text else f"HTTP {answer.status}", rule.is_gone(answer.status), None

    def _signed(self, one: Registered, message: str, body: bytes) -> dict[str, str]:
        try:
            kept = self.secrets.recent(one.webhook.registration, one.webhook.rotated_at)
        except Exception as error:
            raise SecretUnavailable(f"The secret of the webhook cannot be read: {type(error).__name__}") from error
        if not kept:
            raise SecretUnavailable("The webhook has no secret yet: rotate it if this does not end within a minute.")
        for secret in kept:
            hide("of the webhook", secret.text)
            hide("of the webhook", secret.text.removeprefix(PREFIX))
        return headers(kept, message, self.clock(), body)

    def _worked(self, one: Registered) -> None:
        if one.state.failures:
            # another delivery, or a deletion, may have disabled it meanwhile
            self._write(one, lambda state: None if state.disabled_at is not None else rule.anew(state))

    def _failed(self, one: Registered, why: str, *, gone: bool) -> None:
        now = self.clock()
        told = rule.GONE_WHY if gone else f"{rule.FAILED_WHY} The last one: {why}"[:LONGEST_ANSWER]

        def after(state: State) -> State | None:
            # Deliveries that were under way when the pause began must not make it longer.
            paused = state.number != one.state.number and rule.may_send(state, now) in (Go.WAIT, Go.DISABLED)
            if state.disabled_at is not None or (paused and not gone):
                return None
            return rule.failed(state, now, told, gone=gone)

        stored = self._write(one, after)
        if stored is None:
            return
        if stored.disabled_at is not None:
            events.disabled(one.webhook.name, rule.GONE_WHY if gone else rule.FAILED_WHY)
            raise WebhookDisabled(f"The webhook {one.webhook.name} is disabled: {stored.why}")
        if rule.is_failing(stored, now):
            events.failing(one.webhook.name, stored.failures)

    def _write(self, one: Registered, after: Callable[[State], State | None]) -> State | None:
        """Write what follows from the receiver's state, which other deliveries write at the same time.

        Return the state as it was written; None if nothing follows, if the webhook has another URL or was deleted
        meanwhile, or if the write failed.
        """
        seen = one
        try:
            for _ in range(STATE_WRITES):
                changed = after(seen.state)
                if changed is None:
                    return None
                changed = replace(changed, writer=new_writer())
                if self.webhooks.set_state(seen.webhook, seen.state, changed):
                    return changed
                found = self.webhooks.find(seen.webhook.name)
                if found is None or _receiver(found) != _receiver(one):
                    return None
                seen = found
        except Exception as error:  # the message was accepted or not, whatever happens to the state
            events.state_unwritten(one.webhook.name, error)
        return None


def _receiver(one: Registered) -> tuple[str, str]:
    return one.webhook.registration, one.webhook.url


def _text(body: bytes) -> str:
    """Return the beginning of an answer as one line of printable text."""
    text = " ".join(body[: 4 * LONGEST_ANSWER].decode("utf-8", "replace").split())
    return "".join(char if char.isprintable() else "�" for char in text)
