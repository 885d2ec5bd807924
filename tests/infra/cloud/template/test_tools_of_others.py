"""Check the packaged template with other tools, each in a separate environment, because they pin libraries, too.

They need no account and send no requests: their proxy is an address where no program listens.
"""

import json
import subprocess
from pathlib import Path

import pytest

from infra.cloud.package.build import Package
from tests import tools

pytestmark = pytest.mark.ministack
LEFT = {f"CKV_AWS_{number}" for number in (18, 21, 26, 86, 95, 115, 116, 117, 119, 173, 174)}
"""docs/security.md explains each of them."""


def test_checkov_finds_nothing_without_a_reason(package: Package, tmp_path: Path) -> None:
    command = tools.checkov().with_name("checkov")
    (tmp_path / "ours.json").write_bytes(package.template.read_bytes())
    nowhere = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9"}
    arguments = ["-f", "ours.json", "--framework", "cloudformation", "-o", "json", "--compact", "--quiet"]
    done = subprocess.run([command, *arguments], cwd=tmp_path, env=nowhere, capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout)
    assert answer["summary"]["parsing_errors"] == 0
    assert answer["summary"]["passed"] > 50
    assert {finding["check_id"] for finding in answer["results"]["failed_checks"]} - LEFT == set()


def test_sam_validates_it(package: Package, tmp_path: Path) -> None:
    command = tools.sam().with_name("sam")
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
