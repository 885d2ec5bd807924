"""Store webhooks on the control table: a row each, and a row for the state of each receiver.

The states are in a partition of their own: the function that delivers may write states, and no webhook.
"""

import time
from collections.abc import Sequence
from typing import Any

from pynamodb.attributes import ListAttribute
from pynamodb.exceptions import DeleteError, PutError, UpdateError
from pynamodb.models import Model

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.schema import WEBHOOK_STATES, WEBHOOKS
from chalicelib.jobs.retention import KEEP_MARKS, KEEP_WEBHOOK_STATES
from chalicelib.settings import Settings
from chalicelib.webhooks import events
from chalicelib.webhooks.webhook import Registered, State, Webhook

LISTS = ("types", "tags", "statuses")
FIELDS = ("url", "registration", "created_at", "updated_at", "created_by", "rotated_at", "told_since",
          "rotating_since", "writer")  # fmt: skip
STATE = ("failures", "failing_since", "closed_until", "disabled_at", "why", "number", "writer")


class WebhookRow(Model):
    """A webhook."""

    pk = Text(hash_key=True, default=WEBHOOKS)
    sk = Text(range_key=True)
    url = Text()
    types = ListAttribute(of=Text)
    tags = ListAttribute(of=Text)
    statuses = ListAttribute(of=Text)
    registration = Text()
    created_at = Seconds()
    updated_at = Seconds()
    created_by = Text()
    rotated_at = Seconds()
    told_since = Seconds()
    rotating_since = Seconds(null=True)
    writer = Text()


class WebhookStateRow(Model):
    """The state of a webhook's receiver; its key is the registration."""

    pk = Text(hash_key=True, default=WEBHOOK_STATES)
    sk = Text(range_key=True)
    failures = Whole()
    failing_since = Seconds(null=True)
    closed_until = Seconds(null=True)
    disabled_at = Seconds(null=True)
    why = Text(null=True)
    number = Whole()
    writer = Text()
    expires_at = Whole(null=True)


class DynamoWebhooks:
    """See the port Webhooks."""

    def __init__(self, settings: Settings) -> None:
        table = binding.control(settings)
        self._rows, self._states = table.bind(WebhookRow), table.bind(WebhookStateRow)

    def all(self) -> Sequence[Registered]:
        """See Webhooks. A stage without webhooks takes half a read unit."""
        found = [_webhook(row) for row in self._rows.query(WEBHOOKS, consistent_read=True)]
        if not found:
            return []
        states = {row.sk: _state(row) for row in self._states.query(WEBHOOK_STATES, consistent_read=True)}
        return [Registered(one, states.get(one.registration, State())) for one in found]

    def find(self, name: str) -> Registered | None:
        """See Webhooks."""
        try:
            found = _webhook(self._rows.get(WEBHOOKS, name, consistent_read=True))
        except self._rows.DoesNotExist:
            return None
        return Registered(found, self._state(found.registration))

    def add(self, webhook: Webhook) -> bool:
        """See Webhooks."""
        return self._put(webhook, WebhookRow.pk.does_not_exist())

    def replace(self, seen: Webhook, changed: Webhook) -> bool:
        """See Webhooks."""
        return self._put(changed, WebhookRow.writer == seen.writer)

    def remove(self, seen: Webhook) -> bool:
        """See Webhooks."""
        try:
            self._rows(WEBHOOKS, seen.name).delete(WebhookRow.pk.does_not_exist() | (WebhookRow.writer == seen.writer))
        except DeleteError as error:
            if not refused(error):
                raise
            return False
        self._end(seen.registration)
        return True

    def set_state(self, webhook: Webhook, seen: State, after: State) -> bool:
        """See Webhooks."""
        row = self._states(sk=webhook.registration, **{name: getattr(after, name) for name in STATE})
        if after.disabled_at is None:  # otherwise the webhook would be enabled by itself at that time
            row.expires_at = round(time.time() + KEEP_WEBHOOK_STATES)
        unseen = WebhookStateRow.pk.does_not_exist()
        try:
            row.save(condition=WebhookStateRow.number == seen.number if seen.number else unseen)
        except PutError as error:
            if not refused(error):
                raise
            # If the reply to this write was lost, the SDK has repeated the write, and only the repetition was refused.
            found = self._state(webhook.registration)
            return found.number == after.number and found.writer == after.writer
        return True

    def _end(self, registration: str) -> None:
        """Let the state of a deleted webhook expire. If the process dies before, this one small row stays."""
        row = self._states(WEBHOOK_STATES, registration)
        ends = self._states.expires_at.set(round(time.time() + KEEP_MARKS))
        try:
            row.update(actions=[ends], condition=self._states.pk.exists())
        except UpdateError as error:
            if not refused(error):  # the webhook is deleted: an error would only tell the caller that it is not
                events.state_kept(registration, error)

    def _state(self, registration: str) -> State:
        try:
            return _state(self._states.get(WEBHOOK_STATES, registration, consistent_read=True))
        except self._states.DoesNotExist:
            return State()

    def _put(self, webhook: Webhook, condition: Any) -> bool:
        lists: dict[str, Any] = {name: list(getattr(webhook, name)) for name in LISTS}
        row = self._rows(sk=webhook.name, **lists, **{name: getattr(webhook, name) for name in FIELDS})
        try:
            row.save(condition=condition)
        except PutError as error:
            if not refused(error):
                raise
            # If the reply to this write was lost, the SDK has repeated the write, and only the repetition was refused.
            found = self.find(webhook.name)
            return found is not None and found.webhook.writer == webhook.writer
        return True


def _webhook(row: WebhookRow) -> Webhook:
    lists: dict[str, Any] = {name: tuple(map(str, getattr(row, name) or ())) for name in LISTS}
    return Webhook(name=row.sk, **lists, **{name: getattr(row, name) for name in FIELDS})


def _state(row: WebhookStateRow) -> State:
    return State(**{name: getattr(row, name) for name in STATE})
