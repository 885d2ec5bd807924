"""Run the console's browser tests in Chromium: `make e2e-ui`.

First it uses the real platform, started on free ports. Then it uses a fake API, for situations that the real API cannot
produce on demand: server errors, ten thousand jobs. Arguments go to Playwright (`ARGS="--grep keyboard"`). If a test
fails, it exits with 1 and does not run the other half, so that the failure is printed last. Without a browser it exits
with 2.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from scripts.recount import connect

ROOT = Path(__file__).parents[1]
UI = ROOT / "dashboard"
WITHOUT_WINDOW = "chromium-headless-shell"
"""Chromium without what draws its window: the same pages for about half of the CPU time."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WINDOW = {"--headed", "--debug", "--ui"}
"""Arguments of Playwright that show the browser's window."""
START_SECONDS = 120.0
STOP_SECONDS = 30.0
LOOK_SECONDS = 0.1
TAIL = 40
"""Lines of the platform's output that are shown after a failed test."""
PLATFORM = {
    "API_PORT": "0",
    "AWS_PORT": "0",
    "DASHBOARD_PORT": "0",
    "JITTER": "none",  # no jitter, because a random wait could be too short for the test of its countdown
    "RATE_LIMIT_MAX": "0",
}


class CannotRun(Exception):
    """The browser tests cannot begin; the message says why."""


def main(arguments: Sequence[str]) -> int:
    """Run every test; return the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # end with an exception, so that the platform is stopped
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    try:
        env["CHROMIUM"] = browser(env, window=not WINDOW.isdisjoint(arguments))
        print("The console on the real platform:", flush=True)
        with (
            tempfile.TemporaryDirectory() as folder,
            provider() as issuer,
            platform(Path(folder), issuer) as state,
        ):
            tokens = {"ADMIN_TOKEN": state["token"], "VIEWER_TOKEN": viewer(state)}
            real = {
                "DASHBOARD_URL": state["dashboard"], "AWS_URL": state["aws"], "SIGN_IN_ISSUER": issuer, **tokens
            }  # fmt: skip
            code = play("platform", arguments, {**env, **real})
            if code:
                print(tail(Path(folder)), flush=True)
                return 1
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 2
    print("The console on a fake API:", flush=True)
    return int(play("fake", arguments, env) != 0)


def browser(env: Mapping[str, str], *, window: bool) -> str:
    """Return the path of Chromium: CHROMIUM, or the first on PATH. Raises CannotRun."""
    names = (env["CHROMIUM"],) if env.get("CHROMIUM") else BROWSERS if window else (WITHOUT_WINDOW, *BROWSERS)
    found = next(filter(None, (shutil.which(name, path=env["PATH"]) for name in names)), None)
    if found is None:
        raise CannotRun(f"Browser tests need Chromium, and there is no {' or '.join(names)}. CHROMIUM=... names one.")
    return found


@contextmanager
def provider() -> Iterator[str]:
    """Run an identity provider; yield its issuer. Raises CannotRun."""
    running = subprocess.Popen(
        ["node", "node_modules/tsx/dist/cli.mjs", "e2e/provider.ts"],
        cwd=UI, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with running:
        told = running.stdout.readline() if running.stdout else ""
        if not told:
            raise CannotRun("The identity provider of the tests did not start.")
        yield str(json.loads(told)["issuer"])
        # it ends when its standard input closes


@contextmanager
def platform(folder: Path, issuer: str = "") -> Iterator[dict[str, Any]]:
    """Run `make dev` with its state and output in `folder`; yield the content of its state file. Raises CannotRun.

    People can sign in with the issuer, if one is given.
    """
    with (folder / "output").open("w") as output:
        runner = subprocess.Popen(
            [sys.executable, "-m", "infra.local"],
            cwd=ROOT,
            env={
                **os.environ,
                **PLATFORM,
                "JOBFLOW_STATE_DIR": str(folder),
                "SIGN_IN": signing_in(issuer) if issuer else "",
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield ready(runner, folder)
    finally:
        runner.terminate()
        try:
            runner.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            runner.kill()
            runner.wait()


def signing_in(issuer: str) -> str:
    """Return the setting with which people sign in: the person of `dashboard/e2e/provider.ts` is an operator."""
    return json.dumps({
        "issuer": issuer, "client": "console", "operators": "console-operators", "label": "name", "name": "Example",
    })  # fmt: skip


def ready(runner: "subprocess.Popen[bytes]", folder: Path) -> dict[str, Any]:
    """Wait until the platform is up; return its state. Raises CannotRun."""
    end = time.monotonic() + START_SECONDS
    while not (folder / "dev.json").exists():
        if runner.poll() is not None or time.monotonic() > end:
            raise CannotRun(f"The platform did not start.\n{tail(folder)}")
        time.sleep(LOOK_SECONDS)
    state: dict[str, Any] = json.loads((folder / "dev.json").read_text())
    if not state["dashboard"]:
        raise CannotRun("The console is not built: make dashboard/dist/index.html")
    return state


def viewer(state: Mapping[str, str]) -> str:
    """Return a read-only token, made with the command that an operator uses."""
    before = dict(os.environ)
    connect(state)
    try:
        text, _ = parts.tokens.issue(Role.VIEWER, "browser tests")
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ |= before
        parts.reset()
    return text


def play(folder: str, arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a folder of browser tests; return Playwright's exit code."""
    # Allow a folder without tests: arguments that select a test of one folder may select none of the other.
    playwright = ["node", "node_modules/@playwright/test/cli.js", "test", "--pass-with-no-tests"]
    return subprocess.run([*playwright, f"e2e/{folder}/", *arguments], cwd=UI, env=env, check=False).returncode


def tail(folder: Path) -> str:
    """Print the end of the platform's output."""
    lines = (folder / "output").read_text(errors="replace").splitlines()
    return "\n".join(["The platform's last lines:", *lines[-TAIL:]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
