"""Check the project's own workflows and issue forms with GitHub's schemas, an auditor and actionlint."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.infra.local.running import ROOT
from tests.jobflow.project.test_ci_kit import check, lint

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
pytestmark = pytest.mark.ministack


def test_each_workflow_is_taken_and_clean() -> None:
    check(*WORKFLOWS)
    lint(*WORKFLOWS)


def test_the_last_job_waits_for_all_others() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    assert {*jobs["ci-ok"]["needs"], "ci-ok"} == set(jobs)


def changed(folder: Path, *files: str) -> dict[str, str]:
    """Return the output of .ci/plan for a commit that changes these files."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    (folder / ".ci").mkdir()
    (folder / ".ci" / "plan").write_bytes((ROOT / ".ci" / "plan").read_bytes())
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "before"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    subprocess.run([*git, "add", *files], cwd=folder, check=True)
    subprocess.run([*git, "commit", "-q", "-m", "after"], cwd=folder, check=True)
    told = subprocess.run(
        ["bash", ".ci/plan", "HEAD~1"], cwd=folder, env=os.environ, capture_output=True, text=True, check=True
    )
    return dict(line.split("=") for line in told.stdout.splitlines())


@pytest.mark.parametrize(
    ("file", "touched"),
    [
        ("docs/glossary.md", {"docs"}),
        ("docs/deploy/smoke.md", {"docs", "stack"}),
        ("dashboard/src/main.ts", {"console"}),
        ("infra/cloud/package/build.py", {"stack"}),
        ("chalicelib/jobs/job.py", {"stack", "console", "docs"}),
        ("Makefile", {"stack", "console", "docs"}),
    ],
)
def test_the_plan_names_what_a_change_touches(tmp_path: Path, file: str, touched: set[str]) -> None:
    assert {name for name, value in changed(tmp_path, file).items() if value == "true"} == touched
