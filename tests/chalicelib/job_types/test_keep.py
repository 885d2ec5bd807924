"""Check what `Keep` accepts, and how long the jobs of a type are kept."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib import Keep, Unique, days, hours, job
from chalicelib.errors import ConfigurationError
from chalicelib.job_types import jobtype
from chalicelib.jobs import transitions
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Status
from chalicelib.jobs.keep_times import ALL, KeepTimes, times_of
from chalicelib.jobs.retention import KEEP_DEAD, KEEP_DONE
from tests.support import T0, a_job

HELD = {"status": Status.PROCESSING, "claims": 1, "attempts": 1}


class Note(BaseModel):
    text: str


@pytest.fixture(autouse=True)
def _only_for_the_test() -> Iterator[None]:
    before = dict(jobtype.registered)
    yield
    jobtype.registered.clear()
    jobtype.registered.update(before)


def declare(keep: Any, **more: Any) -> None:
    @job("note.keep", keep=keep, **more)
    def keep_note(payload: Note, ctx: Any) -> None: ...


@pytest.mark.parametrize(("wrong", "told"), [
    ({"done": days(6)}, "keep: done must be between 604800 and 2592000 seconds: 7 to 30 days"),
    ({"done": days(31)}, "keep: done must be between"),
    ({"dead": days(91)}, "keep: dead must be between 604800 and 7776000"),
    ({"dead": True}, "keep: dead must be between"),
    ({"payload": 60}, "keep: payload must be between 3600 and"),
    ({"done": days(7), "payload": days(8)}, "keep: payload must not be longer than done"),
    ({"dead": days(7), "payload": days(8)}, "keep: payload must not be longer than dead"),
])  # fmt: skip
def test_a_time_outside_of_the_bounds_is_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Keep(**wrong)


def test_something_else_is_refused_with_the_form_to_write() -> None:
    with pytest.raises(ConfigurationError, match=r"note\.keep: keep is Keep\(…\), not 7"):
        declare(7)


def test_a_unique_job_must_be_there_as_long_as_it_answers_requests() -> None:
    declare(Keep(done=days(7)), unique=Unique(seconds=days(7)))
    with pytest.raises(ConfigurationError, match="a request for a job that is gone would make a second one"):
        declare(Keep(done=days(7)), unique=Unique(seconds=days(8)))


def test_each_end_gets_the_times_of_the_type() -> None:
    declare(Keep(done=days(7), payload=hours(1), dead=days(14)))
    held = a_job(type="note.keep", **HELD)
    ends = {
        7: [
            transitions.complete(held, now=T0, result=1), transitions.stop(held, now=T0),
            transitions.cancel(held, now=T0), transitions.expire(held, now=T0),
            transitions.retire(held, now=T0, reason="r"), transitions.skip(held, now=T0, unfinished="u"),
        ],
        14: [
            transitions.fail(held, now=T0, error=("E", "m")), transitions.exhaust(held, now=T0, error=("E", "m")),
            transitions.give_up(held, now=T0, error=("E", "m")),
        ],
    }  # fmt: skip
    for number, changes in ends.items():
        for change in changes:
            assert change.values["expires_at"] == T0 + days(number)
            assert change.clearing is not None
            assert change.clearing.due_at == T0 + hours(1)


def test_without_a_time_for_payloads_all_goes_together() -> None:
    declare(Keep(done=days(7)))
    change = transitions.complete(a_job(type="note.keep", **HELD), now=T0, result=1)
    assert change.clearing is not None
    assert change.clearing.due_at == T0 + days(6)


def test_other_types_are_kept_as_before() -> None:
    for kind in ("email.send", "unknown.type"):
        change = transitions.complete(a_job(type=kind, **HELD), now=T0, result=1)
        assert change.values["expires_at"] == T0 + KEEP_DONE
        assert change.clearing is None


def test_a_member_of_a_batch_stays_for_its_batch_without_its_payload() -> None:
    declare(Keep(done=days(7), payload=hours(1), dead=days(14)))
    assert times_of(a_job(type="note.keep", batch="b")) == KeepTimes(KEEP_DONE, KEEP_DEAD, hours(1))
    assert times_of(a_job(type="note.keep", parent="p")) == KeepTimes(KEEP_DONE, KEEP_DEAD, hours(1)), (
        "it is found again"
    )
    assert (ALL.done, ALL.dead) == (30 * DAY, 90 * DAY)
