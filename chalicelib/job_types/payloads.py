"""Check a payload against its type's model, and write its stored form. Pure."""

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from chalicelib.errors import InvalidPayload
from chalicelib.job_types.checks import field_errors
from chalicelib.job_types.personal import PersonalFields
from chalicelib.job_types.readback import check_reads_back
from chalicelib.jobs.job import JSON

P = TypeVar("P", bound=BaseModel)


def parsed(name: str, model: type[P], payload: JSON, personal: PersonalFields | None = None) -> P:
    """Return the payload of a job of type `name` as its model; raises InvalidPayload that names each wrong field.

    The error has no `personal` value.
    """
    try:
        # Validate JSON, not Python values. A strict model accepts a date as text only in JSON, because JSON has no
        # dates.
        return model.model_validate_json(json.dumps(payload))
    except ValidationError as error:
        told = field_errors(error, model, "payload")
        told = told if personal is None else personal.refused(error, told, payload)
        refused = InvalidPayload(f"The payload does not match {name}.", told)
        refused.without_personal = personal is not None
        raise refused from None


def stored(name: str, model: BaseModel) -> JSON:
    """Return the stored payload, with defaults filled in; raises InvalidPayload if it does not read back equal."""
    written = model.model_dump(mode="json")
    check_reads_back(name, model, written)
    return written
