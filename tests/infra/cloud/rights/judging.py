"""Decide about a request by the statements of a role, as IAM does."""

from collections.abc import Sequence

from infra.local.roles.asked import Asked
from infra.local.roles.policy import Statement, about, decide


def allows(
    statements: Sequence[Statement],
    asked: Asked,
    boundary: Sequence[Statement] | None = None,
    *,
    strict: bool = False,
) -> bool:
    """Return whether the request is allowed: by a statement of the role and one of the boundary, and denied by none."""
    return all(
        decide(about(some, asked.action, asked.resource), asked.facts, strict=strict)
        for some in (statements, boundary)
        if some is not None
    )
