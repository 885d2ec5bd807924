"""Decide a request by the statements of a role and its boundary, as IAM does. Pure.

Not every value that a condition tests is known on a laptop; a condition on an unknown value counts as fulfilled. With
`strict`, an unknown value counts as absent, as in IAM.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

Statement = Mapping[str, Any]
ALIKE = {"StringEquals": False, "Bool": False, "StringLike": True, "ArnLike": True, "ArnEquals": True}
"""The supported operators, each with True if a star matches any text. For each operator there is also the opposite with
`Not`."""
IF_EXISTS = "IfExists"


def about(statements: Sequence[Statement], action: str, resource: str) -> list[Statement]:
    """Return the statements that name the action and the resource, without checking conditions."""
    return [statement for statement in statements if _names(statement, action, resource)]


def decide(named: Sequence[Statement], facts: Mapping[str, Sequence[str]], *, strict: bool = False) -> bool:
    """Return whether statements that name the action and the resource allow the request, by their conditions."""
    hold = [statement["Effect"] for statement in named if _applies(statement, facts, strict=strict)]
    return bool(hold) and "Deny" not in hold


def _names(statement: Statement, action: str, resource: str) -> bool:
    if not any(_matches(pattern.lower(), action.lower()) for pattern in _several(statement["Action"])):
        return False
    if not resource:
        return bool(statement["Effect"] == "Allow")
    return any(_matches(pattern, resource) for pattern in _several(statement["Resource"]))


def _applies(statement: Statement, facts: Mapping[str, Sequence[str]], *, strict: bool) -> bool:
    denies = statement["Effect"] == "Deny"
    return all(
        _holds(operator, wanted, facts.get(key)) if strict or _is_known(operator, key, facts) else not denies
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _is_known(operator: str, key: str, facts: Mapping[str, Sequence[str]]) -> bool:
    return key in facts and _parts(operator)[1].replace("Not", "") in {*ALIKE, "Null"}


def _parts(operator: str) -> tuple[str, str]:
    """Return an operator's quantity (whether one or all of several values must match), and the operator without it."""
    quantity, _, kind = operator.rpartition(":")
    return quantity, kind.removesuffix(IF_EXISTS)


def _holds(operator: str, wanted: Any, known: Sequence[str] | None) -> bool:
    """Return whether a condition is fulfilled; raises KeyError for an unsupported operator."""
    quantity, kind = _parts(operator)
    if kind == "Null":
        return (known is None) == (str(wanted).lower() == "true")
    negated = "Not" in kind
    alike = ALIKE[kind.replace("Not", "")]
    if known is None:
        return negated or operator.endswith(IF_EXISTS) or quantity == "ForAllValues"
    found = [_is_one_of(value, _several(wanted), alike=alike) != negated for value in known]
    return any(found) if quantity == "ForAnyValue" else all(found)


def _is_one_of(value: str, wanted: Collection[str], *, alike: bool) -> bool:
    return value in wanted or (alike and any(_matches(one, value) for one in wanted))


def _several(value: Any) -> Collection[str]:
    return (value,) if isinstance(value, str) else value


def _matches(pattern: str, text: str) -> bool:
    return pattern == text or _compiled(pattern).fullmatch(text) is not None


@lru_cache(1024)
def _compiled(pattern: str) -> "re.Pattern[str]":
    """Return IAM's pattern as a regular expression. `*` matches any text, `?` any character; all else is literal."""
    return re.compile("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern), re.DOTALL)
