"""The requests about many jobs, files, errors and numbers over time as data, and how a bulk action is followed.

Nothing is sent here.
"""

import mimetypes
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import httpx

from jobflow import errors as e
from jobflow import models as m
from jobflow.client import calls, flow
from jobflow.client.calls import Call
from jobflow.client.encoding import as_body, as_time

Action = Literal["retry", "cancel", "discard"]
Metric = Literal[
    "throughput", "failures", "wait", "run", "total", "depth", "oldest", "wait_spread", "run_spread", "total_spread"
]
Step = Literal[60, 300, 3600, 86400]
"""Seconds from one point of a series to the next."""
BulkOrId = m.BulkActionRow | str
FIRST_LOOK, FACTOR, LAST_LOOK = 0.25, 1.5, 5.0
"""Seconds between two looks at a bulk action: at first, how they grow, and at most."""
S3_REASON = 300
"""Characters of S3's reason that an error shows."""


def start_bulk(
    action: Action, ids: Sequence[str] | None, filters: Mapping[str, Any], settings: Mapping[str, Any]
) -> Call[m.BulkActionRow]:
    """Start a bulk action. Repeatable: what is changed already is skipped."""
    chosen: dict[str, Any] = {"filter": calls.as_filter(filters)} if ids is None else {"ids": list(ids)}
    given = {name: value for name, value in settings.items() if value}
    return Call("POST", "/bulk", m.BulkActionRow, body=as_body({"action": action, **chosen, **given}), repeatable=True)


def bulk(bulk_id: BulkOrId) -> Call[m.BulkActionRow]:
    """Read a bulk action."""
    return Call("GET", _path(bulk_id), m.BulkActionRow, repeatable=True)


def bulk_list() -> Call[m.BulkActionList]:
    """Read the newest bulk actions."""
    return Call("GET", "/bulk", m.BulkActionList, repeatable=True)


def stop_bulk(bulk_id: BulkOrId) -> Call[m.BulkActionRow]:
    """Stop a bulk action."""
    return Call("POST", f"{_path(bulk_id)}/stop", m.BulkActionRow, repeatable=True)


def wait_bulk(
    bulk_id: BulkOrId, timeout: float | None, patience: flow.Patience, now: Callable[[], float]
) -> flow.Flow[m.BulkActionRow]:
    """Look at a bulk action until it has finished; raise BulkNotFinished after so many seconds."""
    begun, pause = now(), FIRST_LOOK
    while True:
        found = yield from flow.answer(bulk(bulk_id), patience)
        if found.finished_at is not None:
            return found
        left = float("inf") if timeout is None else timeout - (now() - begun)
        if left <= 0:
            raise e.BulkNotFinished(found, timeout or 0)
        yield flow.Wait(min(pause, left))
        pause = min(LAST_LOOK, pause * FACTOR)


def judge(fingerprint: str, verdict: Literal["acknowledge", "resolve", "reopen"]) -> Call[m.ErrorMark]:
    """Say of a group of errors that it is known, settled, or open again."""
    return Call("POST", f"/errors/{quote(fingerprint, safe='')}/{verdict}", m.ErrorMark, repeatable=True)


def series(
    metric: Metric, job_type: str | None, since: datetime | str | None, until: datetime | str | None, step: Step
) -> Call[m.Series]:
    """Read numbers over time."""
    bounds = {name: as_time(when) for name, when in (("from", since), ("to", until)) if when is not None}
    query = {"metric": metric, "type": job_type, "step": step, **bounds}
    return Call("GET", "/metrics/series", m.Series, query=query, repeatable=True)


def upload_form(content_type: str, size: int) -> Call[m.UploadForm]:
    """Ask for a form that uploads one file of so many bytes."""
    return Call("POST", "/uploads", m.UploadForm, body=as_body({"content_type": content_type, "bytes": size}))


def content_of(file: bytes | Path, content_type: str | None) -> tuple[bytes, str]:
    """Return a file's bytes and type, which its name tells when it is not given; raises ConfigurationError."""
    content = file if isinstance(file, bytes) else _read(file)
    known = content_type or (None if isinstance(file, bytes) else mimetypes.guess_type(file.name)[0])
    if known is None:
        raise e.ConfigurationError("The file's type is not known: name it, such as image/png.")
    return content, known


def form_request(
    client: httpx.Client | httpx.AsyncClient, form: m.UploadForm, file: tuple[bytes, str]
) -> httpx.Request:
    """Return the request that sends a file to S3, which must not see the token."""
    content, content_type = file
    request = client.build_request("POST", form.url, data=form.fields, files={"file": ("file", content, content_type)})
    del request.headers["Authorization"]
    return request


def stored(form: m.UploadForm, response: httpx.Response) -> str:
    """Return the key of a file that S3 has taken; raises ApiError with its reason when it has not."""
    if response.is_success:
        return form.key
    reason = " ".join(response.text.split())[:S3_REASON]
    raise e.ApiError(response.status_code, f"S3 refused the file: {reason}")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise e.ConfigurationError(f"{file} cannot be read: {error.strerror}") from error


def _path(bulk_id: BulkOrId) -> str:
    return f"/bulk/{quote(bulk_id if isinstance(bulk_id, str) else bulk_id.id, safe='')}"
