"""Test the tokens of the platform on this machine: made in its emulator, whatever AWS settings the shell has."""

import json
import os
import subprocess
from pathlib import Path
from unittest.mock import patch

import boto3
import pytest

from infra.cloud.commands import access
from infra.cloud.errors import CloudError


def state(folder: Path, runner: int) -> None:
    facts = {"aws": "http://127.0.0.1:9", "stack": "jobflow-dev", "pids": {"runner": runner}}
    (folder / "dev.json").write_text(json.dumps(facts))


def test_settings_of_the_shell_do_not_lead_away_from_the_emulator(tmp_path: Path) -> None:
    state(tmp_path, os.getpid())
    away = {"AWS_PROFILE": "nope", "http_proxy": "http://proxy.example:3128", "AWS_SESSION_TOKEN": "real"}
    with patch.dict(os.environ, {**away, access.STATE: str(tmp_path)}):
        access.tokens_here()
        client = boto3.session.Session().client("dynamodb")
        assert client.meta.endpoint_url == "http://127.0.0.1:9"
        assert not away.keys() & os.environ.keys()


def test_a_file_of_a_run_that_was_killed_counts_as_no_run(tmp_path: Path) -> None:
    with patch.dict(os.environ, {access.STATE: str(tmp_path)}):
        with subprocess.Popen(["true"]) as ended:
            pass
        state(tmp_path, ended.pid)
        with pytest.raises(CloudError, match="does not run here"):
            access.tokens_here()
