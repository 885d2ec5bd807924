"""Check that in an application's own tests, the jobs of `on_end` are made and run as on a stage."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib import JobContext, JobEnd, JobType, PermanentError, job
from jobflow import JobFlow
from jobflow.testing import Platform, WorkerGone, eager
from tests.chalicelib.api.support import only_types

Seen = list[tuple[str, int, str | None, Any]]


class Export(BaseModel):
    """A payload."""

    rows: int = 1


def export(payload: Export, ctx: JobContext) -> dict[str, int]:
    """Export some rows."""
    if not payload.rows:
        raise PermanentError("nothing to export")
    return {"rows": payload.rows}


def parent(payload: Export, ctx: JobContext) -> str:
    """Make an export with `on_end`, if the type may make it."""
    return ctx.enqueue("export.plain", payload, key="one", on_end="export.ended")


@pytest.fixture
def seen() -> Seen:
    return []


@pytest.fixture
def kinds(seen: Seen) -> Iterator[tuple[JobType[Any, Any], ...]]:
    def ended(end: JobEnd, ctx: JobContext) -> None:
        """Record an end."""
        seen.append((end.status, end.run, end.error_class, end.result(ctx)))

    with only_types():
        yield (
            job("export.run", on_end="export.ended", max_attempts=1)(export),
            job("export.plain")(export),
            job("export.ended")(ended),
        )


@pytest.fixture
def platform(kinds: tuple[JobType[Any, Any], ...]) -> Platform:
    return Platform(*kinds)


def test_each_end_is_told_once_with_its_result(platform: Platform, seen: Seen) -> None:
    done = platform.submit("export.run", {"rows": 3}, key="export-3")
    platform.run()
    platform.advance(hours=1)
    assert seen == [("completed", 1, None, {"rows": 3})]
    (told,) = platform.made_by(done)
    assert (told.type, told.payload["key"], told.parent) == ("export.ended", "export-3", done.id)


def test_a_request_may_name_who_is_told(platform: Platform, seen: Seen) -> None:
    platform.submit("export.plain", {"rows": 0}, on_end="export.ended")
    platform.submit("export.plain", {"rows": 2})
    platform.run()
    assert seen == [("failed", 1, "PermanentError", None)]


def test_a_job_whose_worker_died_and_its_retry_are_two_ends(platform: Platform, seen: Seen) -> None:
    lost = platform.submit("export.run", {})
    platform.fail("export.run", WorkerGone())
    platform.finish(lost)
    platform.retry(lost)
    platform.run()
    assert [(status, run) for status, run, *_ in seen] == [("dead_letter", 1), ("completed", 2)]


def test_a_cancelled_job_and_an_expired_one_tell_it(platform: Platform, seen: Seen) -> None:
    platform.cancel(platform.submit("export.run", {}, delay=60))
    late = platform.submit("export.run", {}, expires=5)
    platform.clock.advance(10)
    platform.finish(late)
    assert [(status, error) for status, _, error, _ in seen] == [("cancelled", None), ("cancelled", "Expired")]


def test_the_end_of_what_an_application_submits_has_run_when_the_call_returns(
    kinds: tuple[JobType[Any, Any], ...], seen: Seen
) -> None:
    with eager(*kinds):
        JobFlow().submit("export.plain", {"rows": 4}, on_end="export.ended")
        kinds[0].delay(rows=5)
    assert [result for *_, result in seen] == [{"rows": 4}, {"rows": 5}]


@pytest.mark.parametrize("enqueues", [("export.plain", "export.ended"), ("export.plain",)])
def test_a_job_function_may_tell_only_types_that_it_makes_jobs_of(
    kinds: tuple[JobType[Any, Any], ...], seen: Seen, enqueues: tuple[str, ...]
) -> None:
    platform = Platform(*kinds, job("export.parent", enqueues=enqueues, max_attempts=1)(parent))
    made = platform.submit("export.parent", {"rows": 6})
    platform.run()
    if len(enqueues) == 2:
        assert seen == [("completed", 1, None, {"rows": 6})]
    else:
        assert seen == []
        assert "export.ended" in (platform.job(made).error_message or "")


def test_the_last_request_under_a_debounce_key_says_who_is_told(platform: Platform, seen: Seen) -> None:
    platform.submit("export.plain", {"rows": 1}, debounce=("k", 60))
    platform.submit("export.plain", {"rows": 2}, debounce=("k", 60), on_end="export.ended")
    platform.advance(minutes=2)
    assert seen == [("completed", 2, None, {"rows": 2})]
