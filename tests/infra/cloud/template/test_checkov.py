"""Checkov finds nothing in the packaged template but what docs/security.md gives a reason for."""

import json
import subprocess
from pathlib import Path

import pytest

from infra.cloud.package.build import Package
from infra.local import tool

pytestmark = pytest.mark.ministack
REQUIREMENTS = ("checkov==3.3.30",)
"""It pins libraries of its own."""
LEFT = {f"CKV_AWS_{number}" for number in (18, 21, 26, 73, 76, 86, 115, 116, 117, 119, 120, 173, 174)}
"""Each has its reason in docs/security.md."""


def test_nothing_new_is_found(package: Package, tmp_path: Path) -> None:
    command = tool.python("checkov", REQUIREMENTS).with_name("checkov")
    (tmp_path / "ours.json").write_bytes(package.template.read_bytes())
    # offline: its platform is asked for guidelines only, and it does without
    nowhere = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9"}
    arguments = ["-f", "ours.json", "--framework", "cloudformation", "-o", "json", "--compact", "--quiet"]
    done = subprocess.run([command, *arguments], cwd=tmp_path, env=nowhere, capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout)
    assert answer["summary"]["parsing_errors"] == 0
    assert answer["summary"]["passed"] > 50
    assert {finding["check_id"] for finding in answer["results"]["failed_checks"]} - LEFT == set()
