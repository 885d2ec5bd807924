"""Make secrets, and sign messages.

Source: Standard Webhooks, https://www.standardwebhooks.com
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.webhooks.constants import MOST_SECRETS, ROTATING, SECRET_BYTES

PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that signs until `until` (epoch seconds; None: until it is rotated)."""

    text: str
    until: float | None = None


def new_secret() -> str:
    """Return a new secret: `whsec_` and 256 random bits in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def rotated(kept: Sequence[Secret], text: str, now: float) -> list[Secret]:
    """Return the secrets after a rotation: the earlier ones sign for one more day."""
    earlier = [Secret(one.text, now + ROTATING if one.until is None else one.until) for one in kept]
    return [Secret(text), *(one for one in earlier if (one.until or 0.0) > now)][:MOST_SECRETS]


def headers(kept: Sequence[Secret], message: str, at: float, body: bytes) -> dict[str, str]:
    """Return the headers of a message: its id, the time, and a signature by each secret that is valid at `at`."""
    seconds = str(int(at))
    signed = b".".join((message.encode(), seconds.encode(), body))
    valid = [one.text for one in kept if one.until is None or one.until > at]
    return {
        "webhook-id": message,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{_signature(text, signed)}" for text in valid),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
