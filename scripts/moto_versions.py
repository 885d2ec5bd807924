"""Play the conformance tests under other versions of moto, and say on which of them the laptop's emulator may run.

    python -m scripts.moto_versions 5.2.4 5.2.3

Without versions: the oldest that requirements-dev.in allows. Each is put into a folder of its own, which comes first on
the path. Needs the network, and two minutes for each version that passes. Exits with 1 when one does not.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONFORMANCE = [f"tests/infra/local/emulator/test_same_{what}.py" for what in ("answers", "queue", "fifo_queue")]
"""The same random calls go to moto as it comes and to the repaired one."""
Run = Callable[[Sequence[str], Mapping[str, str]], tuple[int, str]]


def oldest() -> str:
    """Return the oldest version that requirements-dev.in allows."""
    (found,) = re.findall(r"^moto\[.*\]>=([\d.]+)", (ROOT / "requirements-dev.in").read_text(), re.MULTILINE)
    return str(found)


def verdict(version: str, folder: str, run: Run) -> tuple[bool, str]:
    """Return whether this version passes, and that in words with the first reason why not."""
    fetch = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", folder]
    code, said = run([*fetch, f"moto=={version}"], {})
    if code:
        return False, f"moto {version} cannot be installed: {said.strip().splitlines()[-1]}"
    play = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *CONFORMANCE]
    code, said = run(play, {"PYTHONPATH": folder})
    if not code:
        return True, f"moto {version} passes"
    reasons = re.findall(r"^E +(\S*(?:Error|Exception|IncompatibleMoto)\b.*)$", said, re.MULTILINE)
    return False, f"moto {version} does not pass: {reasons[0] if reasons else said.strip().splitlines()[-1]}"


def _run(command: Sequence[str], extra: Mapping[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **extra}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def main(versions: Sequence[str], run: Run = _run) -> int:
    """Print a line for each version; return 1 when one of them does not pass."""
    passed = []
    for version in versions or [oldest()]:
        with tempfile.TemporaryDirectory() as folder:
            passes, words = verdict(version, folder, run)
        print(words)
        passed.append(passes)
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
