"""List the emulators that can be started, each with the prefix of its own calls."""

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from infra.local import lifeline, ports
from infra.local.lambdas.specs import ACCOUNT

from . import ministack, shell

ANNOUNCE_SECONDS = 30.0
PROJECT = Path(__file__).parents[4]
Log = IO[bytes] | None
Launch = Callable[[int, Log, Path | None, Sequence[str]], tuple["subprocess.Popen[bytes]", str]]


@dataclass(frozen=True, slots=True)
class Backend:
    """Describe how to launch an emulator, and the beginning of the paths of its own calls (`health`, `reset`).

    `launch` takes a port (0: a free one), a log, the folder for the state (None: moto keeps none, ministack has a
    default), and the origins of pages that may use objects (if the emulator checks them). It returns the process and
    its URL.
    """

    launch: Launch
    prefix: str


def _launch_moto(
    port: int, log: Log, state: Path | None, origins: Sequence[str]
) -> tuple["subprocess.Popen[bytes]", str]:
    command = [*lifeline.command(sys.executable, lifeline.GRACE_SECONDS), "infra.local.emulator", "--port", str(port)]
    if state is not None:
        command.append(f"--state={state.absolute()}")
    command += [f"--origin={origin}" for origin in origins]
    # without the account, moto looks for the account of the key at each call
    more = {"PYTHONPATH": str(PROJECT), "MOTO_ACCOUNT_ID": ACCOUNT}
    process = _process(command, {**shell.without_aws(), **more}, PROJECT, subprocess.PIPE, log)
    # the wait for the process's line (below) ends when the process is killed
    deadline = threading.Timer(ANNOUNCE_SECONDS, process.kill)
    deadline.start()
    url = process.stdout.readline().decode().strip() if process.stdout else ""
    deadline.cancel()
    return process, url


def _launch_ministack(
    port: int, log: Log, state: Path | None, _origins: Sequence[str]
) -> tuple["subprocess.Popen[bytes]", str]:
    state = state or ministack.STATE
    ministack.prepare(state)
    command = ministack.command(ministack.python())
    port = ports.free(port, "AWS_PORT")
    return _process(command, ministack.environment(port, state), state, log, log), f"http://127.0.0.1:{port}"


def _process(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, output: int | Log, log: Log
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=log,
        cwd=folder,
        env=environment,
        start_new_session=True,  # a Ctrl-C is for the parent, which first ends what uses the emulator
    )


OURS = "/_jobflow/"
BACKENDS = {"moto": Backend(_launch_moto, OURS), "ministack": Backend(_launch_ministack, "/_ministack/")}
