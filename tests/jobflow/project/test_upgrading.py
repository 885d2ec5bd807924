"""Upgrading: what breaks between two versions, and which lines of a repository it touches."""

from pathlib import Path

import pytest

from jobflow import __version__
from jobflow.project import scaffold, settings, upgrading
from jobflow.project.upgrading import Breaking

LISTED = upgrading.listed()
REMOVED = Breaking("0.3.0", "`retries=` is gone.", "Say max_attempts.", uses=r"retries=")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A repository that was last brought up to the first version."""
    project = tmp_path / "my-jobs"
    scaffold.new(project)
    scaffold.add(project, "word.count")
    of(project, "0.1.0")
    return project


def of(project: Path, version: str) -> None:
    """Say that the repository is up to that version."""
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


def test_the_new_version_is_written_down_and_nothing_else(old: Path) -> None:
    mark = old / settings.MARK
    before = mark.read_text()
    upgrading.write_version(old)
    assert mark.read_text() == before.replace('version = "0.1.0"', f'version = "{__version__}"') != before
    assert upgrading.look(old).changes == []
    mark.write_text('name = "x"\n[stages.dev]\n')
    upgrading.write_version(old)
    assert mark.read_text() == f'version = "{__version__}"\nname = "x"\n[stages.dev]\n'
