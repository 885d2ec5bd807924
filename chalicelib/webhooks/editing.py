"""Implement the use cases over webhooks: register, change, rotate the secret, enable, delete, and their deliveries."""

import secrets
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.errors import FieldError, InvalidRequest, JobNotFound, WebhookConflict, WebhookNotFound
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import DELIVER, OF_BATCH
from chalicelib.job_types.lineage import Lineage
from chalicelib.jobs.change import new_writer
from chalicelib.jobs.job import RETRYABLE, Job, Status
from chalicelib.jobs.port import Filter, Page
from chalicelib.jobs.tenants import kept, shown, tenant_of
from chalicelib.jobs.trace import carried
from chalicelib.operating.operations import Operations
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission, key_of_place
from chalicelib.webhooks.address import url_problem
from chalicelib.webhooks.constants import MOST_WEBHOOKS, NAME_KNOWN, ROTATION_TAKES, STATE_WRITES
from chalicelib.webhooks.port import Webhooks, WebhookSecrets
from chalicelib.webhooks.rule import anew
from chalicelib.webhooks.signature import new_secret, rotated
from chalicelib.webhooks.webhook import DELETED, EVERY_TYPE, GONE, Registered, Webhook

MESSAGE = "message:"
"""Beginning of the tag of a message that is sent again: the webhook-id of the first one follows."""
ENDED = "ended:"
"""Beginning of the tag with the status that a delivery reports."""
REGISTRATION_BYTES = 8


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a webhook in a request."""

    url: str
    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentAgain:
    """A delivery that an operator sends again, and whether it is a new job: the first one had been delivered."""

    job: Job
    new: bool


@dataclass(frozen=True)
class WebhookService:
    """Manage webhooks, for administrators; `receiver` is the receiver of a local platform."""

    webhooks: Webhooks
    secrets: Callable[[], WebhookSecrets]
    jobs: JobService
    receiver: str = ""
    _known: dict[str, float] = field(default_factory=dict, compare=False, repr=False)

    def all(self) -> Sequence[Registered]:
        """Return every webhook, by name."""
        return self.webhooks.all()

    def get(self, name: str) -> Registered:
        """Return a webhook; raises WebhookNotFound."""
        found = self.webhooks.find(name)
        if found is None:
            raise WebhookNotFound(name)
        return found

    def create(self, name: str, asked: Settings, by: str) -> tuple[Registered, str]:
        """Register a webhook; return it with its secret, which cannot be read again.

        Raises InvalidRequest, and WebhookConflict if the name is taken or there are too many.
        """
        self._check(asked)
        if len(self.webhooks.all()) >= MOST_WEBHOOKS:
            raise WebhookConflict(f"There are {MOST_WEBHOOKS} webhooks, which is the maximum.")
        now, text = self.jobs.now(), new_secret()
        made = Webhook(
            name, asked.url, asked.types, asked.tags, asked.statuses, secrets.token_hex(REGISTRATION_BYTES), now, now,
            by, now, now, writer=new_writer(),
        )  # fmt: skip
        # First create the secret: a webhook without one could deliver nothing. If the process dies here, the secret
        # is left over, and no webhook has its registration.
        self.secrets().put(made.registration, rotated((), text, now))
        if not self.webhooks.add(made):
            self.secrets().delete(made.registration)
            raise WebhookConflict(f"There is a webhook with the name {name!r}.")
        return Registered(made), text

    def change(self, name: str, asked: Settings) -> Registered:
        """Change the settings of a webhook. Failures of an earlier URL do not count for a new one.

        Raises WebhookNotFound, InvalidRequest, WebhookConflict.
        """
        seen, now = self.get(name), self.jobs.now()
        self._check(asked, seen.webhook.types)
        filters: dict[str, Any] = {"types": asked.types, "tags": asked.tags, "statuses": asked.statuses}
        same = all(getattr(seen.webhook, field) == value for field, value in filters.items())
        after = replace(
            seen.webhook, url=asked.url, **filters, told_since=seen.webhook.told_since if same else now,
            updated_at=now, writer=new_writer(),
        )  # fmt: skip
        if asked.url != seen.webhook.url:
            # before the row: if the process dies here, a repeated request still finds the earlier URL
            seen = self._without_failures(seen)
        self._replace(seen.webhook, after)
        return replace(seen, webhook=after)

    def rotate(self, name: str) -> tuple[Registered, str]:
        """Give a webhook another secret; return it. The earlier one also signs for one more day.

        Raises WebhookNotFound, and WebhookConflict if another request rotates or deletes it at the same time.
        """
        seen, now, text = self.get(name), self.jobs.now(), new_secret()
        if (since := seen.webhook.rotating_since) is not None and now - since < ROTATION_TAKES:
            # Both requests would read the secrets before either writes them, and one new secret would sign nothing.
            raise WebhookConflict(f"Another request is rotating the secret of {name!r}: try again in a minute.")
        began = replace(seen.webhook, rotating_since=now, writer=new_writer())
        self._replace(seen.webhook, began)
        store = self.secrets()
        store.put(began.registration, rotated(store.get(began.registration), text, now))
        after = self._rotated(began, now)
        if after is None:
            store.delete(began.registration)
            raise _changing(name)
        return replace(seen, webhook=after), text

    def _rotated(self, began: Webhook, now: float) -> Webhook | None:
        """Store that the secret was rotated, also over other changes; None if the webhook was deleted meanwhile."""
        seen = began
        for _ in range(STATE_WRITES):
            after = replace(seen, rotating_since=None, rotated_at=now, updated_at=now, writer=new_writer())
            if self.webhooks.replace(seen, after):
                return after
            found = self.webhooks.find(began.name)
            if found is None or found.webhook.registration != began.registration:
                return None
            seen = found.webhook
        return seen  # the secret signs all the same, within minutes

    def enable(self, name: str) -> Registered:
        """Enable a webhook that was disabled, and end its pause.

        Raises WebhookNotFound, and WebhookConflict if its deletion was interrupted after the secret was deleted.
        """
        seen = self.get(name)
        if seen.state.why == DELETED and not self.secrets().get(seen.webhook.registration):
            raise WebhookConflict(f"The secret of {name!r} is deleted: rotate the secret first, then enable it.")
        if seen.state.disabled_at is not None:
            now = self.jobs.now()
            after = replace(seen.webhook, told_since=now, updated_at=now, writer=new_writer())
            self._replace(seen.webhook, after)
            seen = replace(seen, webhook=after)
        return self._anew(seen) if seen.state.failures or seen.state.disabled_at is not None else seen

    def delete(self, name: str) -> Registered:
        """Delete a webhook and its secret; return it. Deliveries that wait fail. Raises WebhookNotFound.

        First it is disabled, which everybody sees: if the process dies here, a repeated request still finds the webhook
        and deletes the rest. A delivery that is under way cannot write a state afterwards.
        """
        seen = self._closed(self.get(name))
        self.secrets().delete(seen.webhook.registration)
        if not self.webhooks.remove(seen.webhook):
            raise _changing(name)
        return replace(seen, state=replace(seen.state, why=GONE))

    def _closed(self, seen: Registered) -> Registered:
        for _ in range(STATE_WRITES):
            if seen.state.why == DELETED:
                return seen
            state = replace(
                seen.state, disabled_at=self.jobs.now(), why=DELETED, number=seen.state.number + 1, writer=new_writer()
            )
            if self.webhooks.set_state(seen.webhook, seen.state, state):
                return replace(seen, state=state)
            seen = self.get(seen.webhook.name)
        raise _changing(seen.webhook.name)

    def check_named(self, names: Sequence[str]) -> None:
        """Raise InvalidRequest if a job or a batch names a webhook that is not registered."""
        now = self.jobs.now()
        unknown = []
        for name in names:
            if now - self._known.get(name, float("-inf")) < NAME_KNOWN:
                continue
            if self.webhooks.find(name) is None:
                unknown.append(name)
            else:
                self._known[name] = now
        if unknown:
            registered = ", ".join(one.webhook.name for one in self.webhooks.all()) or "none"
            told = f"{', '.join(unknown)}: not registered; registered are: {registered}"
            raise InvalidRequest("The webhook is not registered.", [FieldError(("notify",), told)])

    def deliveries(self, name: str, limit: int, cursor: str | None) -> Page:
        """Return a page of the deliveries to a webhook, newest first, also of earlier registrations of its name.

        Raises WebhookNotFound, InvalidPosition.
        """
        self.get(name)
        return self.jobs.page(Filter(type=DELIVER, tenant=kept(name)), limit, cursor)

    def send_again(self, name: str, delivery_id: str, operations: Operations, correlation_id: str) -> SentAgain:
        """Send the message of a delivery again, under its webhook-id.

        A failed delivery is run again. For one that was delivered, a new delivery is made. Raises WebhookNotFound,
        JobNotFound, and WebhookConflict for a delivery that waits or runs, or was made for an earlier registration.
        """
        seen, found = self.get(name), self.jobs.store.get(delivery_id)
        if found.type != DELIVER or tenant_of(found.tags) != kept(name):
            raise JobNotFound(delivery_id)
        payload: Any = found.payload
        if payload["registration"] != seen.webhook.registration:
            raise WebhookConflict(f"The delivery was made for an earlier webhook with the name {name!r}.")
        if seen.state.disabled_at is not None:
            raise WebhookConflict(f"The webhook {name!r} is disabled: {seen.state.why} Enable it first.")
        if found.status in RETRYABLE:
            return SentAgain(operations.retry(delivery_id), new=False)
        if found.status is not Status.COMPLETED:
            raise WebhookConflict(f"The delivery is {found.status}: it will be sent, or is being sent.")
        message = payload.get("message") or found.id
        ended = [tag for tag in shown(found.tags) if tag.startswith((ENDED, OF_BATCH))]
        asked = Submission(
            DELIVER, {**payload, "message": message}, tags=(*ended, f"{MESSAGE}{message}"),
            idempotency_key=key_of_place(f"again {uuid.uuid4()}", found.gen), correlation_id=correlation_id,
            lineage=Lineage(found.parent or found.id, f"again {found.id}", found.root or found.id), of_end=True,
            trace=carried(found),
        )  # fmt: skip
        return SentAgain(self.jobs.submit(asked).job, new=True)

    def _check(self, asked: Settings, before: Sequence[str] = ()) -> None:
        """Raise if the settings are not valid. A type that it has `before` may have been removed from the code."""
        if DELIVER not in jobtype.names():
            raise WebhookConflict(
                f"This stage has no webhooks: its code does not declare the job type {DELIVER}. See docs/webhooks.md."
            )
        wrong = []
        if (why := url_problem(asked.url, self.receiver)) is not None:
            wrong.append(FieldError(("url",), why))
        known = [*(name for name in jobtype.names() if name != DELIVER), EVERY_TYPE]
        if unknown := [name for name in asked.types if name not in (*known, *before, DELIVER)]:
            wrong.append(FieldError(("types",), f"{', '.join(unknown)}: must be one of: {', '.join(known)}"))
        if DELIVER in asked.types:
            wrong.append(FieldError(("types",), f"{DELIVER}: a delivery is not delivered itself"))
        if asked.tags and not asked.types:
            wrong.append(FieldError(("tags",), f'limit the jobs of types; add "types": ["{EVERY_TYPE}"]'))
        if wrong:
            raise InvalidRequest("The webhook is not valid.", wrong)

    def _without_failures(self, seen: Registered) -> Registered:
        """Store that the receiver has not failed, unless the webhook is disabled; deliveries may write meanwhile."""
        webhook = seen.webhook
        for _ in range(STATE_WRITES):
            if seen.webhook.writer != webhook.writer:
                break
            if seen.state.disabled_at is not None or not seen.state.failures:
                return seen
            with suppress(WebhookConflict):
                return self._anew(seen)
            seen = self.get(webhook.name)
        raise _changing(webhook.name)

    def _anew(self, seen: Registered) -> Registered:
        after = replace(anew(seen.state), writer=new_writer())
        if not self.webhooks.set_state(seen.webhook, seen.state, after):
            raise _changing(seen.webhook.name)
        return replace(seen, state=after)

    def _replace(self, seen: Webhook, after: Webhook) -> None:
        if not self.webhooks.replace(seen, after):
            raise _changing(seen.name)


def _changing(name: str) -> WebhookConflict:
    return WebhookConflict(f"The webhook {name!r} was changed at the same time; read it and try again.")
