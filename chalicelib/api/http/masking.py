"""Mask personal fields in the answers to callers who may not see them, or who ask for masks."""

from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel

from chalicelib.api.http.endpoint import Call, Endpoint, Reply, Text
from chalicelib.api.models import responses as r
from chalicelib.job_types import jobtype
from chalicelib.job_types.personal import PersonalFields
from chalicelib.jobs.job import JSON, Job
from chalicelib.jobs.port import Filter
from chalicelib.jobs.texts.personal_texts import PersonalTexts

HIDE, NEVER = "personal=hide", "personal=never"
"""What a request accepts besides `application/json`, to get masks although its caller may see the values. With NEVER,
it is answered as if the caller might not see them: a search does not find them either. (A header of its own would need
the permission of CORS, which an earlier API does not give: after a rollback, it would refuse a newer console.)"""
M = TypeVar("M", bound=BaseModel)
S = TypeVar("S", r.Steps, r.RetryPreview)


class SeenFilter(Filter):
    """A filter that does not find a text in a personal field."""

    __slots__ = ()

    def payload_of(self, job: Job) -> JSON:
        """Return the payload with masks."""
        return jobtype.without_personal(job.type, job.payload)[0]


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


def without_values(answer: S) -> S:
    """Return an answer without the values of its steps."""
    name = "steps" if isinstance(answer, r.Steps) else "kept"
    rows = [one.model_copy(update={"value": None}) for one in getattr(answer, name)]
    return answer.model_copy(update={name: rows})


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
    if not jobtype.has_personal(row.type):
        return {}
    masked = jobtype.without_personal(row.type, row.payload, row.result)
    kind = jobtype.registered.get(row.type)
    found = set() if kind is None else _texts(kind.personal, row.payload) | _texts(kind.personal_result, row.result)
    texts = PersonalTexts(found)
    changed: dict[str, Any] = {
        "payload": masked[0],
        "result": masked[1],
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


def _texts(fields: PersonalFields | None, value: JSON) -> set[str]:
    return set() if fields is None or value is None else fields.texts(value)


def _text(texts: PersonalTexts, text: str | None) -> str | None:
    return None if text is None else texts.masked(text)


def _with_texts(value: Any, texts: PersonalTexts, *names: str) -> Any:
    if value is None:
        return None
    return value.model_copy(update={name: _text(texts, getattr(value, name)) for name in names})
