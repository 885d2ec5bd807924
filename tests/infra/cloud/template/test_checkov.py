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
LEFT = {
    f"CKV_AWS_{number}" for number in (18, 21, 26, 73, 76, 86, 115, 116, 117, 119, 120, 173, 174)
}  # fmt: skip
"""Each has its reason in docs/security.md."""


@pytest.fixture(scope="module")
def found(package: Package, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, set[str]]]:
    """By the template (ours, and a spoiled one) and the check: the resources that fail it."""
    folder = tmp_path_factory.mktemp("scanned")
    spoiled = package.read_template()
    spoiled["Resources"]["FilesBucket"]["Properties"]["PublicAccessBlockConfiguration"]["BlockPublicAcls"] = False
    (folder / "ours.json").write_bytes(package.template.read_bytes())
    (folder / "spoiled.json").write_text(json.dumps(spoiled))
    return scanned(tool.python("checkov", REQUIREMENTS).with_name("checkov"), folder)


def scanned(command: Path, folder: Path) -> dict[str, dict[str, set[str]]]:
    """Run it offline: its platform is asked for guidelines only, and does without."""
    arguments = [
        "-f",
        "ours.json",
        "spoiled.json",
        "--framework",
        "cloudformation",
        "-o",
        "json",
        "--compact",
        "--quiet",
    ]
    nowhere = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        [str(command), *arguments], cwd=folder, env=nowhere, capture_output=True, text=True, check=False
    )
    answer = json.loads(done.stdout)
    assert answer["summary"]["parsing_errors"] == 0
    assert answer["summary"]["passed"] > 100
    failed: dict[str, dict[str, set[str]]] = {"ours": {}, "spoiled": {}}
    for finding in answer["results"]["failed_checks"]:
        of_file = failed[Path(finding["file_path"]).stem]
        of_file.setdefault(finding["check_id"], set()).add(finding["resource"])
    return failed


def test_nothing_new_is_found(found: dict[str, dict[str, set[str]]]) -> None:
    assert found["ours"].keys() - LEFT == set()


def test_it_would_notice(found: dict[str, dict[str, set[str]]]) -> None:
    assert found["spoiled"].keys() - found["ours"].keys() == {"CKV_AWS_53"}
    assert found["spoiled"]["CKV_AWS_53"] == {"AWS::S3::Bucket.FilesBucket"}
