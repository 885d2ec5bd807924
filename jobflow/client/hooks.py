"""Describe the requests about webhooks as data. Pure: nothing is sent here."""

from collections.abc import Sequence
from typing import Any

from jobflow import models as m
from jobflow.client.calls import Call, because, only
from jobflow.client.encoding import as_body, in_path


def every() -> Call[m.WebhookList]:
    """Read all webhooks."""
    return Call("GET", "/webhooks", m.WebhookList, repeatable=True)


def get(name: str) -> Call[m.WebhookRow]:
    """Read a webhook."""
    return Call("GET", _path(name), m.WebhookRow, repeatable=True)


def settings_of(url: str, types: Sequence[str], tags: Sequence[str], statuses: Sequence[str]) -> dict[str, Any]:
    """Return the settings of a webhook in the API's form."""
    if wrong := [one for one in (types, tags, statuses) if isinstance(one, str)]:
        raise TypeError(f"types, tags and statuses are lists: write [{wrong[0]!r}].")
    return {"url": url, "types": list(types), "tags": list(tags), "statuses": list(statuses)}


def create(name: str, settings: dict[str, Any], reason: str = "") -> Call[m.NewSecret]:
    """Register a webhook. Not repeatable: the second request would find the name taken."""
    return Call("POST", "/webhooks", m.NewSecret, body=as_body({"name": name, **settings, **because(reason)}))


def change(name: str, settings: dict[str, Any], reason: str = "") -> Call[m.WebhookRow]:
    """Replace the settings of a webhook."""
    return Call("PUT", _path(name), m.WebhookRow, body=as_body(settings | because(reason)), repeatable=True)


def delete(name: str, reason: str = "") -> Call[m.WebhookRow]:
    """Delete a webhook."""
    return Call("DELETE", _path(name), m.WebhookRow, body=only(reason))


def rotate(name: str, reason: str = "") -> Call[m.NewSecret]:
    """Give a webhook another secret. Not repeatable: the secret of the first request would be lost."""
    return Call("POST", f"{_path(name)}/rotate", m.NewSecret, body=as_body(because(reason)))


def enable(name: str, reason: str = "") -> Call[m.WebhookRow]:
    """Enable a webhook that was disabled."""
    return Call("POST", f"{_path(name)}/enable", m.WebhookRow, body=as_body(because(reason)), repeatable=True)


def deliveries(name: str, cursor: str | None, state: str | None) -> Call[m.DeliveryPage]:
    """Read a page of the deliveries to a webhook, newest first."""
    query = {"cursor": cursor, "state": state}
    return Call("GET", f"{_path(name)}/deliveries", m.DeliveryPage, query=query, repeatable=True)


def send_again(name: str, delivery_id: str, reason: str = "") -> Call[m.DeliveryRow]:
    """Send the message of a delivery again. Not repeatable: a delivered message would be sent twice."""
    path = f"{_path(name)}/deliveries/{in_path(delivery_id)}/send-again"
    return Call("POST", path, m.DeliveryRow, body=as_body(because(reason)))


def _path(name: str) -> str:
    return f"/webhooks/{in_path(name)}"
