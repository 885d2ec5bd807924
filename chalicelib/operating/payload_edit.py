"""Give fields of a payload other values. Pure."""

from collections.abc import Mapping, Sequence
from copy import deepcopy

from chalicelib.errors import FieldError, InvalidPayload
from chalicelib.jobs.job import JSON


def with_values(payload: JSON, values: Mapping[str, JSON]) -> JSON:
    """Return the payload with other values at these paths: names joined by dots, and the indexes of items in lists.

    The last name of a path may be new; the job type's schema decides whether there is such a field. Raises
    InvalidPayload if the payload has no place for a value.
    """
    edited = deepcopy(payload)
    lacking = [path for path, value in values.items() if not _put(edited, path.split("."), value)]
    if lacking:
        raise InvalidPayload(
            "The payload has no such field.",
            [FieldError(("payload", *path.split(".")), "does not exist in this job's payload") for path in lacking],
        )
    return edited


def _put(place: JSON, way: Sequence[str], value: JSON) -> bool:
    """Set the value at the end of the way; return whether there is such a place."""
    name, *further = way
    if isinstance(place, list):
        if not (name.isascii() and name.isdigit() and int(name) < len(place)):
            return False
        if further:
            return _put(place[int(name)], further, value)
        place[int(name)] = value
        return True
    if not isinstance(place, dict):
        return False
    if further:
        return name in place and _put(place[name], further, value)
    place[name] = value
    return True
