"""Install a Python tool with uv when it is first used. Its environment is separate, because it pins other versions."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local.state.folder import OF_A_PROJECT, make

INSTALL_SECONDS = 600
ROOT = Path(__file__).parents[2] / OF_A_PROJECT


class ToolUnavailable(RuntimeError):
    """A tool's environment could not be made."""


def python(name: str, requirements: Sequence[str], root: Path = ROOT) -> Path:
    """Return the Python of the environment `root`/`name`-venv, which has the requirements.

    Raises ToolUnavailable if they cannot be installed, for example without a network.
    """
    home = root / f"{name}-venv"
    executable, finished, wanted = home / "bin" / "python", home / "installed.txt", "\n".join(requirements)
    make(root)
    # a lock is needed, because on a new machine several processes of one test run install the tool at the same moment
    with (root / f"{name}-venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists() or finished.read_text() != wanted:
            shutil.rmtree(home, ignore_errors=True)
            _uv(requirements, "venv", "--quiet", "--python", sys.executable, str(home))
            _uv(requirements, "pip", "install", "--quiet", "--python", str(executable), *requirements)
            finished.write_text(wanted)
    return executable


def _uv(requirements: Sequence[str], *arguments: str) -> None:
    try:
        subprocess.run([sys.executable, "-m", "uv", *arguments], check=True, timeout=INSTALL_SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        raise ToolUnavailable(f"uv {arguments[0]} failed for {', '.join(requirements)}: {error}") from error
