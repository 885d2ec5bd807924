"""Record in a stage's own table that it was deployed, so that charts and errors can name the deployment."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.counters.constants import LONGEST_VERSION
from chalicelib.counters.port import Deploys

SAFE = re.compile(r"[\w.+/-]+", re.ASCII)
DIGITS = 7
"""Number of characters of the template's digest that form the version if there is no commit."""


def mark(
    deploys: Callable[[], Deploys], version: str, say: Callable[[str], None], clock: Callable[[], float] = time.time
) -> None:
    """Record that the stage has this version. The version already runs, so an error is printed, not raised."""
    try:
        deploys().deployed(version, clock())
    except Exception as error:  # whatever the error, the deployment itself has succeeded
        say(f"The charts will not show this deployment: {type(error).__name__}.")


def mark_queues(
    counters: Callable[[], DynamoCounters],
    shared: Mapping[str, str],
    say: Callable[[str], None],
    clock: Callable[[], float] = time.time,
) -> None:
    """Record which types share which queue, so that the watchdog finds the jobs whose messages a move has left behind.

    `shared` has the shared queue of each type that has one. An error is printed, not raised.
    """
    try:
        counters().deployed_queues(shared, clock())
    except Exception as error:  # whatever the error, the deployment itself has succeeded
        say(f"Jobs of types that have moved to another queue may start hours later: {type(error).__name__}.")


def version_of(url: str, folder: Path) -> str:
    """Return the commit of the checkout at `folder` ("v1.2-3-gab12cd-dirty"), or else part of the template's digest."""
    return commit(folder) or digest(url)


def digest(url: str) -> str:
    """Return the start of the digest of the template at `url`; the file name contains the digest."""
    return url.rpartition("/")[2][:DIGITS]


def commit(folder: Path) -> str:
    """Return the commit of the checkout at `folder` with its nearest tag; empty without one."""
    git = shutil.which("git")
    if git is None:
        return ""
    asked = [git, "-C", str(folder), "describe", "--tags", "--always", "--dirty"]
    done = subprocess.run(asked, check=False, capture_output=True, text=True)
    said = done.stdout.strip()[:LONGEST_VERSION]
    return said if done.returncode == 0 and SAFE.fullmatch(said) else ""
