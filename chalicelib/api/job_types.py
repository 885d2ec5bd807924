"""What kinds of jobs there are."""

from chalicelib import jobtype
from chalicelib.api.endpoint import Call, Endpoints
from chalicelib.api.responses import JobTypes
from chalicelib.api.views import job_type_row

endpoints = Endpoints()


@endpoints.get("/job-types", JobTypes)
def list_job_types(_: Call) -> JobTypes:
    """Every job type with its payload's JSON Schema, an example that works, and its limits (seconds, MB)."""
    return JobTypes(job_types=[job_type_row(kind) for kind in jobtype.all_types()])
