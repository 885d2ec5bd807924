"""Check that the example CDK app accepts the translated template, without an account."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from chalicelib.job_types import jobtype
from chalicelib.jobs.signing import parameter_of, type_keys
from infra.cloud.package.build import ROOT, build, copy_sources
from infra.cloud.package.translate import for_tools
from tests import tools

pytestmark = pytest.mark.ministack
"""Run by `make e2e`: CDK has its own environment, and needs Node."""
EXAMPLE = ROOT / "examples" / "cdk"


def test_an_app_of_ones_own_holds_a_stage_and_a_producer_that_may_only_read_its_token(tmp_path: Path) -> None:
    made = build("prod", jobtype.load(), copy_sources(ROOT, tmp_path / "copy"), tmp_path)
    (tmp_path / "cloudformation.json").write_text(json.dumps(for_tools(made.read_template())))
    python = tools.cdk()
    environment = {
        **os.environ, "JOBFLOW_BUILD": str(tmp_path), "CURSOR_SECRET": "x" * 32, "SIGNING_KEY": "k" * 32,
        "CDK_OUTDIR": str(tmp_path / "out"),
        "AWS_REGION": "us-east-1", "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }  # fmt: skip
    done = subprocess.run(
        [python, EXAMPLE / "app.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    stage, shop = (
        json.loads((tmp_path / "out" / f"{name}.template.json").read_text()) for name in ("jobflow-prod", "shop")
    )
    assert stage["Resources"].keys() >= {"JobsTable", "EmailSendQueue", "EmailSendFunction"}
    worker = stage["Resources"]["EmailSendFunction"]["Properties"]
    assert type_keys("k" * 32, parameter_of("email.send")) in json.dumps(worker["Environment"])
    code = worker["Code"]
    assert "cdk-hnb659fds-assets" in json.dumps(code)
    [policy] = [one["Properties"] for one in shop["Resources"].values() if one["Type"] == "AWS::IAM::Policy"]
    allowed = {action for part in policy["PolicyDocument"]["Statement"] for action in part["Action"]}
    assert allowed == {"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"}
