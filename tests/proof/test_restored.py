"""Check that a restore or a move in the middle of two days loses and repeats nothing that the backup contains."""

from collections.abc import Iterator

import pytest

from tests.proof.months import restored as played
from tests.proof.months.restored import restored
from tests.proof.roles.script import forget

OF_KEYS = 4


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Remove the proof's job types afterwards."""
    yield
    forget()


@pytest.mark.parametrize("moved", [False, True], ids=["restored", "moved"])
def test_what_the_backup_had_is_there_and_ends(*, moved: bool) -> None:
    found = restored(OF_KEYS, moved=moved)
    assert found.broken == []
    assert found.back == found.held > 100


def test_a_restore_without_the_rows_of_keys_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(played, "rows_of_keys", lambda *_: None)
    assert any(" I17 " in line for line in restored(OF_KEYS, moved=True).broken)
