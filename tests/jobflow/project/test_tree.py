"""The platform and a user's handlers, put together."""

from pathlib import Path

import pytest

from jobflow.errors import ConfigurationError
from jobflow.project import tree


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "my-jobs"
    (made / "handlers").mkdir(parents=True)
    (made / "jobflow.toml").write_text('[stages.dev]\n[stages.prod.parameters]\nProtect = "true"\nMailDailyCap = 5\n')
    return made


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    made = tmp_path / "platform"
    (made / "chalicelib").mkdir(parents=True)
    (made / "app.py").write_text("one")
    return made


def test_the_repository_is_found_from_below(project: Path, tmp_path: Path) -> None:
    assert tree.root(project / "handlers") == project
    with pytest.raises(ConfigurationError, match="jobflow new"):
        tree.root(tmp_path)


def test_handlers_are_linked_and_the_platform_is_copied(project: Path, platform: Path) -> None:
    made = tree.assemble(project, platform)
    (project / "handlers" / "new_one.py").write_text("x = 1")
    assert (made / "handlers" / "new_one.py").read_text() == "x = 1"
    assert (made / "vendor" / "handlers" / "new_one.py").exists()
    assert (made / "app.py").read_text() == "one"
    (project / ".env").write_text("KEY=1")
    assert (made / ".env").read_text() == "KEY=1"


def test_a_copy_is_kept_until_the_platform_changes(project: Path, platform: Path) -> None:
    made = tree.assemble(project, platform)
    (made / "kept").touch()
    assert (tree.assemble(project, platform) / "kept").exists()
    (platform / "app.py").write_text("two")
    (platform / "another").touch()
    assert (tree.assemble(project, platform) / "app.py").read_text() == "two"
    assert not (made / "kept").exists()


def test_commands_run_with_the_tree_first_and_their_state_in_the_project(project: Path, platform: Path) -> None:
    made = tree.assemble(project, platform)
    assert tree.environment(project, made, {"A": "1"}) == {
        "A": "1", "PYTHONPATH": str(made), "JOBFLOW_STATE_DIR": str(project / ".jobflow"),
    }  # fmt: skip
    assert tree.environment(project, made, {"JOBFLOW_STATE_DIR": "/x"})["JOBFLOW_STATE_DIR"] == "/x"


def test_the_parameters_of_a_stage_are_handed_on(project: Path) -> None:
    assert tree.parameters(project, "prod") == ["--set", "Protect=true", "--set", "MailDailyCap=5"]
    assert tree.parameters(project, "dev") == []
    with pytest.raises(ConfigurationError, match="no stage 'test'"):
        tree.parameters(project, "test")
    (project / "jobflow.toml").write_text("[")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        tree.parameters(project, "dev")


def test_a_star_stands_for_the_stages_that_have_no_entry(project: Path) -> None:
    (project / "jobflow.toml").write_text(
        '[stages."pull*".parameters]\nDashboard = "false"\n[stages.pull7]\n[stages.prod]\n'
    )
    assert tree.parameters(project, "pull12") == ["--set", "Dashboard=false"]
    assert tree.parameters(project, "pull7") == []
    with pytest.raises(ConfigurationError, match="no stage 'dev'"):
        tree.parameters(project, "dev")


def test_without_the_platform_it_says_what_to_install() -> None:
    with pytest.raises(ConfigurationError, match="jobflow_platform"):
        tree.source()
