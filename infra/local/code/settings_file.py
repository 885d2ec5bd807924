"""Take up an edit of jobflow.toml, the settings of a user's repository, while its platform runs."""

import subprocess
import sys
from pathlib import Path

from infra.local.errors import BrokenCode

SECONDS = 60


def take(settings: Path) -> None:
    """Put the repository's tree together anew: built-in types come and go there as edits. Raises BrokenCode.

    By a process of the command line, which knows what a repository is: the platform does not.
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
