"""Read a file, and make the request that sends it to S3 with the API's form. Nothing is sent here."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from jobflow import errors as e
from jobflow import models as m
from jobflow.client.http import httpx

S3_REASON = 300
"""Maximum characters of S3's reason in an error."""


def content_of(file: bytes | Path | str, content_type: str | None) -> tuple[bytes, str]:
    """Return a file's bytes and type; if no type is given, the file's name decides. Raises ConfigurationError."""
    if isinstance(file, bytes):
        content, guessed = file, None
    else:
        content, guessed = _read(Path(file)), mimetypes.guess_type(Path(file).name)[0]
    known = content_type or guessed
    if known is None:
        raise e.ConfigurationError(
            "The file's content type is unknown, because its name does not tell it. Give content_type (in a command: "
            "--content-type), such as image/png."
        )
    return content, known


def request(client: httpx.Client | httpx.AsyncClient, form: m.UploadForm, file: tuple[bytes, str]) -> httpx.Request:
    """Return the request that sends a file to S3, without the token."""
    content, content_type = file
    made = client.build_request("POST", form.url, data=form.fields, files={"file": ("file", content, content_type)})
    del made.headers["Authorization"]
    return made


def stored(form: m.UploadForm, response: httpx.Response) -> str:
    """Return the key of a file if S3 has accepted it; raises ApiError with S3's reason otherwise."""
    if response.is_success:
        return form.key
    reason = " ".join(response.text.split())[:S3_REASON]
    raise e.ApiError(response.status_code, f"S3 refused the file: {reason}")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise e.ConfigurationError(f"{file} cannot be read: {error.strerror}") from error
