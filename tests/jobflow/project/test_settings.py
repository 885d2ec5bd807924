"""jobflow.toml: what it says, and what is said about mistakes in it."""

from pathlib import Path

import pytest

from jobflow.errors import ConfigurationError
from jobflow.project import settings


def written(folder: Path, text: str) -> settings.Settings:
    """The settings of a repository with this jobflow.toml."""
    (folder / settings.MARK).write_text(text)
    return settings.read(folder)


def test_the_parameters_of_a_stage_are_handed_on(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        '[stages.dev]\n[stages.prod.parameters]\nProtect = true\nMailDailyCap = 5\nMailFrom = "a@example.com"\n',
    )
    assert found.parameters("prod") == [
        "--set", "Protect=true", "--set", "MailDailyCap=5", "--set", "MailFrom=a@example.com",
    ]  # fmt: skip
    assert found.parameters("dev") == []
    with pytest.raises(ConfigurationError, match=r"no stage 'test' \(it has: dev, prod\)"):
        found.parameters("test")


def test_a_star_stands_for_the_stages_that_have_no_entry(tmp_path: Path) -> None:
    found = written(tmp_path, '[stages."pull*".parameters]\nDashboard = "false"\n[stages.pull7]\n[stages.prod]\n')
    assert found.parameters("pull12") == ["--set", "Dashboard=false"]
    assert found.parameters("pull7") == []
    with pytest.raises(ConfigurationError, match="no stage 'dev'"):
        found.parameters("dev")


def test_the_python_and_the_processor_of_the_project_are_handed_on(tmp_path: Path) -> None:
    assert written(tmp_path, 'python = "3.12"\narchitecture = "x86_64"\n').packaging() == [
        "--architecture", "x86_64", "--python", "3.12",
    ]  # fmt: skip
    assert written(tmp_path, "").packaging() == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "cannot be read"),
        ("builtins = []", "has 'builtins'; known are name, version, prefix, python, architecture, builtin, stages"),
        ('builtin = "email.send"', "builtin must be a list"),
        ("builtin = [1]", "builtin must be a list"),
        ("version = 1", "version must be a text"),
        ("python = 3.12", 'python must be a text, such as python = "3.13"'),
        ("stages = []", "stages must be a table"),
        ("[stages.prod]\nProtect = true", "stages.prod has 'Protect'; only parameters"),
        ("[stages.prod]\nparameters = 5", "stages.prod.parameters must be a table"),
        ("[stages.prod.parameters]\nProtect = []", "stages.prod.parameters.Protect must be a text"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words.replace("[", r"\[")):
        written(tmp_path, text)
