"""Make the keys that sign jobs from one of yours, as `make deploy` does: CloudFormation cannot compute them."""

import base64
import hmac
from collections.abc import Iterable

MASTER = "SigningKey"


def keys_of(declared: Iterable[str], master: str) -> dict[str, str]:
    """Return the parameters of a template that are keys: the master key, and one for each job type (HKDF-Expand)."""
    types = (name for name in declared if name.endswith(MASTER) and name != MASTER)
    made = {name: hmac.digest(master.encode(), name.encode() + b"\x01", "sha256")[:16] for name in types}
    return {MASTER: master, **{name: base64.urlsafe_b64encode(key).decode().rstrip("=") for name, key in made.items()}}
