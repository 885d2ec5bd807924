"""`sam validate --lint`, AWS's own command, on the packaged template. It needs no account and calls nobody."""

import subprocess
from pathlib import Path

import pytest

from infra.cloud.package.build import Package
from infra.local import tool

pytestmark = pytest.mark.ministack
REQUIREMENTS = ("aws-sam-cli==1.170.0",)
"""It pins half of what we pin, and something else for it."""


def test_packaged_template_is_valid(package: Package, tmp_path: Path) -> None:
    command = tool.python("sam-cli", REQUIREMENTS).with_name("sam")
    # no configuration, no credentials, and a proxy where nobody listens: it could not ask AWS if it wanted to
    nowhere = "http://127.0.0.1:9"
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "SAM_CLI_TELEMETRY": "0", "AWS_EC2_METADATA_DISABLED": "true",
        "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "LC_ALL": "C.UTF-8",
    }  # fmt: skip
    arguments = ["validate", "--lint", "--region", "us-east-1", "--template", str(package.template)]
    done = subprocess.run(
        [command, *arguments], check=False, env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is a valid SAM Template" in done.stdout
