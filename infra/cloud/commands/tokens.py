"""Show the tokens of a stage in a list, and read the durations of the command. Pure."""

import argparse
import re
from collections.abc import Mapping
from typing import Any

from chalicelib.access.scope import WHOLE
from chalicelib.access.tokens import Token
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.listing import iso

DURATION = re.compile(r"([1-9][0-9]{0,5}|0)([mhd])")
SECONDS = {"m": 60.0, "h": 3600.0, "d": float(DAY)}


def token_row(token: Token, used: float | None, now: float) -> dict[str, Any]:
    """Return a token as `list --json` shows it. `used`: its last use; both times in seconds since the epoch."""
    return {
        "id": token.id, "principal": token.principal, "role": str(token.role), "state": token.state(now),
        "label": token.label, "created_at": _time(token.created_at), "expires_at": _time(token.expires_at),
        "last_used_at": _time(used),
        "revoked_at": _time(token.revoked_at), "issued_by": token.issued_by, "revoked_by": token.revoked_by,
        "rate": token.rate or None, "types": list(token.scope.types), "tenants": list(token.scope.tenants),
        "payloads": token.scope.payloads, "scope": str(token.scope),
    }  # fmt: skip


def line_of(row: Mapping[str, Any]) -> str:
    """Return the row of a token in the form of `list`."""
    acts = (("issued", row["issued_by"]), ("revoked", row["revoked_by"]))
    facts = [
        f"secret of {row['principal']}" if row["principal"] != row["id"] else "",
        f"expires {row['expires_at'][:16]}" if row["expires_at"] else "",
        f"used {row['last_used_at'][:13]}h" if row["last_used_at"] else "never used",
        f"{row['rate']:,} a minute" if row["rate"] else "",
        f"({row['scope']})" if row["scope"] != str(WHOLE) else "",
        *(f"{act} by {identity.rpartition(':')[2]}" for act, identity in acts if identity),
    ]
    told = "".join(f"  {fact}" for fact in facts if fact)
    return f"{row['id']}  {row['role']:<9} {row['created_at'][:10]}  {row['state']:<8} {row['label']}{told}"


def _time(at: float | None) -> str | None:
    return None if at is None else iso(at)


def listed(text: str) -> tuple[str, ...]:
    """Return the names in a text with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def duration(text: str) -> float:
    """Return a duration such as 90d, 24h or 30m in seconds; raises ArgumentTypeError."""
    found = DURATION.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError("must be a number with a unit, such as 90d, 24h or 30m")
    return int(found[1]) * SECONDS[found[2]]
