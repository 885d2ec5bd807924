"""Define the check of names and the format of times that built-in job types share with the API."""

from chalicelib.job_types.checks import NAME as TYPE_NAME
from chalicelib.jobs.listing import iso

__all__ = ["TYPE_NAME", "iso"]
