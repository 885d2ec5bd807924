"""Describe the requests about deletions and erasures as data. Pure: nothing is sent here."""

from jobflow import models as m
from jobflow.client.calls import Call, JobOrId, because, id_of, only
from jobflow.client.encoding import as_body, in_path


def delete(job: JobOrId, reason: str = "") -> Call[m.DeletedJob]:
    """Delete a finished job."""
    return Call("DELETE", f"/jobs/{in_path(id_of(job))}", m.DeletedJob, body=only(reason), repeatable=True)


def start(tenant: str, reason: str = "", *, dry_run: bool = False) -> Call[m.ErasureRow]:
    """Erase all jobs of a tenant, or count them."""
    asked = {"tenant": tenant, **({"dry_run": True} if dry_run else {}), **because(reason)}
    return Call("POST", "/erasures", m.ErasureRow, body=as_body(asked))


def get(erasure_id: str) -> Call[m.ErasureRow]:
    """Read an erasure."""
    return Call("GET", f"/erasures/{in_path(erasure_id)}", m.ErasureRow, repeatable=True)


def every() -> Call[m.ErasureList]:
    """Read the newest erasures."""
    return Call("GET", "/erasures", m.ErasureList, repeatable=True)
