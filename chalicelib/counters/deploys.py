"""Read and write the last deployments of a stage as one text. Pure."""

import json

from chalicelib.counters.port import Deploy

MOST = 12
"""Deployments that are kept: their row lies beside the totals, and every look at these reads it."""
LONGEST_VERSION = 40


def read(text: str) -> tuple[Deploy, ...]:
    """Return the deployments in a text, oldest first."""
    return tuple(Deploy(float(at), str(version)) for at, version in json.loads(text))


def added(text: str, version: str, at: float) -> str:
    """Return the text with one deployment more, and without those that are too many."""
    known = [[one.at, one.version] for one in read(text)] if text else []
    return json.dumps([*known, [round(at, 3), version[:LONGEST_VERSION]]][-MOST:], separators=(",", ":"))
