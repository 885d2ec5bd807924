"""Upgrading: the list of what breaks is complete, and a repository of an older version works with this one."""

import json
import re
from pathlib import Path

import pytest
from packaging.version import Version

from jobflow import __version__
from jobflow.project import settings, tree, upgrading
from jobflow.project.upgrading import Breaking
from scripts.documents.surface import surface
from tests.infra.local.running import ROOT
from tests.jobflow.project.test_scaffold import run

HERE = Path(__file__).parent
RELEASED = sorted(path.stem.removeprefix("surface-") for path in HERE.glob("surface-*.txt"))
LISTED = upgrading.listed()
REMOVED = Breaking("0.3.0", "`retries=` is gone.", "Say max_attempts.", "", uses=r"retries=")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A repository as the `jobflow new` and `jobflow add` of 0.1.0 made it."""
    return write_old(tmp_path / "my-jobs")


def write_old(project: Path) -> Path:
    """Write that repository into a folder; return it."""
    for name, text in json.loads((HERE / "made-by-0.1.0.json").read_text()).items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    return project


def gone(version: str, now: list[str]) -> set[str]:
    """What was public in a version and is no longer."""
    return set((HERE / f"surface-{version}.txt").read_text().splitlines()) - set(now)


def unlisted(missing: set[str], version: str, changes: list[Breaking]) -> set[str]:
    """What is missing without an entry that says so."""
    since = [one for one in changes if upgrading.key(one.version) > upgrading.key(version)]
    return missing - {name for one in since for name in one.gone}


@pytest.mark.parametrize("version", RELEASED)
def test_whatever_is_gone_since_a_release_is_listed(version: str) -> None:
    assert unlisted(gone(version, surface()), version, LISTED) == set()


def test_a_name_that_vanishes_without_an_entry_is_found() -> None:
    now = [name for name in surface() if name != "chalicelib.job(retry)"]
    assert unlisted(gone("0.1.0", now), "0.1.0", LISTED) == {"chalicelib.job(retry)"}
    entry = Breaking("0.2.0", "", "", "", gone=("chalicelib.job(retry)",))
    assert unlisted(gone("0.1.0", now), "0.1.0", [entry]) == set()


def test_whatever_is_listed_as_gone_is_gone() -> None:
    now = set(surface())
    assert [name for one in LISTED for name in one.gone if name in now] == []


def test_the_changelog_and_the_list_name_the_same() -> None:
    lines = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("- **Breaking:**")]
    assert len(lines) == len(LISTED)
    for one in LISTED:
        assert len([line for line in lines if one.changelog in line]) == 1, one.changelog


def test_each_entry_is_of_a_version_after_the_first_and_has_two_sentences() -> None:
    for one in LISTED:
        assert Version(settings.FIRST_VERSION) < Version(one.version) <= Version(Version(__version__).base_version)
        assert (one.what[-1], one.do[-1]) == (".", ".")
        re.compile(one.uses)


def test_a_repository_of_the_first_version_has_nothing_to_change(old: Path) -> None:
    found = upgrading.look(old)
    assert (found.old, found.touched, len(found.changes)) == ("0.1.0", False, len(LISTED))


def test_lines_that_use_what_is_gone_are_named(old: Path) -> None:
    handler = old / "handlers" / "word_count.py"
    handler.write_text(handler.read_text().replace("max_attempts=3", "retries=3"))
    (old / ".jobflow").mkdir()
    (old / ".jobflow" / "copy.py").write_text("retries=3")
    found = upgrading.look(old, [REMOVED], "0.3.1")
    assert list(found.lines()) == ["0.3.0: `retries=` is gone. Say max_attempts.", "  handlers/word_count.py:14"]
    assert (found.touched, upgrading.look(old, [REMOVED], "0.2.9").changes) == (True, [])


def test_the_new_version_is_written_down_and_nothing_else(old: Path) -> None:
    before = (old / settings.MARK).read_text()
    upgrading.write_version(old)
    assert (settings.read(old).version, sorted(settings.read(old).stages)) == (__version__, ["dev", "prod"])
    assert before in (old / settings.MARK).read_text()
    (old / settings.MARK).write_text('name = "x"\nversion = "0.1.0"\n[stages.dev]\n')
    upgrading.write_version(old)
    assert (old / settings.MARK).read_text() == f'name = "x"\nversion = "{__version__}"\n[stages.dev]\n'
    assert upgrading.look(old).changes == []


def test_a_repository_of_the_first_version_passes_its_tests_and_checks(old: Path) -> None:
    assert "4 passed" in run(old, "pytest", "-q", "-p", "no:cacheprovider").stdout
    for command in (("format", "--check", "."), ("check", "--no-cache", ".")):
        done = run(old, "ruff", *command)
        assert done.returncode == 0, done.stdout


def test_a_repository_of_the_first_version_is_put_together(old: Path, platform: Path) -> None:
    made = tree.assemble(old, platform)
    assert (made / "handlers" / "word_count.py").exists()
