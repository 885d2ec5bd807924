"""Turn what a job function returns into what is stored of it."""

import json
from typing import Any

from pydantic import BaseModel

from chalicelib.errors import PermanentError
from chalicelib.jobs.job import JSON
from chalicelib.jobs.limits import LARGEST_BODY
from chalicelib.jobs.types.readback import differing, read_result


def as_json(value: Any) -> JSON:
    """Return the function's value as stored; what cannot be stored will not be storable next time either."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    try:
        text = json.dumps(plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise PermanentError(f"The result is not JSON: {error}") from error
    wrong = differing(value, read_result(value)) if isinstance(value, BaseModel) else None
    if wrong is not None:
        raise PermanentError(f"The stored form of the result does not read back equal: {wrong}.")
    if len(text) > LARGEST_BODY:
        raise PermanentError(f"The result has {len(text)} characters; at most {LARGEST_BODY}. Store it in S3.")
    return plain
