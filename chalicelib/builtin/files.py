"""The files bucket as built-in job types use it."""

from chalicelib.adapters.s3.files import LINK_SECONDS, Files, files
from chalicelib.assembly import parts
from chalicelib.jobs.listing import iso


def bucket() -> Files:
    """Return the files bucket, with this process's one client."""
    return files(parts.settings)


def link_expiry(now: float) -> str:
    """Return when a link made at `now` (epoch seconds) stops working, as ISO 8601 in UTC."""
    return iso(now + LINK_SECONDS)
