"""Test a user's own repository: which files `new` and `add` write, and what they refuse."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jobflow import __version__
from jobflow.errors import ConfigurationError
from jobflow.project import scaffold, settings, upgrading
from jobflow.project.upgrading import Breaking
from tests.infra.local.running import ROOT, untouched


def run(project: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a module in the repository, with this repository's library on the path."""
    environment = {**untouched(), "PYTHONPATH": f"{project}{os.pathsep}{ROOT}"}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    scaffold.new(tmp_path / "my-jobs")
    scaffold.add(tmp_path / "my-jobs", "word.count")
    return tmp_path / "my-jobs"


def test_it_holds_nothing_of_ours(project: Path) -> None:
    files = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    assert files == {
        ".env.example", ".github/workflows/ci.yml", ".gitignore", "README.md", "jobflow.toml", "pyproject.toml",
        "requirements.txt", "handlers/__init__.py", "handlers/hello_world.py", "handlers/word_count.py",
        "tests/handlers/test_hello_world.py", "tests/handlers/test_word_count.py",
    }  # fmt: skip


def test_secrets_of_the_laptop_are_not_committed(project: Path) -> None:
    for root in (ROOT, project):
        assert ".env" in (root / ".gitignore").read_text().splitlines()


def test_its_own_tests_pass(project: Path) -> None:
    done = run(project, "pytest", "-q", "-p", "no:cacheprovider")
    assert "4 passed" in done.stdout, done.stdout + done.stderr


def test_it_is_formatted_and_free_of_findings(project: Path) -> None:
    for command in (("format", "--check", "."), ("check", "--no-cache", ".")):
        done = run(project, "ruff", *command)
        assert done.returncode == 0, done.stdout


def test_a_name_that_is_no_job_type_is_refused(project: Path) -> None:
    for name in ("word", "Word.count", "word.", "word-count", "../x.y", "word.count;x"):
        with pytest.raises(ConfigurationError, match="write it like"):
            scaffold.add(project, name)


def test_it_can_be_made_in_the_folder_that_one_is_in(tmp_path: Path) -> None:
    here = tmp_path / "my-jobs"
    for name in (".venv", ".git", "wheels"):
        (here / name).mkdir(parents=True)
    assert here / "jobflow.toml" in scaffold.new(here)
    assert settings.read(here).stages.keys() == {"dev", "prod", "pull*"}
    assert settings.read(here).version == __version__


def test_nothing_is_written_over(project: Path) -> None:
    with pytest.raises(ConfigurationError, match="exists already"):
        scaffold.add(project, "word.count")
    with pytest.raises(ConfigurationError, match="is not empty: it has"):
        scaffold.new(project)
    with pytest.raises(ConfigurationError, match="name of a"):
        scaffold.new(project.parent / "My Jobs")


PRINTED = {
    f"{page.relative_to(ROOT)}: {name}": (name, text)
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for name, text in re.findall(r"```python\n# ((?:handlers|tests)/\S+)\n(.*?)```", page.read_text(), re.DOTALL)
}
"""The files of a repository that the pages print completely, each with its path in the first line."""


@pytest.mark.parametrize("of", ["a new repository", "a clone"])
def test_what_the_pages_print_is_free_of_findings_in_both_places(project: Path, tmp_path: Path, of: str) -> None:
    place = project
    if of == "a clone":
        place = tmp_path / "clone"
        (place / "handlers").mkdir(parents=True)
        for name in ("pyproject.toml", "chalicelib", "jobflow", "handlers/__init__.py"):
            (place / name).symlink_to(ROOT / name)
    for name, text in PRINTED.values():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    names = sorted({name for name, _ in PRINTED.values()})
    assert names
    for command in (("format", "--check"), ("check", "--no-cache")):
        done = run(place, "ruff", *command, *names)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_job_type_is_added_as_the_repository_sorts_its_imports(project: Path) -> None:
    settings = project / "pyproject.toml"
    settings.write_text(settings.read_text().replace('"chalicelib", ', "").replace(', "jobflow"', ""))
    scaffold.add(project, "page.print")
    done = run(project, "ruff", "check", "--no-cache", "handlers/page_print.py", "tests/handlers/test_page_print.py")
    assert done.returncode == 0, done.stdout


