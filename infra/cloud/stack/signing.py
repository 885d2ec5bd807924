"""Choose the keys that sign the rows of jobs: the master keys, which deploy makes and keeps, and the types' keys."""

import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.jobs.constants import DAY
from chalicelib.jobs.signing import PARAMETER, type_keys
from chalicelib.settings import SHORTEST_KEY
from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.definition.lambdas.signing import MASTER, SINCE

NEW = "new"
"""Value of the parameter that requests a new master key. New jobs are signed with the new key; the previous key stays
valid."""
KEYS = re.compile(rf"[A-Za-z0-9_-]{{{SHORTEST_KEY},}}(,[A-Za-z0-9_-]{{{SHORTEST_KEY},}})?")
STILL_UNSIGNED = DAY
"""Seconds for which rows without a signature are accepted after the first deployment that signs. Functions of the
previous version may still write such rows until each function is replaced, and after a rollback."""


def refuse_wrong(given: Mapping[str, str]) -> None:
    """Raise CloudError for a master key with which the functions would not start."""
    value = given.get(PARAMETER, "")
    if value not in ("", NEW) and not KEYS.fullmatch(value):
        raise CloudError(
            f"{PARAMETER} must be one key or two keys separated by a comma, each of at least {SHORTEST_KEY} characters "
            f"(A-Z, a-z, 0-9, _ and -). {PARAMETER}={NEW} adds a new key and keeps the present one valid."
        )


def masters(account: Account, stack: str) -> str:
    """Return the master keys of a stage; empty if there is no stage, or if it does not sign.

    CloudFormation does not show the keys, so they are read from the API's function. Raises CloudError if they cannot be
    read.
    """
    try:
        found = account.client("lambda").get_function(FunctionName=f"{stack}-api")["Configuration"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return ""
    environment = found.get("Environment", {})
    if "Error" in environment:
        raise CloudError(f"The variables of {stack}-api cannot be read: {environment['Error'].get('Message')}")
    present: str = environment.get("Variables", {}).get(MASTER, "")
    return present


def parameters(
    declared: Iterable[str], given: Mapping[str, str], before: Collection[str], present: str, now: float
) -> dict[str, str]:
    """Return the parameters about signing that must change. Pure.

    `declared`: the parameters of the template. `before`: the parameters that the stack already has (none for a new
    stack). `present`: the stage's master keys. `now`: seconds since the epoch.
    """
    names = [name for name in declared if name.endswith(PARAMETER)]
    if PARAMETER not in names:
        return {}
    wanted = given.get(PARAMETER, present if PARAMETER in before else NEW)  # an empty key stays empty
    if wanted == NEW:
        wanted = ",".join([secrets.token_urlsafe(16), *present.split(",")[:1]]).rstrip(",")
    kept = set(before) if wanted == present else set()
    values = {name: type_keys(wanted, name) for name in names if name != PARAMETER and name not in kept}
    if PARAMETER not in kept:
        values[PARAMETER] = wanted
    if wanted and not present and SINCE not in given:
        values[SINCE] = str(int(now + STILL_UNSIGNED)) if before else "0"
    return values


def of(
    account: Account, stack: str, found: Mapping[str, Any] | None, declared: Iterable[str], given: Mapping[str, str],
    now: float,
) -> dict[str, str]:  # fmt: skip
    """Return the same as `parameters`, for a stack as CloudFormation describes it."""
    before = [entry["ParameterKey"] for entry in (found or {}).get("Parameters", [])]
    return parameters(declared, given, before, masters(account, stack), now)
