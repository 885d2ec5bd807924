"""Judge a request by the statements of a role, as IAM does. Pure.

Where a condition asks for what a laptop does not know, it counts as fulfilled.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from infra.local.roles.asked import Asked

Statement = Mapping[str, Any]
LIKE = frozenset({"StringLike", "ArnLike", "ArnEquals"})
EQUAL = frozenset({"StringEquals"})


def allows(statements: Sequence[Statement], asked: Asked) -> bool:
    """Tell whether the statements allow what is asked: one must allow it, and none may deny it."""
    return decide(about(statements, asked.action, asked.resource), asked.facts)


def about(statements: Sequence[Statement], action: str, resource: str) -> list[Statement]:
    """Return the statements that name the action and the resource; conditions are not looked at."""
    return [statement for statement in statements if _names(statement, action, resource)]


def decide(named: Sequence[Statement], facts: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether statements that name a request allow it, by their conditions."""
    hold = [statement["Effect"] for statement in named if _applies(statement, facts)]
    return bool(hold) and "Deny" not in hold


def _names(statement: Statement, action: str, resource: str) -> bool:
    if not any(_matches(pattern.lower(), action.lower()) for pattern in _several(statement["Action"])):
        return False
    if not resource:
        return bool(statement["Effect"] == "Allow")
    return any(_matches(pattern, resource) for pattern in _several(statement["Resource"]))


def _applies(statement: Statement, facts: Mapping[str, Sequence[str]]) -> bool:
    denies = statement["Effect"] == "Deny"
    return all(
        _holds(operator, wanted, facts.get(key), denies=denies)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, wanted: Any, known: Sequence[str] | None, *, denies: bool) -> bool:
    kind = operator.rpartition(":")[2]
    if kind == "Null" and known is not None:
        return wanted in ("false", False)
    if known is None or kind not in LIKE | EQUAL:
        return not denies
    if kind in EQUAL:
        return all(value in _several(wanted) for value in known)
    return all(any(_matches(pattern, value) for pattern in _several(wanted)) for value in known)


def _several(value: Any) -> Iterable[str]:
    return (value,) if isinstance(value, str) else value


def _matches(pattern: str, text: str) -> bool:
    return pattern == text or _compiled(pattern).fullmatch(text) is not None


@lru_cache(1024)
def _compiled(pattern: str) -> "re.Pattern[str]":
    """Return IAM's pattern as a regular expression: `*` is any text, `?` any character, and nothing else is special."""
    return re.compile("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern), re.DOTALL)
