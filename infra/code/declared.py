"""Read what the code on disk declares, in a new process, because this process cannot import an edited module again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
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


def describe(root: Path, stack: str, origin: str, conditions: Sequence[str] = ()) -> Description:
    """Return what the code under `root` declares: resources, functions. Raises BrokenCode with a readable block.

    `conditions` are those of the template that hold.
    """
    return Description(**run(root, ["infra.code.describe", stack, origin, *conditions], probed(root, GATEWAY)))


def run(root: Path, command: list[str], variables: Mapping[str, str], given: str = "", imports: int = 1) -> Any:
    """Run a module with the code of `root`, and return the JSON in the last line that it prints.

    `given` is the module's standard input, `imports` the number of imports that it makes one after the other. Raises
    BrokenCode with the module's standard error.
    """
    with subprocess.Popen(
        [sys.executable, "-P", "-m", *command],
        cwd=root,
        env={**of_host(), "PYTHONPATH": str(root), "AWS_DEFAULT_REGION": "us-east-1", **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            printed, complaint = process.communicate(given, timeout=SECONDS * imports)
        except BaseException as error:
            # also end the children: the probe imports each handler in a fork
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise BrokenCode(TOO_LONG) from error
            raise
    if process.returncode:
        raise BrokenCode(complaint.strip())
    return json.loads(printed.splitlines()[-1])
