"""Read and write the last deployments of a stage as one string. Pure."""

import json

from chalicelib.counters.constants import LONGEST_VERSION, MOST_DEPLOYS
from chalicelib.counters.port import Deploy


def read(text: str) -> tuple[Deploy, ...]:
    """Return the deployments in the string, oldest first."""
    return tuple(Deploy(float(at), str(version)) for at, version in json.loads(text))


def added(text: str, version: str, at: float) -> str:
    """Return the string with one more deployment, without the oldest ones above the limit."""
    known = [[one.at, one.version] for one in read(text)] if text else []
    return json.dumps([*known, [round(at, 3), version[:LONGEST_VERSION]]][-MOST_DEPLOYS:], separators=(",", ":"))
