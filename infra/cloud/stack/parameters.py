"""Choose the value of each parameter of the stack: the deployer's value, the present value, or a new secret."""

import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from infra.cloud.errors import CloudError

WHOLE = re.compile(r"[0-9]{1,15}")
SECRET = "CursorSecret"  # noqa: S105 - the name of the parameter


def known(given: Mapping[str, str], before: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the known values: the given ones, and those that the stack shows."""
    return {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in before} | dict(given)


def choose(declared: Iterable[str], given: Mapping[str, str], before: Iterable[str]) -> list[dict[str, Any]]:
    """Return the parameters of a change set.

    `declared` are the template's parameters, `before` those of the present stack. Raises CloudError for a name that the
    template does not have.
    """
    names, kept = list(declared), set(before)
    refuse_unknown(names, given)
    values: list[dict[str, Any]] = []
    for name in names:
        if name in given:
            values.append({"ParameterKey": name, "ParameterValue": given[name]})
        elif name in kept:
            values.append({"ParameterKey": name, "UsePreviousValue": True})
        elif name == SECRET:
            values.append({"ParameterKey": name, "ParameterValue": secrets.token_urlsafe(32)})
    return values


def refuse_unknown(declared: Iterable[str], given: Mapping[str, str]) -> None:
    """Raise CloudError for a name that the template does not have; `declared` are the template's parameters."""
    names = list(declared)
    unknown = sorted(given.keys() - set(names))
    if unknown:
        raise CloudError(f"There is no parameter {', '.join(unknown)}; there are: {', '.join(names)}.")


def refuse_wrong(declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, str]) -> None:
    """Raise CloudError for a value that CloudFormation would refuse; `declared` are the template's parameters."""
    for name, value in given.items():
        about = declared.get(name, {})
        allowed = [str(one) for one in about.get("AllowedValues", [])]
        if allowed and value not in allowed:
            raise CloudError(f"{name}={value} is not allowed; it must be one of {', '.join(allowed)}.")
        pattern = about.get("AllowedPattern")
        if pattern is not None and not re.fullmatch(pattern, value):
            told = about.get("ConstraintDescription", f"it must match {pattern}")
            raise CloudError(f"{name}={value} is not allowed; {told}")
        if about.get("Type") == "Number" and not allowed:
            least, most = about.get("MinValue", 0), about.get("MaxValue")
            if not WHOLE.fullmatch(value) or int(value) < least or (most is not None and int(value) > most):
                upwards = f"{least:,} or more" if most is None else f"from {least:,} to {most:,}"
                raise CloudError(f"{name}={value} is not allowed; it must be a whole number, {upwards}.")


def parse(assignments: Iterable[str]) -> dict[str, str]:
    """Read "Name=value" arguments; raises CloudError for one without a name."""
    given: dict[str, str] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not (name and equals):
            raise CloudError(f"{assignment!r} must be like Name=value.")
        given[name] = value
    return given
