"""Test how the platform and a user's handlers are combined."""

import fcntl
import shutil
import threading
from pathlib import Path

import pytest

from jobflow.cli.commands import repository
from jobflow.errors import ConfigurationError
from jobflow.project import settings, tree


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "my-jobs"
    (made / "handlers").mkdir(parents=True)
    (made / "jobflow.toml").write_text('[stages.dev]\n[stages.prod.parameters]\nProtect = "true"\nMailDailyCap = 5\n')
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


def test_packages_beside_handlers_are_linked_as_long_as_they_are_there(project: Path, platform: Path) -> None:
    for name in ("acme", "tests", "chalicelib", "my-tools"):
        (project / name).mkdir()
        (project / name / "__init__.py").write_text(name)
    made = tree.assemble(project, platform)
    assert {path.name for path in made.iterdir() if path.is_symlink()} == {"handlers", ".env", "dev", "acme"}
    assert (made / "acme" / "__init__.py").read_text() == "acme"
    (project / "acme").rename(project / "other")
    assert {path.name for path in tree.assemble(project, platform).iterdir() if path.is_symlink()} == {
        "handlers", ".env", "dev", "other",
    }  # fmt: skip
    (project / "other").rename(project / "queue")
    with pytest.raises(ConfigurationError, match="queue/ would hide the module queue of Python"):
        tree.assemble(project, platform)


def test_a_copy_is_kept_until_the_platform_changes(project: Path, platform: Path) -> None:
    made = tree.assemble(project, platform)
    (made / "kept").touch()
    assert (tree.assemble(project, platform) / "kept").exists()
    (platform / "app.py").write_text("two")
    (platform / "another").touch()
    assert (tree.assemble(project, platform) / "app.py").read_text() == "two"
    assert not (made / "kept").exists()


def test_a_file_of_the_repository_does_not_hide_a_module_of_the_platform(
    project: Path, platform: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (platform / "infra").mkdir()
    (platform / "infra" / "checking.py").write_text("import yaml\n\nassert yaml.safe_load\n")
    (project / "infra").mkdir()
    (project / "infra" / "__init__.py").touch()
    (project / "yaml.py").touch()
    (project / "pyproject.toml").write_text('[tool.ruff]\nexclude = [".jobflow"]\n')
    monkeypatch.setattr(tree, "source", lambda: platform)
    monkeypatch.chdir(project)
    repository.check()


def test_a_copied_repository_has_its_own_code_and_secrets(project: Path, platform: Path) -> None:
    (project / "acme").mkdir()
    for name in ("acme/__init__.py", "handlers/word.py", ".env"):
        (project / name).write_text("first")
    tree.assemble(project, platform)
    copy = shutil.copytree(project, project.with_name("copy"), symlinks=True)
    for name in ("acme/__init__.py", "handlers/word.py", ".env"):
        (copy / name).write_text("second")
    made = tree.assemble(copy, platform)
    assert [(made / name).read_text() for name in ("acme/__init__.py", "handlers/word.py", ".env")] == ["second"] * 3
    assert (project / ".env").read_text() == "first"


def test_commands_run_with_the_tree_first_and_their_state_in_the_project(project: Path, platform: Path) -> None:
    made = tree.assemble(project, platform)
    assert tree.environment(project, made, {"A": "1"}) == {
        "A": "1", "JOBFLOW_PROGRAM": "jobflow", "PYTHONPATH": str(made), "JOBFLOW_STATE_DIR": str(project / ".jobflow"),
        "JOBFLOW_SETTINGS": str(project / "jobflow.toml"),
    }  # fmt: skip
    assert tree.environment(project, made, {"JOBFLOW_STATE_DIR": "/x"})["JOBFLOW_STATE_DIR"] == "/x"


def test_the_prefix_of_the_repository_is_handed_on(project: Path, platform: Path) -> None:
    made = tree.assemble(project, platform)
    (project / "jobflow.toml").write_text('prefix = "acme"\n[stages.dev]\n')
    assert tree.environment(project, made, {"JOBFLOW_PREFIX": "other"})["JOBFLOW_PREFIX"] == "acme"


def test_a_clone_of_jobflow_is_its_own_tree_and_keeps_its_words(tmp_path: Path) -> None:
    for name in tree.CLONE:
        (tmp_path / name).mkdir()
    assert (tree.root(tmp_path / "chalicelib"), tree.of(tmp_path)) == (tmp_path, tmp_path)
    assert tree.environment(tmp_path, tmp_path, {"JOBFLOW_PROGRAM": "make"}) == {"JOBFLOW_PROGRAM": "make"}


def wanted(project: Path, *names: str) -> None:
    """Name built-in types in jobflow.toml."""
    (project / "jobflow.toml").write_text(f"builtin = {list(names)}\n")


def test_built_in_types_are_there_when_they_are_named_and_only_then(project: Path, platform: Path) -> None:
    types = tree.assemble(project, platform) / tree.BUILT_IN
    assert list(types.glob("*.py")) == []
    wanted(project, "email.send")
    tree.assemble(project, platform)
    assert [(path.name, path.read_text()) for path in types.glob("*.py")] == [("email_send.py", "mail")]
    wanted(project, "image.process")
    tree.assemble(project, platform)
    assert [path.name for path in types.glob("*.py")] == ["image_process.py"]


def test_a_built_in_type_that_cannot_be_is_told(project: Path, platform: Path) -> None:
    wanted(project, "email.sent")
    with pytest.raises(ConfigurationError, match=r"builtin has 'email.sent'; there are email.send, image.process"):
        tree.assemble(project, platform)
    wanted(project, "email.send")
    (project / "handlers" / "email_send.py").touch()
    with pytest.raises(ConfigurationError, match=r"handlers/email_send.py declares it, too"):
        tree.assemble(project, platform)


def test_commands_that_start_at_once_put_it_together_one_after_the_other(project: Path, platform: Path) -> None:
    (project / tree.STATE).mkdir()
    with (project / tree.STATE / "tree.lock").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        second = threading.Thread(target=tree.assemble, args=(project, platform))
        second.start()
        second.join(0.5)
        assert (second.is_alive(), (project / tree.STATE / "tree").exists()) == (True, False)
    second.join()
    assert (project / tree.STATE / "tree" / "app.py").read_text() == "one"


def test_without_the_platform_it_says_what_to_install() -> None:
    with pytest.raises(ConfigurationError, match="jobflow-aws-platform"):
        tree.source()


def written(folder: Path, text: str) -> settings.Settings:
    """Return the settings of a repository with this jobflow.toml."""
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
