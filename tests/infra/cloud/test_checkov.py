"""docs/security.md lists what Checkov finds in the packaged template, with the reason of each, and nothing else."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from infra.cloud.package.build import ROOT, Package
from infra.local import tool

REQUIREMENTS = ("checkov==3.3.30",)
"""It pins libraries of its own."""
TOLD = (ROOT / "docs" / "security.md").read_text().split("## What a scanner still finds")[1]


@pytest.fixture(scope="module")
def checkov() -> Path:
    return tool.python("checkov", REQUIREMENTS).with_name("checkov")


def found(command: Path, template: Path) -> dict[str, set[str]]:
    """The resources of each check that failed. Offline: its platform is asked for guidelines only."""
    arguments = ["-f", template.name, "--framework", "cloudformation", "-o", "json", "--compact", "--quiet"]
    nowhere = {"PATH": "/usr/bin:/bin", "HOME": str(template.parent), "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        [str(command), *arguments], cwd=template.parent, env=nowhere, capture_output=True, text=True, check=False
    )
    answer = json.loads(done.stdout)
    assert answer["summary"]["parsing_errors"] == 0
    assert answer["summary"]["passed"] > 50
    failed: dict[str, set[str]] = {}
    for finding in answer["results"]["failed_checks"]:
        failed.setdefault(finding["check_id"], set()).add(finding["resource"])
    return failed


def test_every_finding_has_its_reason(checkov: Path, package: Package, tmp_path: Path) -> None:
    (tmp_path / "sam.json").write_bytes(package.template.read_bytes())
    rows = dict(re.findall(r"^\| (CKV\w+) \| .+? \| (.{40,}) \|$", TOLD, re.MULTILINE))
    assert found(checkov, tmp_path / "sam.json").keys() == rows.keys()


def test_it_would_notice(checkov: Path, package: Package, tmp_path: Path) -> None:
    template = package.read_template()
    template["Resources"]["FilesBucket"]["Properties"]["PublicAccessBlockConfiguration"]["BlockPublicAcls"] = False
    (tmp_path / "sam.json").write_text(json.dumps(template))
    assert found(checkov, tmp_path / "sam.json")["CKV_AWS_53"] == {"AWS::S3::Bucket.FilesBucket"}
