"""Declare the stores of webhooks and of their secrets as Protocols; the adapters of each pass one contract suite."""

from collections.abc import Sequence
from typing import Protocol

from chalicelib.webhooks.signature import Secret
from chalicelib.webhooks.webhook import Registered, State, Webhook


class Webhooks(Protocol):
    """Store webhooks, and the states of their receivers. All reads are strongly consistent."""

    def all(self) -> Sequence[Registered]:
        """Return every webhook with its state, by name."""

    def find(self, name: str) -> Registered | None:
        """Return a webhook with its state."""

    def add(self, webhook: Webhook) -> bool:
        """Store a new webhook; False if its name is taken."""

    def replace(self, seen: Webhook, changed: Webhook) -> bool:
        """Replace a webhook if it is unchanged since it was read; False if it has changed or was deleted."""

    def remove(self, seen: Webhook) -> bool:
        """Remove the webhook; False if it has changed meanwhile. A deleted webhook is not an error.

        Its state stays for a day, so that a delivery that is under way cannot begin a new one.
        """

    def set_state(self, webhook: Webhook, seen: State, after: State) -> bool:
        """Write the state of a receiver if it is unchanged since it was read; False if it has changed."""


class WebhookSecrets(Protocol):
    """Store the secrets of webhooks, by the registration of each."""

    def put(self, registration: str, kept: Sequence[Secret]) -> None:
        """Store the secrets of a webhook, the newest first."""

    def get(self, registration: str) -> Sequence[Secret]:
        """Return the secrets of a webhook, as they are now; empty if there are none."""

    def recent(self, registration: str, rotated_at: float) -> Sequence[Secret]:
        """Return the secrets of a webhook as they were at most five minutes ago, and not before this rotation."""

    def delete(self, registration: str) -> None:
        """Delete the secrets of a webhook. A deleted secret is not an error."""
