"""Read what the code on disk declares, in a new process, because this process cannot import an edited module again.

As a program, it reports what the laptop and the cloud would refuse: `python -m infra.local.code.declared`.
"""

import json
import subprocess
import sys
from pathlib import Path

from infra.cloud.package.inner_imports import refused_here
from infra.cloud.package.shipped import GATEWAY, probed
from infra.local.deployment import Description
from infra.local.errors import BrokenCode
from infra.local.lambdas.site import of_host

DESCRIBE_SECONDS = 60


def describe(root: Path, stack: str, origin: str) -> Description:
    """Return what the code under `root` declares: resources, functions. Raises BrokenCode with a readable block."""
    environment = {"PYTHONPATH": str(root), "AWS_DEFAULT_REGION": "us-east-1", **probed(root, GATEWAY)}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "infra.local.code.describe", stack, origin],
        cwd=root,
        env={**of_host(), **environment},
        capture_output=True,
        text=True,
        timeout=DESCRIBE_SECONDS,
        check=False,
        start_new_session=True,
    )
    if done.returncode:
        raise BrokenCode(done.stderr.strip())
    return Description(**json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    """Print the problems of the code on standard error; return the exit code."""
    root = Path(__file__).parents[3]
    try:
        describe(root, "jobflow-check", "http://localhost")
    except BrokenCode as error:
        print(error, file=sys.stderr)
        return 1
    refused = refused_here(root)
    if refused:
        print("\n".join(refused), file=sys.stderr)
    return int(bool(refused))


if __name__ == "__main__":
    sys.exit(main())
