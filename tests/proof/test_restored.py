"""Check that a restore or a move in the middle of two days loses and repeats nothing that the backup contains."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.jobs.job import Job
from infra.cloud.restore import copying
from infra.cloud.restore.rules import revived
from tests.proof.months import restored as played
from tests.proof.months.restored import restored
from tests.proof.roles.script import forget
from tests.proof.world import World

OF_KEYS, OF_BATCHES = 5, 13
"""Seeds of a month with keys, and of one with batches."""


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


@pytest.mark.parametrize("moved", [False, True], ids=["restored", "moved"])
def test_the_rounds_that_the_backup_had_end_once(monkeypatch: pytest.MonkeyPatch, *, moved: bool) -> None:
    assert restored(OF_BATCHES, moved=moved).broken == []
    monkeypatch.setattr(played, "rows_of_batches", lambda *_: None)
    assert any(" I41 batch " in line for line in restored(OF_BATCHES, moved=moved).broken)


def test_a_restore_without_the_rows_of_keys_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(played, "rows_of_keys", lambda *_: None)
    assert any(" I17 " in line for line in restored(OF_KEYS, moved=True).broken)


def test_a_job_that_is_restored_in_its_own_generation_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only generations from after the backup may come a second time."""

    def in_its_generation(lost: Job, **moment: Any) -> Job:
        return replace(revived(lost, **moment), gen=lost.gen)

    monkeypatch.setattr(copying, "revived", in_its_generation)
    assert any(line.endswith(" ran twice") for line in restored(OF_KEYS).broken)


@pytest.mark.parametrize("seed", [8, 12])
def test_a_job_that_was_replaced_and_ran_after_the_backup_may_have_this_generation_again(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Both runs have the same number, but other names, and the end of each is told."""
    ask, work = played.ask_with_keys, played.work

    def ask_before(world: World) -> None:
        world.debounce("asked first", "quiet", 3600)
        ask(world)

    def replace_between(world: World, hours: float) -> None:
        if hours == played.BETWEEN:
            world.debounce("asked last", "quiet", 60)
        work(world, hours)

    monkeypatch.setattr(played, "ask_with_keys", ask_before)
    monkeypatch.setattr(played, "work", replace_between)
    assert restored(seed).broken == []
