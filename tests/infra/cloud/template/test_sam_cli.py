"""`sam validate --lint`, AWS's own command, on the packaged template. It needs no account and calls nobody."""

import json
import subprocess
from pathlib import Path

import pytest

from infra.cloud.package.build import Package
from infra.local import tool

pytestmark = pytest.mark.ministack
REQUIREMENTS = ("aws-sam-cli==1.170.0",)
"""It pins half of what we pin, and something else for it."""


@pytest.fixture(scope="module")
def sam_command() -> Path:
    return tool.python("sam-cli", REQUIREMENTS).with_name("sam")


def validate(command: Path, template: Path, home: Path) -> "subprocess.CompletedProcess[str]":
    # no configuration, no credentials, and a proxy where nobody listens: it could not ask AWS if it wanted to
    nowhere = "http://127.0.0.1:9"
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(home), "SAM_CLI_TELEMETRY": "0", "AWS_EC2_METADATA_DISABLED": "true",
        "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "LC_ALL": "C.UTF-8",
    }  # fmt: skip
    arguments = ["validate", "--lint", "--region", "us-east-1", "--template", str(template)]
    return subprocess.run(
        [str(command), *arguments], check=False, env=environment, cwd=home, capture_output=True, text=True
    )


def test_packaged_template_is_valid(sam_command: Path, package: Package, tmp_path: Path) -> None:
    done = validate(sam_command, package.template, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is a valid SAM Template" in done.stdout


def test_it_would_notice(sam_command: Path, package: Package, tmp_path: Path) -> None:
    template = package.read_template()
    template["Resources"]["EmailSendQueue"]["Properties"]["Visibility"] = 1
    (tmp_path / "spoiled.json").write_text(json.dumps(template))
    done = validate(sam_command, tmp_path / "spoiled.json", tmp_path)
    assert done.returncode != 0
    assert "'Visibility' was unexpected" in done.stdout + done.stderr