LISTED = upgrading.listed()
REMOVED = Breaking("0.3.0", "`retries=` is gone.", "Say max_attempts.", uses=r"retries=")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A repository that was last upgraded to the first version."""
    project = tmp_path / "my-jobs"
    scaffold.new(project)
    scaffold.add(project, "word.count")
    of(project, "0.1.0")
    return project


def of(project: Path, version: str) -> None:
    """Record that the repository was upgraded to that version."""
    mark = project / settings.MARK
    mark.write_text(upgrading.VERSION_LINE.sub(f'version = "{version}"', mark.read_text()))


def test_a_new_repository_has_nothing_to_change(old: Path) -> None:
    found = upgrading.look(old)
    assert (found.old, found.touched, len(found.changes)) == ("0.1.0", False, len(LISTED))


def test_lines_that_use_what_is_gone_are_named(old: Path) -> None:
    handler = old / "handlers" / "word_count.py"
    handler.write_text(handler.read_text().replace("max_attempts=3", "retries=3"))
    (old / ".jobflow").mkdir()
    (old / ".jobflow" / "copy.py").write_text("retries=3")
    found = upgrading.look(old, [REMOVED], "0.3.1")
    assert list(found.lines()) == ["0.3.0: `retries=` is gone. Say max_attempts.", "  handlers/word_count.py:15"]
    assert (found.touched, upgrading.look(old, [REMOVED], "0.2.9").changes) == (True, [])


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("handlers/word_count.py", "from chalicelib.errors import PermanentError"),
        ("handlers/word_count.py", '    ctx.enqueue(job_type="word.count", payload={}, key="k")'),
        ("tests/test_app.py", "    client.retry_many()"),
        ("tests/test_app.py", '    jobs.errors(since=since, job_type="word.count")'),
        ("acme/models.py", "    password: SecretStr"),
        ("acme/models.py", """    print('{"_aws": {}}')"""),
        ("acme/models.py", '    jobs.submit("word.count", {}, tags=["schedule:nightly"])'),
        ("queries.sh", "logs filter 'job.bury'"),
        ("queries.sh", 'curl "$JOBFLOW_URL/jobs?status=failed&offset=100"'),
        ("queries.sh", """curl -d '{"action": "retry", "filter": {}}'"""),
    ],
)
def test_a_line_that_a_change_breaks_is_named(old: Path, file: str, line: str) -> None:
    path = old / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{line}\n")
    assert [places for _, places in upgrading.look(old).changes if places] == [[f"{file}:1"]]


@pytest.mark.parametrize("pinned", ["jobflow-aws==0.1.0\nmine==1\n", "mine==1\n", None])
def test_an_upgrade_pins_the_installed_version_where_the_repository_pins_one(old: Path, pinned: str | None) -> None:
    path = old / "requirements.txt"
    path.unlink()
    if pinned is not None:
        path.write_text(pinned)
    told = upgrading.write_pins(old)
    if pinned and "jobflow" in pinned:
        assert path.read_text() == f"jobflow-aws=={__version__}\njobflow-aws-platform=={__version__}\nmine==1\n"
        assert told is not None
        assert __version__ in told
    else:
        assert (path.read_text() if pinned else None) == pinned
        assert told is None
    assert upgrading.write_pins(old) is None


def test_the_new_version_is_written_down_and_nothing_else(old: Path) -> None:
    mark = old / settings.MARK
    before = mark.read_text()
    upgrading.write_version(old)
    assert mark.read_text() == before.replace('version = "0.1.0"', f'version = "{__version__}"') != before
    assert upgrading.look(old).changes == []
    mark.write_text('name = "x"\n[stages.dev]\n')
    upgrading.write_version(old)
    assert mark.read_text() == f'version = "{__version__}"\nname = "x"\n[stages.dev]\n'
