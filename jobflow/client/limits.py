"""Describe the requests about limits as data. Pure: nothing is sent here."""

from jobflow import models as m
from jobflow.client.calls import Call, because, only
from jobflow.client.encoding import as_body, in_path


def every() -> Call[m.LimitList]:
    """Read all limits."""
    return Call("GET", "/limits", m.LimitList, repeatable=True)


def get(name: str, value: str | None = None) -> Call[m.LimitDetail]:
    """Read a limit, or that of a value, with the jobs that have its places, and those that wait."""
    return Call("GET", _path(name), m.LimitDetail, query={"value": value}, repeatable=True)


def change(name: str, n: int, value: str | None = None, reason: str = "") -> Call[m.LimitChanged]:
    """Change how many places a limit has, or that of a value; of a rate, how many jobs start in its period."""
    body = as_body({"n": n, **because(reason)})
    return Call("PUT", _path(name), m.LimitChanged, query={"value": value}, body=body, repeatable=True)


def reset(name: str, value: str | None = None, reason: str = "") -> Call[m.LimitChanged]:
    """Give a limit, or that of a value, the number that the code says."""
    return Call("DELETE", _path(name), m.LimitChanged, query={"value": value}, body=only(reason), repeatable=True)


def _path(name: str) -> str:
    return f"/limits/{in_path(name, 'name')}"
