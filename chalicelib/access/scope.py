"""Define the scope of a token: job types, tenants, and whether it may read payloads and personal fields. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.access.constants import MOST_IN_SCOPE
from chalicelib.errors import InvalidRequest
from chalicelib.job_types.checks import NAME
from chalicelib.jobs.tenants import kept

PATTERN = re.compile(rf"{NAME.pattern}|[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)*\.\*")
"""The name of a type, or `report.*` for all types whose names begin with `report.`."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token may touch, within the rights of its role.

    `types` are names of types, or patterns such as `report.*`; `tenants` are tenants in their stored form; empty: all.
    A job without a tenant is in no scope with tenants. Without `payloads`, the token reads nothing that a producer or a
    job function has written as data: payloads, results, error messages, steps, log lines. Without `personal`, it reads
    them with a mask in place of personal fields.
    """

    types: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    payloads: bool = True
    personal: bool = True

    @property
    def narrow(self) -> bool:
        """Return True if some jobs are outside of the scope."""
        return bool(self.types or self.tenants)

    def has_type(self, name: str) -> bool:
        """Return whether jobs of this type may be in the scope."""
        return not self.types or any(
            name.startswith(one[:-1]) if one.endswith("*") else name == one for one in self.types
        )

    def has(self, name: str, tenant: str | None) -> bool:
        """Return whether a job of this type and tenant (in its stored form; None: without one) is in the scope."""
        return self.has_type(name) and (not self.tenants or tenant in self.tenants)

    def __str__(self) -> str:
        """Return the scope in words."""
        told = [f"types {', '.join(self.types)}"] if self.types else []
        told += [f"tenants {', '.join(self.tenants)}"] if self.tenants else []
        told += [] if self.payloads else ["without payloads"]
        told += [] if self.personal else ["without personal fields"]
        return "; ".join(told) or "everything"


WHOLE = Scope()
"""The scope of a token that may touch everything that its role allows."""


def scope_of(
    types: Sequence[str] = (), tenants: Sequence[str] = (), *, payloads: bool = True, personal: bool = True
) -> Scope:
    """Return the scope with these types and tenants (empty: all); raises InvalidRequest."""
    for name in types:
        if not PATTERN.fullmatch(name):
            raise InvalidRequest(f"{name!r} in the scope is no job type, and no pattern such as report.*")
    for tenant in tenants:
        if not (tenant.strip() and tenant.isprintable()):
            raise InvalidRequest(f"{tenant!r} in the scope is no tenant.")
    if max(len(types), len(tenants)) > MOST_IN_SCOPE:
        raise InvalidRequest(f"A scope has at most {MOST_IN_SCOPE} types and {MOST_IN_SCOPE} tenants.")
    return Scope(tuple(dict.fromkeys(types)), tuple(dict.fromkeys(map(kept, tenants))), payloads, personal)
