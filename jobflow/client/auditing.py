"""Describe the requests about the audit log as data. Pure: nothing is sent here."""

from collections.abc import Mapping
from typing import Any

from jobflow import models as m
from jobflow.client.calls import Call, as_filter

MOST = 200
"""Rows of a page: the maximum of the API."""


def changes(cursor: str | None, which: Mapping[str, Any]) -> Call[m.AuditPage]:
    """Read a page of the changes, newest first."""
    query = {**as_filter(which), "limit": MOST, "cursor": cursor}
    return Call("GET", "/audit", m.AuditPage, query=query, repeatable=True)


def refusals(cursor: str | None, which: Mapping[str, Any]) -> Call[m.RefusalPage]:
    """Read a page of the counts of refused requests, newest first."""
    query = {**as_filter(which), "limit": MOST, "cursor": cursor}
    return Call("GET", "/audit/refusals", m.RefusalPage, query=query, repeatable=True)
