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
ISSUE, LIST, ROTATE, REVOKE = "issue", "list", "rotate", "revoke"
USED_BY = {
    "role": (ISSUE,), "label": (ISSUE,), "rate": (ISSUE,), "types": (ISSUE,), "tenants": (ISSUE,),
    "without_payloads": (ISSUE,), "without_personal": (ISSUE,), "expires": (ISSUE, ROTATE), "days": (ISSUE, ROTATE),
    "overlap": (ROTATE,),
    "json": (LIST,), "name": (ROTATE, REVOKE),
}  # fmt: skip
"""The actions that use each option. An option that would be ignored is refused: it may be meant as a safeguard."""
UNSET: dict[str, Any] = {
    "role": None, "label": "", "rate": 0, "types": (), "tenants": (), "without_payloads": False,
    "without_personal": False, "expires": None,
    "days": None, "overlap": None, "json": False, "name": "",
}  # fmt: skip
"""The value of each option that was not given."""
SECONDS = {"m": 60.0, "h": 3600.0, "d": float(DAY)}


def token_row(token: Token, used: float | None, now: float) -> dict[str, Any]:
    """Return a token as `list --json` shows it. `used`: its last use; both times in seconds since the epoch."""
    return {
        "id": token.id, "principal": token.principal, "role": str(token.role), "state": token.state(now),
        "label": token.label, "created_at": _time(token.created_at), "expires_at": _time(token.expires_at),
        "last_used_at": _time(used),
        "revoked_at": _time(token.revoked_at), "issued_by": token.issued_by, "revoked_by": token.revoked_by,
        "rate": token.rate or None, "types": list(token.scope.types), "tenants": list(token.scope.tenants),
        "payloads": token.scope.payloads, "personal": token.scope.personal, "scope": str(token.scope),
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
    """Return the names in a text with commas; raises ArgumentTypeError without a name.

    An empty variable of a shell must not make a token for everything.
    """
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise argparse.ArgumentTypeError("must be names with commas between them; omit the option for all")
    return names


def ignored(options: argparse.Namespace) -> str:
    """Return the options that the action would ignore, such as a scope for `rotate`, which keeps the scope."""
    given = [name for name, default in UNSET.items() if getattr(options, name) != default]
    return ", ".join(f"--{name.replace('_', '-')}" for name in given if options.action not in USED_BY[name])


def duration(text: str) -> float:
    """Return a duration such as 90d, 24h or 30m in seconds; raises ArgumentTypeError."""
    found = DURATION.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError("must be days, hours or minutes, such as 90d, 24h or 30m")
    return int(found[1]) * SECONDS[found[2]]
