"""Give each function the keys with which it signs and verifies the rows of jobs, and no other keys."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import TypeQueue, queues_of
from chalicelib.jobs.signing import PARAMETER, end_name, end_parameter_of, parameter_of, short_name, type_keys
from chalicelib.settings import DEVELOPMENT_KEY
from infra.definition.iam.grants import MOST_NAMED, types_for_ends
from infra.definition.names import Value, ref, sub

SINCE = "UnsignedUntil"
MOST_KEYS = 1 + MOST_NAMED
MOST_ENDS = 4
"""Maximum numbers of a worker's keys of types, and of its keys for `on_end`: more would not fit into Lambda's 4 KB of
variables beside those of its types."""
LONGEST_KEYS = 45
"""Characters of two keys, the present one and the one before."""
MASTER, KEYS = "SIGNING_KEY", "SIGNING_KEYS"
"""Variables of the functions."""


def parameters(types: Iterable[JobType[Any, Any]]) -> dict[str, dict[str, Any]]:
    """Return the stack's parameters for the keys of these types, except those whose key no worker needs separately.

    Deploy makes the keys from the master keys, because CloudFormation cannot compute them. A key is empty by default:
    nothing is then signed, and nothing is refused.
    """
    return {
        parameter: {
            "Type": "String",
            "NoEcho": True,
            "Default": "",
            "MaxLength": LONGEST_KEYS,
            "Description": f"Made from {PARAMETER}.",
        }
        for parameter in _needed(types)
    }


def _needed(types: Iterable[JobType[Any, Any]]) -> list[str]:
    """Return the parameters of the keys that some function has separately.

    Other keys need no parameter: a stack can have only 200.
    """
    every = list(types)
    held = {parameter for queue in queues_of(every) for parameter in (_held(queue) or {}).values()}
    if len(named := types_for_ends(every)) <= MOST_NAMED:
        held |= {parameter_of(kind.name) for kind in named}
    own = [parameter_of(kind.name) for kind in every if kind.queue is None]
    return list(dict.fromkeys([*own, *sorted(held)]))


def of_platform() -> dict[str, Value]:
    """Return the variables for a function of the platform. It handles jobs of every type, so it has the master keys."""
    return {MASTER: ref(PARAMETER)}


def of_worker(queue: TypeQueue) -> dict[str, Value]:
    """Return the variables for a worker: it has the keys of its own types and of the types in their `enqueues`.

    If a type in `enqueues` declares an `on_end`, the worker also has the keys that sign this `on_end`. A worker with
    more types, or more types in `enqueues`, than a role can name one by one has the master keys.
    """
    if (held := _held(queue)) is None:
        return of_platform()
    return _keys(held)


def of_followup(types: Sequence[JobType[Any, Any]]) -> dict[str, Value]:
    """Return the variables for the function that makes the jobs of ends: it has the keys of these types."""
    return of_platform() if len(types) > MOST_NAMED else _keys(_of_types(kind.name for kind in types))


def _keys(held: Mapping[str, str]) -> dict[str, Value]:
    return {KEYS: sub(";".join(f"{name}=${{{parameter}}}" for name, parameter in held.items()))}


def local(queue: TypeQueue) -> dict[str, str]:
    """Return the variables of a worker on a laptop."""
    if (held := _held(queue)) is None:
        return {MASTER: DEVELOPMENT_KEY, KEYS: ""}
    keys = (f"{name}={type_keys(DEVELOPMENT_KEY, parameter)}" for name, parameter in held.items())
    return {MASTER: "", KEYS: ";".join(keys)}


def _held(queue: TypeQueue) -> dict[str, str] | None:
    """Return the parameters of the keys that a worker has, by short name; None means all keys."""
    if len(queue.types) > MOST_NAMED or len(queue.enqueues) > MOST_NAMED:
        return None
    types = list(dict.fromkeys([*(kind.name for kind in queue.types), *queue.enqueues]))
    # the jobs that it makes have the `on_end` of their type, also if the worker may not make jobs of the type named
    made = [kind.on_end for name in queue.enqueues if (kind := jobtype.registered.get(name)) is not None]
    ends = {end_name(end): end_parameter_of(end) for end in made if end is not None and end not in types}
    return _of_types(types) | ends if len(types) <= MOST_KEYS and len(ends) <= MOST_ENDS else None


def _of_types(names: Iterable[str]) -> dict[str, str]:
    return {short_name(name): parameter_of(name) for name in names}
