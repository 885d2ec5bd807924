"""Apply an edit of jobflow.toml, the settings of a user's repository, while its platform runs."""

import subprocess
import sys
from pathlib import Path

from infra.local.errors import BrokenCode

SECONDS = 60


def take(settings: Path) -> None:
    """Build the repository's tree again. Built-in types that appear or disappear count as edits. Raises BrokenCode.

    A process of the command line (`jobflow`) builds the tree, because the platform's own code does not handle
    repositories.
    """
    done = subprocess.run(
        [sys.executable, "-m", "jobflow.project", str(settings.parent)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        start_new_session=True,
    )
    if done.returncode:
        raise BrokenCode(done.stderr.strip())
