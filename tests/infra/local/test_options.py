"""What the shell may say."""

from pathlib import Path

import pytest

from infra.local.errors import CannotRun
from infra.local.options import Options

ROOT = Path("/project")


def test_settings_of_the_functions_are_passed_on_and_nothing_else() -> None:
    options = Options.from_env({"JOBFLOW_FAULT_RATE": "0.3", "JOBS_TABLE": "elsewhere", "HOME": "/home/a"}, ROOT)

    assert options.passed_on == {"JOBFLOW_FAULT_RATE": "0.3"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_PORT", "http"),
        ("AWS_PORT", "65536"),
        ("DASHBOARD_PORT", "-1"),
        ("JOBFLOW_BACKEND", "localstack"),
        ("JOBFLOW_CONCURRENCY", "0"),
        ("JOBFLOW_DUPLICATE_RATE", "2"),
        ("JOBFLOW_FAULT_RATE", "often"),
        ("RATE_LIMIT_MAX", "none"),
        ("JITTER", "some"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(CannotRun, match=f"{name}='{value}'"):
        Options.from_env({name: value}, ROOT)


def test_an_empty_value_is_none() -> None:
    options = Options.from_env({"API_PORT": "", "JOBFLOW_BACKEND": "", "RATE_LIMIT_MAX": "", "JITTER": ""}, ROOT)

    assert (options.api_port, options.backend, options.passed_on) == (8000, "moto", {})
    assert options.state_dir == ROOT / ".jobflow"
