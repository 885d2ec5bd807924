"""Verify the messages that JobFlow sends to a webhook, with the standard library only."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

PREFIX = "whsec_"
TOLERANCE = 300.0
"""Seconds by which the time of a message may differ from this machine's clock."""


class WebhookRefused(ValueError):
    """A message is not from JobFlow, or is too old; the text says why. Answer it with 400."""


def verify(
    body: bytes | str,
    headers: Mapping[str, str],
    secret: str | Sequence[str],
    *,
    tolerance: float = TOLERANCE,
    now: float | None = None,
) -> Any:
    """Return the message, if it was signed with the secret (or with one of several) and is at most `tolerance` s old.

    `body` is the body as it was received, not parsed and serialized again; header names in any case. The header
    `webhook-id` is the same for each repetition of a message. Raises WebhookRefused.

    Source: Standard Webhooks, https://www.standardwebhooks.com
    """
    raw = body.encode() if isinstance(body, str) else body
    found = {name.lower(): value for name, value in headers.items()}
    message, at, signatures = (found.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not (message and at and signatures):
        raise WebhookRefused("webhook-id, webhook-timestamp or webhook-signature is missing")
    if not (at.isascii() and at.isdecimal() and len(at) < 13):
        raise WebhookRefused("webhook-timestamp is not a number of seconds")
    signed = b".".join((message.encode(), at.encode(), raw))
    secrets = [secret] if isinstance(secret, str) else secret
    wanted = [hmac.digest(_key(one), signed, hashlib.sha256) for one in secrets]
    given = [_decoded(one.removeprefix("v1,")) for one in signatures.split() if one.startswith("v1,")]
    if not any(hmac.compare_digest(one, other) for one in wanted for other in given):
        raise WebhookRefused("no signature is by this secret")
    if abs((time.time() if now is None else now) - int(at)) > tolerance:
        raise WebhookRefused(f"the message is not from within {tolerance:g} seconds")
    return json.loads(raw)


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise ValueError("The secret is not one of JobFlow: it begins with whsec_.")
    return key


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
