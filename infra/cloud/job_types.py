"""Load the declared job types, for the commands."""

from typing import Any

from chalicelib.errors import JobFlowError
from chalicelib.job_types import jobtype
from infra.cloud.errors import CloudError
from infra.code.describe import ROOT, complaint


def load() -> list[jobtype.JobType[Any, Any]]:
    """Return every declared job type. Raises CloudError if the code fails, with the error and the lines before it."""
    try:
        return jobtype.load()
    except JobFlowError:
        raise
    except (Exception, SystemExit) as error:
        raise CloudError(f"The job types cannot be loaded: {complaint(error, ROOT)}") from error
