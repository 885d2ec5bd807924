"""Test a deploy and a rollback while jobs are active: two versions use the same tables and queues."""

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
