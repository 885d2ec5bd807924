"""ministack, the second emulator: faster at some things, another opinion on all; in a Python environment of its own,
because it pins another botocore than ours."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = ("ministack==1.5.33", "aws-sam-translator", "boto3")
INSTALL_SECONDS = 300
ROOT = Path(__file__).parents[3] / ".jobflow"
STATE = ROOT / "ministack"


class MinistackUnavailable(RuntimeError):
    """ministack's environment could not be made."""


def python(root: Path = ROOT) -> Path:
    """Return the Python that has ministack, made under `root` by uv on first use.

    Raises MinistackUnavailable when it cannot be installed, for instance without a network.
    """
    home = root / "ministack-venv"
    executable, finished = home / "bin" / "python", home / "installed.txt"
    root.mkdir(parents=True, exist_ok=True)
    # on a new machine several processes of one test run want it at the same moment
    with (root / "ministack-venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists() or finished.read_text() != _wanted():
            shutil.rmtree(home, ignore_errors=True)
            _uv("venv", "--quiet", "--python", sys.executable, str(home))
            _uv("pip", "install", "--quiet", "--python", str(executable), *REQUIREMENTS)
            finished.write_text(_wanted())
    return executable


def command(executable: Path) -> list[str]:
    """Return the command that runs ministack and ends it with its parent. Its folder is kept off the import path."""
    return [str(executable), "-P", str(Path(__file__).with_name("guard.py")), "ministack.app"]


def environment(port: int, state: Path) -> dict[str, str]:
    """Return ministack's settings: on the loopback address only, its state kept in `state` over a clean restart."""
    return {
        **os.environ,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "TMPDIR": str(state / "tmp"),
        "STATE_DIR": str(state / "state"),
        "S3_DATA_DIR": str(state / "s3"),
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
    }


def prepare(state: Path) -> None:
    """Make the folders that ministack expects to find."""
    for name in ("tmp", "state", "s3"):
        (state / name).mkdir(parents=True, exist_ok=True)


def _wanted() -> str:
    return "\n".join(REQUIREMENTS)


def _uv(*arguments: str) -> None:
    try:
        subprocess.run([sys.executable, "-m", "uv", *arguments], check=True, timeout=INSTALL_SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        raise MinistackUnavailable(f"uv {arguments[0]} failed for {', '.join(REQUIREMENTS)}: {error}") from error
