"""Test a deploy and a rollback while jobs are active: two versions use the same tables and queues."""

import subprocess
from pathlib import Path

import pytest

from tests.proof.versions import deploy, trees
from tests.proof.versions.deploy import judged


@pytest.fixture
def commit() -> str:
    """The older version; the test is skipped without one."""
    found, why = trees.older()
    return found or pytest.skip(why)


@pytest.mark.parametrize("back", [False, True], ids=["deploy", "rollback"])
def test_jobs_of_one_version_are_finished_by_the_other(tmp_path: Path, commit: str, whole: bool, *, back: bool) -> None:
    if not whole:
        pytest.skip("takes a minute: `make whole` and `make proof` play it")
    assert judged(tmp_path, commit, 1, back=back, of_each=1)[1] == []


def test_a_version_that_calls_a_field_otherwise_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    if not whole:
        pytest.skip("takes a minute: `make whole` and `make proof` play it")
    monkeypatch.setattr(deploy, "MOST_TURNS", 10)
    assert judged(tmp_path, "", 1, back=False, of_each=1)[1] != []


def test_a_checkout_without_an_older_version_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(trees.VARIABLE, "no-such-version")
    commit, why = trees.older()
    assert (commit, "no-such-version" in why) == ("", True)


def test_the_first_commit_that_can_be_older_is_found_by_its_whole_subject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*given: str) -> str:
        of_nobody = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
        return subprocess.run(
            ["git", *of_nobody, *given], cwd=tmp_path, capture_output=True, check=True, text=True
        ).stdout

    git("init", "-q")
    subjects = ("begin", trees.FIRST, f'Revert "{trees.FIRST}"', f"Explain\n\n{trees.FIRST}", "end")
    for subject in subjects:
        git("commit", "-q", "--allow-empty", "-m", subject)
    monkeypatch.setattr(trees, "ROOT", tmp_path)
    monkeypatch.setattr(trees, "BACK", len(subjects) - 1)
    monkeypatch.delenv(trees.VARIABLE, raising=False)
    assert trees.older() == (git("rev-parse", "HEAD~3").strip(), "")
