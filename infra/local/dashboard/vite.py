"""Serve the dashboard from its sources with Vite, so that the browser shows an edit at once."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from infra.local.dashboard.built import content_security_policy
from infra.local.ending import end
from infra.local.errors import CannotRun
from infra.local.ports import HOST

TOLD_IN = "JOBFLOW_DASHBOARD"
"""The variable that contains, for vite.config.ts, the configuration that a built dashboard gets from its server."""
VITE = Path("node_modules") / "vite" / "bin" / "vite.js"
START_SECONDS = 60.0
STOP_SECONDS = 5.0
LOOK_SECONDS = 0.1
SAID = 2000
"""Maximum characters of Vite's last output that an error shows."""


def hot_policy(api: str, files: str, port: int, nonce: str, token_url: str = "") -> str:
    """Return the content security policy of a built dashboard, with the additions that hot reloading needs.

    Vite adds styles and one script to the page (they have the nonce), shows its errors as HTML (no trusted types), and
    receives edits over a WebSocket.
    """
    policy = content_security_policy(api, files, token_url).replace("; require-trusted-types-for 'script'", "")
    for directive in ("script-src", "style-src"):
        policy = policy.replace(f"{directive} 'self'", f"{directive} 'self' 'nonce-{nonce}'")
    return policy.replace("connect-src 'self'", f"connect-src 'self' ws://localhost:{port} ws://{HOST}:{port}")


class HotDashboard:
    """Vite as a child process, which ends with this one. Raises CannotRun when it cannot be started."""

    def __init__(self, sources: Path, port: int, config: Mapping[str, Any], files: str, log: Path) -> None:
        self.port = port
        self._log = log
        if not (sources / VITE).exists():
            raise CannotRun("The dashboard's packages are not installed. Start with `make dev WATCH=1`, which installs them.")
        nonce = secrets.token_urlsafe(16)
        policy = hot_policy(str(config["apiUrl"]), files, port, nonce, config.get("signIn", {}).get("tokenUrl", ""))
        told = json.dumps({"config": config, "policy": policy, "nonce": nonce})
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [_node(), str(VITE), "--port", str(port), "--strictPort", "--clearScreen", "false"],
                cwd=sources,
                env={**os.environ, TOLD_IN: told},
                # Nothing is written to this pipe. It closes when this process ends, and then Vite ends, too.
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Return the id of Vite's process."""
        return self._process.pid

    def close(self) -> None:
        """Stop serving."""
        end(self._process, STOP_SECONDS)

    def _wait_until_it_answers(self) -> None:
        ends_at = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < ends_at:
            try:
                httpx.get(f"http://{HOST}:{self.port}/config.json", trust_env=False).raise_for_status()
            except httpx.HTTPError:
                time.sleep(LOOK_SECONDS)
            else:
                return
        raise CannotRun(f"The dashboard's server did not start:\n{self._log.read_text(errors='replace')[-SAID:]}")


def _node() -> str:
    """Return the Node that `make` uses: the virtual environment's if it has one, else the system's."""
    folders = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    found = shutil.which("node", path=folders)
    if found is None:
        raise CannotRun("WATCH=1 needs Node: `make dev WATCH=1` fetches it.")
    return found
