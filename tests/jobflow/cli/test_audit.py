"""Test `jobflow audit`: what was changed by whom, filtered, and who was refused."""

from tests.chalicelib.api.support import World
from tests.jobflow.cli.conftest import Shell


def test_a_reason_that_is_typed_is_shown_with_its_change(shell: Shell, world: World) -> None:
    job, other = world.create(), world.create()
    assert shell(f"jobs cancel {job} --reason 'Wrong customer'").code == 0
    world.clock.advance(1)
    assert shell(f"jobs retry {job} --reason 'Sent again'").code == 0
    assert shell(f"jobs run-now {other} --reason now").code == 0
    rows = shell(f"audit --job {job}").lines
    assert [(row["action"], row["reason"]) for row in rows] == [
        ("job.retry", "Sent again"), ("job.cancel", "Wrong customer"),
    ]  # fmt: skip
    assert [row["target"] for row in shell("audit --action job.run-now --since 1d").lines] == [other]
    assert len(shell("audit --limit 2").lines) == 2
    table = shell("audit --table").out
    assert all(text in table for text in ("Wrong customer", "job.cancel", f"job {job}"))
    assert shell("audit --until 2020-01-01").lines == []


def test_refusals_are_shown_by_caller_and_reason(shell: Shell, world: World) -> None:
    world.get("/jobs", token="jf_" + "x" * 43)
    [row] = shell("audit --refusals").lines
    assert (row["reason"], row["count"]) == ("unknown token", 1)
    assert "unknown token" in shell("audit --refusals --table").out
    assert shell("audit --refusals --action job.retry").code == 2
