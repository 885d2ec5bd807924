"""Name the version that a deployment brings: the commit of the checkout, or else the template's digest."""

import re
import shutil
import subprocess
from pathlib import Path

from chalicelib.counters.constants import LONGEST_VERSION

SAFE = re.compile(r"[\w.+/-]+", re.ASCII)
DIGITS = 7
"""Number of characters of the template's digest that form the version if there is no commit."""


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
