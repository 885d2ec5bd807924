"""Describe the requests about limits as data. Pure: nothing is sent here."""

from jobflow import models as m
from jobflow.client.calls import Call, because, only
from jobflow.client.encoding import as_body, in_path


def every() -> Call[m.LimitList]:
    """Read all limits."""
    return Call("GET", "/limits", m.LimitList, repeatable=True)


def get(limit_id: str) -> Call[m.LimitDetail]:
    """Read a limit with the jobs that have its places, and those that wait."""
    return Call("GET", _path(limit_id), m.LimitDetail, repeatable=True)


def change(limit_id: str, n: int, reason: str = "") -> Call[m.LimitRow]:
    """Change how many places a limit has."""
    return Call("PUT", _path(limit_id), m.LimitRow, body=as_body({"n": n, **because(reason)}), repeatable=True)


def reset(limit_id: str, reason: str = "") -> Call[m.LimitRow]:
    """Give a limit as many places as the code says."""
    return Call("DELETE", _path(limit_id), m.LimitRow, body=only(reason), repeatable=True)


def _path(limit_id: str) -> str:
    # `*` may stand in a path, and not every local server decodes paths
    return f"/limits/{in_path(limit_id).replace('%2A', '*')}"
