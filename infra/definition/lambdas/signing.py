"""Give each function the keys that it signs and verifies the rows of jobs with, and no others."""

from collections.abc import Iterable
from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.signing import PARAMETER, parameter_of, short_name, type_keys
from chalicelib.settings import DEVELOPMENT_KEY
from infra.definition.iam.grants import MOST_NAMED
from infra.definition.names import Value, ref, sub

SINCE = "UnsignedUntil"
MASTER, KEYS = "SIGNING_KEY", "SIGNING_KEYS"
"""Variables of the functions."""


def parameters(types: Iterable[JobType[Any, Any]]) -> dict[str, dict[str, Any]]:
    """Return the parameters of the stack with the keys of these types, which deploy makes from the master keys.

    CloudFormation cannot compute them. Empty, as by default, they sign nothing and refuse nothing.
    """
    return {
        parameter_of(kind.name): {
            "Type": "String",
            "NoEcho": True,
            "Default": "",
            "MaxLength": 64,
            "Description": f"Made from {PARAMETER}.",
        }
        for kind in types
    }


def of_platform() -> dict[str, Value]:
    """Return what a function of the platform has: it makes and looks after jobs of every type."""
    return {MASTER: ref(PARAMETER)}


def of_worker(kind: JobType[Any, Any]) -> dict[str, Value]:
    """Return what a worker has: the keys of its own type, and of those that it makes jobs of.

    One that makes jobs of more types than a role names has the master key.
    """
    if (held := _held(kind)) is None:
        return of_platform()
    return {KEYS: sub(";".join(f"{short_name(name)}=${{{parameter_of(name)}}}" for name in held))}


def local(kind: JobType[Any, Any]) -> dict[str, str]:
    """Return the same on a laptop."""
    if (held := _held(kind)) is None:
        return {MASTER: DEVELOPMENT_KEY, KEYS: ""}
    keys = (f"{short_name(name)}={type_keys(DEVELOPMENT_KEY, parameter_of(name))}" for name in held)
    return {MASTER: "", KEYS: ";".join(keys)}


def _held(kind: JobType[Any, Any]) -> list[str] | None:
    """Return the types whose keys a worker has; None for all."""
    return None if len(kind.enqueues) > MOST_NAMED else list(dict.fromkeys([kind.name, *kind.enqueues]))
