"""Read what the code on disk declares, in a new process, because this process cannot import an edited module again."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.cloud.package.shipped import GATEWAY, probed
from infra.local.deployment import Description
from infra.local.errors import BrokenCode
from infra.local.lambdas.site import of_host

SECONDS = 60
TOO_LONG = (
    "The job types are still being imported after a minute. Move what waits, such as a request, into the job function."
)


def describe(root: Path, stack: str, origin: str) -> Description:
    """Return what the code under `root` declares: resources, functions. Raises BrokenCode with a readable block."""
    return Description(**run(root, ["infra.code.describe", stack, origin], probed(root, GATEWAY)))


def run(root: Path, command: list[str], variables: Mapping[str, str], given: str = "") -> Any:
    """Run a module with the code of `root`, and return the JSON in the last line that it prints.

    `given` is the module's standard input. Raises BrokenCode with the module's standard error.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", *command],
            cwd=root,
            env={**of_host(), "PYTHONPATH": str(root), "AWS_DEFAULT_REGION": "us-east-1", **variables},
            input=given,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise BrokenCode(TOO_LONG) from error
    if done.returncode:
        raise BrokenCode(done.stderr.strip())
    return json.loads(done.stdout.splitlines()[-1])
