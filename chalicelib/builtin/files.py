"""Give built-in job types access to the files bucket."""

from chalicelib.adapters.constants import LINK_SECONDS
from chalicelib.adapters.s3.files import Files, files
from chalicelib.assembly import parts
from chalicelib.jobs.listing import iso


def bucket() -> Files:
    """Return the files bucket, with this process's client."""
    return files(parts.settings)


def link_expiry(now: float) -> str:
    """Return when a link that is made at `now` (epoch seconds) expires, as ISO 8601 in UTC."""
    return iso(now + LINK_SECONDS)
