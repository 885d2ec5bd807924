"""Test commands that are passed to the platform: with the repository's settings, and the typed arguments after them."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jobflow.cli.app import app
from jobflow.cli.commands import cloud, repository
from jobflow.project import tree
from tests.jobflow.cli.conftest import Said

TOML = "[stages.prod.parameters]\nProtect = true\n"


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Record what is passed to the platform, from a repository with a stage."""
    asked: list[list[str]] = []
    (tmp_path / "jobflow.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tree, "command", lambda _project, module, arguments: asked.append([module, *arguments]))
    return asked


def type_(line: str) -> Said:
    done = CliRunner().invoke(app, line.split())
    return Said(done.exit_code, done.stdout, done.stderr)


@pytest.mark.parametrize("stage", ["--stage prod", "--stage=prod"])
def test_what_is_typed_counts_more_than_the_parameters_of_the_stage(handed: list[list[str]], stage: str) -> None:
    assert type_(f"deploy {stage} --set Protect=false").code == 0
    assert handed == [["infra.cloud", "deploy", "--set", "Protect=true", *stage.split(), "--set", "Protect=false"]]


def test_only_commands_that_take_parameters_get_them(handed: list[list[str]]) -> None:
    for name in cloud.COMMANDS:
        type_(f"{name} --stage prod")
    assert {words[1] for words in handed if "--set" in words} == set(cloud.PARAMETERS)


def test_the_python_and_the_processor_of_the_project_are_those_of_each_package(
    handed: list[list[str]], tmp_path: Path
) -> None:
    (tmp_path / "jobflow.toml").write_text('python = "3.12"\narchitecture = "x86_64"\n' + TOML)
    type_("deploy --stage prod --python 3.11")
    type_("package --out=elsewhere")
    type_("status --stage prod")
    pinned = ["--architecture", "x86_64", "--python", "3.12"]
    assert handed == [
        ["infra.cloud", "deploy", *pinned, "--set", "Protect=true", "--stage", "prod", "--python", "3.11"],
        ["infra.cloud", "package", *pinned, f"--out={tmp_path}/elsewhere"],
        ["infra.cloud", "status", "--stage", "prod"],
    ]  # fmt: skip


def test_a_package_goes_into_the_repository_unless_another_place_is_typed(
    handed: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_("package")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    type_("package --out=elsewhere")
    type_("package --out ../elsewhere")
    assert handed == [
        ["infra.cloud", "package", "--out", str(tmp_path / "build")],
        ["infra.cloud", "package", f"--out={tmp_path}/below/elsewhere"],
        ["infra.cloud", "package", "--out", f"{tmp_path}/below/../elsewhere"],
    ]


def test_a_stage_that_the_repository_does_not_have_is_told(handed: list[list[str]]) -> None:
    said = type_("preflight --stage test")
    assert (said.code, "has no stage 'test' (it has: prod)" in said.err, handed) == (2, True, [])


@pytest.mark.parametrize("refused", [True, False])
@pytest.mark.parametrize("typed", ["test -q -k hello", "check"])
def test_the_job_types_are_imported_as_in_aws(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, typed: str, refused: bool
) -> None:
    asked: list[str] = []

    def run(command: list[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        asked.append(command[2])
        return subprocess.CompletedProcess(command, int(refused and command[2] == repository.DECLARED))

    (tmp_path / "jobflow.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tree, "of", lambda project: project)
    monkeypatch.setattr(subprocess, "run", run)
    assert CliRunner().invoke(app, typed.split()).exit_code == int(refused)
    assert repository.DECLARED in asked
    assert ("pytest" in asked) == (typed != "check" and not refused)


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Let the tools that are started in a repository each have findings."""
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        asked.append(command[2:])
        return subprocess.CompletedProcess(command, 1)

    (tmp_path / "jobflow.toml").write_text("")
    (tmp_path / "handlers").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tree, "of", lambda project: project)
    monkeypatch.setattr(subprocess, "run", run)
    return asked


def test_no_tool_is_left_out_because_another_has_findings(tools: list[list[str]], tmp_path: Path) -> None:
    assert type_("check").code == 1
    assert [words[0] for words in tools] == ["ruff", "ruff", repository.DECLARED]
    (tmp_path / "pyproject.toml").write_text("[tool.mypy]\n")
    assert type_("check").code == 1
    assert [words[0] for words in tools[3:]] == ["ruff", "ruff", "mypy", repository.DECLARED]


def test_what_is_not_pinned_is_not_installed(tools: list[list[str]], tmp_path: Path) -> None:
    assert (type_("setup").code, tools) == (0, [])
    path = tmp_path / "handlers" / "a_b.requirements.txt"
    path.write_text("x==1 \\\n    --hash=sha256:1\ny==2\n")
    said = type_("setup")
    assert (said.code, "handlers/a_b.requirements.txt is not pinned yet: run `jobflow lock`" in said.err) == (2, True)
    path.write_text("# of all\n-r c.requirements.txt\nx==1 \\\n    --hash=sha256:1\n")
    assert (type_("setup").code, tools[0][0], tools[0][-1]) == (1, "pip", "handlers/a_b.requirements.txt")
