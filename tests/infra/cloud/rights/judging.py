"""Decide about a request by the statements of a role, as IAM does."""

from collections.abc import Iterable, Sequence

from infra.definition.iam.written import KINDS
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


def unnamed(granted: Iterable[str], updated: Iterable[str]) -> set[str]:
    """Return the attributes of jobs that updates name and the grants do not: none if the grants are for all."""
    kinds = [KINDS[kind] for one in granted if (kind := one.rpartition("/")[2]) in KINDS]
    return set(updated).difference(*kinds) if kinds else set()
