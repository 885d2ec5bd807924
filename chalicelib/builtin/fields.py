"""Values that payloads and results of built-in job types share with the API."""

from chalicelib.jobs.listing import iso
from chalicelib.jobs.types.checks import NAME as TYPE_NAME

__all__ = ["TYPE_NAME", "iso"]
