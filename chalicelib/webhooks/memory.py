"""Store webhooks in memory; the contract tests of DynamoDB check this store too."""

import threading
from collections.abc import Sequence

from chalicelib.webhooks.signature import Secret
from chalicelib.webhooks.webhook import Registered, State, Webhook


class MemoryWebhooks:
    """Webhooks in a dict; one lock makes each write atomic."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Webhook] = {}
        self._states: dict[str, State] = {}

    def all(self) -> Sequence[Registered]:
        """See Webhooks."""
        return [self._whole(self._kept[name]) for name in sorted(self._kept)]

    def find(self, name: str) -> Registered | None:
        """See Webhooks."""
        return self._whole(self._kept[name]) if name in self._kept else None

    def add(self, webhook: Webhook) -> bool:
        """See Webhooks."""
        with self._lock:
            return self._kept.setdefault(webhook.name, webhook).writer == webhook.writer

    def replace(self, seen: Webhook, changed: Webhook) -> bool:
        """See Webhooks."""
        with self._lock:
            found = self._kept.get(seen.name)
            if found is not None and found.writer == seen.writer:
                found = self._kept[seen.name] = changed
            return found is not None and found.writer == changed.writer

    def remove(self, seen: Webhook) -> bool:
        """See Webhooks."""
        with self._lock:
            found = self._kept.get(seen.name)
            if found is not None and found.writer == seen.writer:
                del self._kept[seen.name]
            return found is None or found.writer == seen.writer

    def set_state(self, webhook: Webhook, seen: State, after: State) -> bool:
        """See Webhooks."""
        with self._lock:
            found = self._states.get(webhook.registration, State())
            if found.number == seen.number:
                found = self._states[webhook.registration] = after
            return (found.number, found.writer) == (after.number, after.writer)

    def _whole(self, webhook: Webhook) -> Registered:
        return Registered(webhook, self._states.get(webhook.registration, State()))


class MemorySecrets:
    """Secrets in a dict."""

    def __init__(self) -> None:
        self._kept: dict[str, Sequence[Secret]] = {}

    def put(self, registration: str, kept: Sequence[Secret]) -> None:
        """See WebhookSecrets."""
        self._kept[registration] = kept

    def get(self, registration: str) -> Sequence[Secret]:
        """See WebhookSecrets."""
        return self._kept.get(registration, ())

    def recent(self, registration: str, rotated_at: float) -> Sequence[Secret]:  # noqa: ARG002 - it keeps no copy
        """See WebhookSecrets."""
        return self.get(registration)

    def delete(self, registration: str) -> None:
        """See WebhookSecrets."""
        self._kept.pop(registration, None)
