"""Mask personal fields in the answers to callers who may not see them, or who ask for masks."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel

from chalicelib.api.http.endpoint import Call, Endpoint, Reply, Text
from chalicelib.api.models import responses as r
from chalicelib.job_types import jobtype
from chalicelib.job_types.personal import PersonalFields
from chalicelib.jobs.job import JSON, Job
from chalicelib.jobs.port import Filter
from chalicelib.jobs.step import Step
from chalicelib.jobs.texts.personal_texts import PersonalTexts

SHOW, NEVER, ASKED = "personal=show", "personal=never", "personal="
"""What a request accepts besides `application/json` (`personal=hide`) to get masks although its caller may see the
values. With NEVER, it is answered as if the caller might not see them: a search does not find them either. (A header of
its own would need the permission of CORS, which an earlier API does not give: after a rollback, it would refuse a newer
console.)"""
M = TypeVar("M", bound=BaseModel)


class SeenFilter(Filter):
    """A filter that does not find a text in a personal field."""

    __slots__ = ()

    def payload_of(self, job: Job) -> JSON:
        """Return the payload with masks."""
        return jobtype.without_personal(job.type, job.payload)[0]


def wish(accepted: str) -> tuple[bool, bool]:
    """Return whether the header `Accept` asks for masks, and whether a search must not find personal values either.

    Any value but `show` asks for masks: a wrong one must not show what was to be hidden.
    """
    asked = accepted.lower().replace('"', "")
    return ASKED in asked.replace(SHOW, ""), NEVER in asked


def masked(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint, whose answers have masks in place of personal values."""

    def handler(call: Call) -> BaseModel | Reply | Text:
        answer = endpoint.handler(replace(call, masked=True))
        if isinstance(answer, Text):
            return answer
        if isinstance(answer, Reply):
            return replace(answer, body=_shown(answer.body))
        return _shown(answer)

    return replace(endpoint, handler=handler)


def without_values(job_type: str, steps: Sequence[Step]) -> list[Step]:
    """Return the kept steps of a job without the values that may be personal."""
    return [replace(one, value=None) if jobtype.is_personal_step(job_type, one) else one for one in steps]


def any_personal() -> bool:
    """Return whether some type has personal fields, so that a text that a person has typed may be such a value."""
    return bool(jobtype.with_personal)


def _shown(value: M) -> M:
    """Return an answer with masks; what has none is returned as it is, and not copied."""
    changed = _of_job(value) if isinstance(value, r.JobRow) else {}
    if not isinstance(value, r.JobRow):
        inside = {name: getattr(value, name) for name in type(value).model_fields}
        changed = {name: new for name, old in inside.items() if (new := _inner(old)) is not old}
    return value.model_copy(update=changed) if changed else value


def _inner(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _shown(value)
    if isinstance(value, list):
        found = [_inner(one) for one in value]
        return found if any(new is not old for new, old in zip(found, value, strict=True)) else value
    return value


def _of_job(row: r.JobRow) -> dict[str, Any]:
    """Return the masked fields of a job. Its texts were masked when they were stored.

    They are masked again, for jobs that were stored before a field was declared personal.
    """
    payload, result = jobtype.without_personal(row.type, row.payload, row.result)
    if not jobtype.has_personal(row.type) and payload == row.payload:
        return {}
    texts = _Texts(row)
    changed: dict[str, Any] = {
        "payload": payload,
        "result": result,
        "error_message": _text(texts, row.error_message),
        "progress": _with_texts(row.progress, texts, "note"),
        # the key of a member of a batch, or of a child, may be an unsalted hash of its payload
        "idempotency_key": None if row.batch or row.parent else row.idempotency_key,
    }
    if isinstance(row, r.JobDetail):
        changed["why"] = _text(texts, row.why)
        changed["attempt_history"] = [
            _with_texts(one, texts, "error_message", "stack").model_copy(
                update={"progress": _with_texts(one.progress, texts, "note")}
            )
            for one in row.attempt_history
        ]
    return changed


class _Texts:
    """The personal texts of a job, which are read at the first text in which they are searched."""

    def __init__(self, row: r.JobRow) -> None:
        self._row = row

    @cached_property
    def values(self) -> PersonalTexts:
        """Return them, for masking."""
        row, kind = self._row, jobtype.registered.get(self._row.type)
        if kind is None:
            return PersonalTexts(())
        return PersonalTexts(_of(jobtype.personal_of(kind), row.payload) | _of(kind.personal_result, row.result))


def _of(fields: PersonalFields | None, value: JSON) -> set[str]:
    return set() if fields is None or value is None else fields.texts(value)


def _text(texts: _Texts, text: str | None) -> str | None:
    return texts.values.masked(text) if text else text


def _with_texts(value: Any, texts: _Texts, *names: str) -> Any:
    if value is None:
        return None
    return value.model_copy(update={name: _text(texts, getattr(value, name)) for name in names})
