"""Run ministack as a child process with its own state: an independent AWS emulator."""

import contextlib
import json
import platform
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from infra.cloud.package.build import HERE, ROOT, Package, build
from infra.local.emulator.processes import ministack

START_SECONDS = 60.0
REGION = "us-east-1"
NOT_THERE = frozenset({"AWS::Logs::QueryDefinition"})
"""Parts that ministack refuses to create; the static checks of tests/infra/cloud cover them."""


@contextlib.contextmanager
def running(folder: Path, *, tolerant: bool = False) -> Iterator[str]:
    """Start ministack on a free port and return its URL; its functions send requests only to it.

    `tolerant` (emulator/tolerant.py) accepts our whole template.
    """
    ministack.prepare(folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = {**ministack.environment(port, folder), **credentials(url), "PERSIST_STATE": "0"}
    with (folder / "ministack.log").open("wb") as log:
        command = ministack.command(ministack.python())
        if tolerant:
            command[-1], environment["PYTHONPATH"] = "tolerant", str(Path(__file__).parents[1] / "emulator")
        with subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=log, stderr=log
        ) as process:
            try:
                _wait(url, process)
                yield url
            finally:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()


def credentials(url: str) -> dict[str, str]:
    """Return the variables with which every AWS client of a process uses the emulator."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    }


@contextlib.contextmanager
def aimed_at(url: str) -> Iterator[None]:
    """Within the block, every AWS client of this process uses the emulator."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in credentials(url).items():
            patch.setenv(name, value)
        yield


def package(stage: str, folder: Path, types: Sequence[JobType[Any, Any]] | None = None, root: Path = ROOT) -> Package:
    """Run `make package` for this machine's processor, without the resources that ministack lacks."""
    return playable(build(stage, types or jobtype.load(), root, folder, architecture(), HERE))


def playable(made: Package) -> Package:
    """Remove the resources that ministack lacks from a package's template."""
    template = made.read_template()
    template["Resources"] = {name: r for name, r in template["Resources"].items() if _is_there(r)}
    made.template.write_text(json.dumps(template))
    return made


def architecture() -> str:
    """Return this machine's processor: the emulator runs functions on it."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def api_url(url: str, outputs: Mapping[str, str]) -> str:
    """Return the emulator's address of the stack's API."""
    return f"{url}/_aws/execute-api/{outputs['RestAPIId']}/api"


def _is_there(resource: Mapping[str, Any]) -> bool:
    computed_alarm = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    return resource["Type"] not in NOT_THERE and not computed_alarm


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/_ministack/health").is_success:
                return
        time.sleep(0.1)
    raise RuntimeError(f"ministack did not start, exit code {process.poll()}; its log is ministack.log in its folder")
