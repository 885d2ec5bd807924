"""Test `jobflow usage`: what jobs have cost, as a table and for programs."""

from collections import Counter

from chalicelib.assembly import parts
from chalicelib.counters import keys
from chalicelib.counters.dear_runs import DearRun
from chalicelib.counters.port import Additions
from chalicelib.jobs.job import Status
from tests.chalicelib.api.support import T0, World
from tests.jobflow.cli.conftest import Shell


def test_costs_are_shown_by_type_and_day(shell: Shell, world: World) -> None:
    assert shell("usage --table").code == 0
    numbers = Counter({keys.ATTEMPTS: 2, keys.RUN_MS: 3_600_000, "created": 1, "completed": 1, keys.AGAIN: 1})
    parts.counter_rows.add(keys.bucket("test.note", 86_400, T0), Additions(numbers), "s", "01", "01")
    table = shell("usage --table").out
    assert all(text in table for text in ("test.note", "COST", "$0.02", "list prices"))
    assert "2027-01-15" in shell("usage --by day --since 2027-01-14 --until 2027-01-16 --table").out
    [found] = shell("usage --by tenant --type test.note").lines
    assert found["total"]["cost_nano_usd"] == found["rows"][0]["cost_nano_usd"] > 24_000_000
    assert shell("usage --by month").code == 2
    assert shell("usage --type none").code == 4


def test_the_dearest_runs_are_shown_below_the_sums(shell: Shell, world: World) -> None:
    job = world.create(type="test.note")
    run = DearRun(job, T0 + 1, 90_000, Status.COMPLETED)
    parts.counter_rows.replace_facts(keys.dearest("test.note", T0), {run.name: run.value}, ())
    assert job not in shell("usage --table").out
    table = shell("usage --dearest 3 --table").out
    assert all(text in table for text in (job, "AFTER IT", "completed"))
    assert shell("usage --dearest 3").lines[0]["dearest"][0]["job_id"] == job
    assert "second or longer" in shell("usage --dearest 3 --until 2027-01-15 --table").out
    assert shell("usage --dearest 51").code == 2
