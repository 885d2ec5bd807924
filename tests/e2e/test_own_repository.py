"""Test a separate repository in the cloud: the wheels in a clean environment, `new`, `deploy`, a job, `destroy`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.cloud.package.build import HERE
from tests.e2e.cloud import ministack
from tests.installed import Own, install, share

pytestmark = pytest.mark.ministack

STACK = "jobflow-own"
BUILD = f"--architecture {ministack.architecture()} --python {HERE}"
STAGE = '\n[stages.own.parameters]\nRateLimitMax = 0\nMailFrom = "jobs@example.com"\n'


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment variables for a separate emulator."""
    with ministack.running(tmp_path_factory.mktemp("ministack"), tolerant=True) as url:
        yield ministack.credentials(url)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Own:
    return install(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def project(own: Own) -> Path:
    own.done("new my-jobs", own.folder)
    made = own.folder / "my-jobs"
    with (made / "jobflow.toml").open("a") as marked:
        marked.write(STAGE)
    share(made, "Good day")
    return made


@pytest.fixture(scope="module")
def stage(own: Own, project: Path, aws: Mapping[str, str]) -> dict[str, str]:
    """The deployed stage: the variables with which the command line reaches it, and the deployment's output."""
    said = own.done(f"deploy --stage own {options(own, project)} --token-file {project}/token", project, **aws)
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found(aws)[0]["Outputs"]}
    url = ministack.api_url(aws["AWS_ENDPOINT_URL"], outputs)
    return {"JOBFLOW_URL": url, "JOBFLOW_TOKEN": (project / "token").read_text().strip(), "said": said}


def options(own: Own, project: Path) -> str:
    """Return the options for a deployment here: without them, the smoke test would call the API's address in AWS."""
    untried = "--no-smoke"
    return f"{BUILD} {untried}" if untried in own.done("deploy --help", project) else BUILD


def found(aws: Mapping[str, str]) -> list[Any]:
    """Return the stack, as CloudFormation lists it."""
    client = boto3.client("cloudformation", endpoint_url=aws["AWS_ENDPOINT_URL"], region_name=ministack.REGION,
                          aws_access_key_id="test", aws_secret_access_key="test")  # fmt: skip
    return [
        one
        for one in client.describe_stacks()["Stacks"]
        if one["StackName"] == STACK and one["StackStatus"] != "DELETE_COMPLETE"
    ]


def test_it_is_packaged(own: Own, project: Path) -> None:
    said = own.done(f"package {BUILD}", project)
    assert "deployment.zip: " in said
    assert {path.name for path in (project / "build").iterdir()} == {"deployment.zip", "sam.json", "sbom.json"}
    functions = json.loads((project / "build" / "sam.json").read_text())["Resources"]
    assert ("HelloWorldFunction" in functions, "EmailSendFunction" in functions) == (True, False)


def test_a_stage_of_it_is_deployed_with_its_parameters_and_the_console(
    stage: dict[str, str], aws: Mapping[str, str]
) -> None:
    assert "Uploaded the dashboard: " in stage["said"]
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in found(aws)[0]["Parameters"]}
    assert parameters["RateLimitMax"] == "0"


def test_a_job_of_its_own_that_imports_shared_code_completes_there(
    own: Own, project: Path, stage: dict[str, str]
) -> None:
    said = own.done("jobs create hello.world --example --wait --timeout 3m", project, **reached(stage))
    assert json.loads(said.splitlines()[-1])["result"] == {"text": "Good day, world!"}


def test_the_operators_commands_work(own: Own, project: Path, stage: dict[str, str], aws: Mapping[str, str]) -> None:
    assert "jobflow-own-hello-world" in own.done("status --stage own", project, **aws)
    assert own.done("preflight --stage own --json", project, **aws).strip().startswith("[")
    issued = own.done("token issue --stage own --role viewer --label a-test", project, **aws)
    assert "a-test" in own.done("token list --stage own", project, **aws)
    viewer = {"JOBFLOW_URL": stage["JOBFLOW_URL"], "JOBFLOW_TOKEN": issued.splitlines()[0]}
    assert json.loads(own.done("whoami", project, **viewer))["role"] == "viewer"
    again = own.done(f"deploy --stage own {options(own, project)}", project, **aws)
    assert "nothing changes" in again


def test_what_cannot_be_is_said_in_its_own_words(own: Own, project: Path, aws: Mapping[str, str]) -> None:
    nothing = own.type("status --stage none", project, **aws)
    assert (nothing.returncode, "`jobflow deploy` creates it" in nothing.stderr) == (1, True)
    unknown = own.type("deploy --stage none", project, **aws)
    assert (unknown.returncode, "jobflow.toml has no stage 'none'" in unknown.stderr) == (2, True)


def test_it_is_removed_without_a_trace(own: Own, project: Path, stage: dict[str, str], aws: Mapping[str, str]) -> None:
    assert "Nothing is left." in own.done(f"destroy --stage own --confirm {STACK}", project, **aws)
    assert found(aws) == []


def reached(stage: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with which the command line reaches the stage."""
    return {name: value for name, value in stage.items() if name.startswith("JOBFLOW_")}
