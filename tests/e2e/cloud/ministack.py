"""Run ministack as a child process with its own state: an independent AWS emulator."""

import atexit
import contextlib
import functools
import json
import platform
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from infra.cloud.package.build import HERE, ROOT, Package, build
from infra.definition.names import stack_name
from infra.local.emulator.processes import ministack

START_SECONDS = 240.0
REGION = "us-east-1"
NOT_THERE = frozenset({"AWS::Logs::QueryDefinition"})
"""Parts that ministack refuses to create; the static checks of tests/infra/cloud cover them."""
FIRST = "e2e"
"""The stage for which the checkout is packaged."""
NAMED = ("jobflow-{}", '"STAGE": "{}"', "stage={}:")
"""The texts in a template that name its stage."""


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
    """Run `make package` for this machine's processor, without the resources that ministack lacks.

    Only the template has the name of the stage in it, so the checkout is packaged once for all its stages.
    """
    if types is None and root == ROOT:
        return _of_stage(stage, folder)
    return playable(build(stage, types or jobtype.load(), root, folder, architecture(), HERE))


@functools.cache
def _of_checkout() -> Package:
    folder = Path(tempfile.mkdtemp(prefix="jobflow-package-"))
    atexit.register(shutil.rmtree, folder)
    return playable(build(FIRST, jobtype.load(), ROOT, folder, architecture(), HERE))


def _of_stage(stage: str, folder: Path) -> Package:
    made, template = _of_checkout(), folder / "sam.json"
    text = made.template.read_text()
    for place in NAMED:
        assert place.format(FIRST) in text
        text = text.replace(place.format(FIRST), place.format(stage))
    folder.mkdir(exist_ok=True)
    template.write_text(text)
    for archive in made.archives:
        shutil.copy(archive, folder)
    moved = [folder / archive.name for archive in made.archives]
    return replace(made, archive=moved[0], own=tuple(moved[1:]), template=template, stack=stack_name(stage))


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
    """Return the emulator's address of the stack's API. An earlier version of the stack has a REST API."""
    of_rest = f"{outputs['RestAPIId']}/api" if "RestAPIId" in outputs else ""
    return f"{url}/_aws/execute-api/{of_rest or outputs['ApiId'] + '/$default'}"


def _is_there(resource: Mapping[str, Any]) -> bool:
    computed_alarm = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    return resource["Type"] not in NOT_THERE and not computed_alarm


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/_ministack/health", timeout=60).is_success:
                return
        time.sleep(0.1)
    raise RuntimeError(f"ministack did not start, exit code {process.poll()}; its log is ministack.log in its folder")
