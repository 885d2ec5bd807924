"""Answer 304 to a client that already has the same answer (RFC 9110, section 13.1.2). Pure."""

import hashlib
from collections.abc import Collection

from pydantic import BaseModel

from chalicelib.api.http.encoding import encode

ETAG, IF_NONE_MATCH = "ETag", "If-None-Match"


def etag(body: BaseModel, moving: Collection[str]) -> str:
    """Return the tag of an answer; it does not depend on the `moving` fields, which change only with the clock.

    The tag is weak: two answers with the same tag have the same meaning, but not always the same bytes.
    """
    told = {name: value for name, value in body.model_dump(by_alias=True).items() if name not in moving}
    return f'W/"{hashlib.sha256(encode(told).encode()).hexdigest()[:20]}"'


def known(sent: str | None, tag: str) -> bool:
    """Return whether the header If-None-Match (a list of tags, or `*`) contains the tag."""
    given = [one.strip() for one in (sent or "").split(",")]
    return "*" in given or tag.removeprefix("W/") in [one.removeprefix("W/") for one in given]
