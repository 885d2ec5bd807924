"""Test GET /usage, and the costs of a job in GET /jobs/{id}."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.access.scope import scope_of
from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.counters import keys
from chalicelib.counters.dear_runs import DearRun
from chalicelib.counters.port import Additions, Row
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.spending import Spending
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Attempt, Status
from chalicelib.jobs.listing import iso
from chalicelib.usage.days import UsageReader
from tests.chalicelib.api.support import T0, World, only_types


class Asked(BaseModel):
    customer: str = ""


def _nothing(payload: Asked, ctx: Any) -> None:
    """Do nothing."""


KINDS = [
    JobType("mail.send", _nothing, Asked, fair_by="customer", spending=Spending(by_tenant=True)),
    JobType("report.day", _nothing, Asked, function=Function(memory=2_048)),
    JobType("no.jobs", _nothing, Asked),
]
TODAY = T0 - T0 % DAY


@pytest.fixture
def world() -> Iterator[World]:
    with only_types(*KINDS):
        world = World()
        numbers = {keys.ATTEMPTS: 3, keys.RUN_MS: 60_000, "created": 2, "completed": 2, keys.WRITES: 1}
        retries = {keys.AGAIN: 1, keys.AGAIN_MS: 20_000, "retried": 1}
        add(keys.bucket("mail.send", 86_400, T0 - DAY), **numbers, **retries)
        add(keys.bucket("mail.send", 86_400, T0), **numbers)
        add(keys.bucket("report.day", 86_400, T0), **numbers)
        acme = {keys.ATTEMPTS: 1, keys.RUN_MS: 10_000, "created": 1, "completed": 1, keys.WRITES: 1}
        add(keys.tenant("mail.send", "acme", T0), **acme)
        yield world
        parts.reset()


def add(row: Row, **numbers: int) -> None:
    parts.counter_rows.add(row, Additions(Counter(numbers)), "s", "01", "01")


def rows(world: World, query: str = "", **more: Any) -> list[dict[str, Any]]:
    answer = world.get(f"/usage{query}", **more)
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.json["rows"]
    told = [name for name in answer.json["total"] if name.endswith("_nano_usd")]
    sums = {name: sum(row[name] for row in found) for name in told}
    assert sums == {name: answer.json["total"][name] for name in told}
    return found


def test_types_come_dearest_first_without_those_that_had_no_jobs(world: World) -> None:
    found = rows(world)
    assert [(row["type"], row["jobs"], row["attempts"]) for row in found] == [("report.day", 2, 3), ("mail.send", 4, 6)]
    [mail] = rows(world, "?type=mail.send")
    assert (mail["run_s"], mail["retries"]) == (120.0, 1)
    assert mail["run_nano_usd"] == pytest.approx(120 * 0.5 * 13_333.4, abs=2)
    assert 0 < mail["retries_nano_usd"] < mail["cost_nano_usd"] / 3
    parts_of = ("run", "requests", "jobs", "counting", "kept")
    assert mail["cost_nano_usd"] == sum(mail[f"{name}_nano_usd"] for name in parts_of)


def test_days_are_whole_days_in_utc(world: World) -> None:
    answer = world.get(f"/usage?by=day&from={iso(T0 - 2 * DAY)}&to={iso(T0)}").json
    assert (answer["from"], answer["to"]) == (iso(TODAY - 2 * DAY), iso(TODAY + DAY))
    assert [(row["day"], row["jobs"]) for row in answer["rows"]] == [
        (iso(TODAY - 2 * DAY), 0), (iso(TODAY - DAY), 2), (iso(TODAY), 4),
    ]  # fmt: skip
    yesterday = rows(world, f"?by=day&from={iso(TODAY - DAY)}&to={iso(TODAY)}")
    assert [row["jobs"] for row in yesterday] == [2]


def test_tenants_add_up_to_their_type(world: World) -> None:
    found = {(row["type"], row["tenant"]): row["run_s"] for row in rows(world, "?by=tenant")}
    assert found == {("mail.send", "acme"): 10.0, ("mail.send", None): 110.0, ("report.day", None): 60.0}


@pytest.mark.parametrize(
    "query", ["?type=unknown", "?by=month", f"?from={iso(T0)}&to={iso(T0 - 9)}", "?from=yesterday", "?other=1"]
)
def test_a_wrong_query_is_refused(world: World, query: str) -> None:
    assert world.get(f"/usage{query}").status == 422


def test_days_of_which_no_sum_is_kept_are_refused_and_not_answered_as_empty(world: World) -> None:
    answer = world.get(f"/usage?from={iso(T0 - 200 * DAY)}&to={iso(T0 - 150 * DAY)}")
    assert answer.status == 422
    assert "kept" in answer.text
    clipped = world.get(f"/usage?by=day&from={iso(T0 - 200 * DAY)}&to={iso(TODAY - 90 * DAY)}").json
    assert clipped["from"] == iso(TODAY - 91 * DAY)
    assert len(clipped["rows"]) == 1


def test_a_budget_that_cannot_be_read_hides_no_other_finding(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    dear, down = (replace(KINDS[1], name=name, spending=Spending(per_day=1)) for name in ("report.dear", "report.down"))
    with only_types(down, dear):
        used = {keys.ATTEMPTS: 1, keys.RUN_MS: 60_000_000, "created": 1}
        add(keys.bucket("report.dear", 86_400, T0), **used)
        read = UsageReader.today

        def today(reader: UsageReader, kind: JobType[Any, Any], now: float) -> Any:
            if kind.name == "report.down":
                raise ConnectionError("down")
            return read(reader, kind, now)

        monkeypatch.setattr(UsageReader, "today", today)
        answer = world.get("/metrics/health")
    assert answer.status == 200
    assert [(one["kind"], one["type"]) for one in answer.json["findings"]] == [("budget", "report.dear")]


def test_a_viewer_reads_it_and_a_scope_narrows_it(world: World) -> None:
    assert len(rows(world, role=Role.VIEWER)) == 2
    token, _ = parts.tokens.issue(Role.VIEWER, "mail", scope=scope_of(["mail.*"]))[:2]
    assert [row["type"] for row in rows(world, token=token)] == ["mail.send"]
    assert world.get("/usage?type=report.day", token=token).status == 403
    of_tenant = parts.tokens.issue(Role.VIEWER, "acme", scope=scope_of(tenants=["acme"]))[0]
    assert world.get("/usage", token=of_tenant).status == 403


def dear(job: str, kind: str, seconds: float) -> None:
    run = DearRun(job, T0 + 1, round(1000 * seconds), Status.COMPLETED)
    parts.counter_rows.replace_facts(keys.dearest(kind, T0), {run.name: run.value}, ())


def test_the_dearest_runs_are_told_if_they_are_asked_for(world: World) -> None:
    mail, report = world.create(type="mail.send", payload={}), world.create(type="report.day", payload={})
    dear(mail, "mail.send", 60)
    dear(report, "report.day", 45)
    dear("0" * 36, "report.day", 800)  # a job that nobody stores
    assert world.get("/usage").json["dearest"] == []
    found = world.get("/usage?dearest=10").json["dearest"]
    assert [(one["job_id"], one["type"], one["run_s"]) for one in found] == [
        (report, "report.day", 45.0), (mail, "mail.send", 60.0),
    ]  # fmt: skip
    assert found[0]["cost_nano_usd"] == pytest.approx(45 * 2 * 13_333.4, rel=0.05)
    assert (found[0]["status"], found[0]["started_at"]) == ("completed", iso(T0 + 1))
    assert [one["job_id"] for one in world.get("/usage?dearest=1&type=mail.send").json["dearest"]] == [mail]
    assert world.get(f"/usage?dearest=5&to={iso(TODAY)}").json["dearest"] == []
    assert world.get("/usage?dearest=51").status == 422


def test_a_run_that_cannot_be_read_hides_no_other(world: World) -> None:
    job = world.create(type="report.day", payload={})
    dear(job, "report.day", 45)
    row = keys.dearest("report.day", T0)
    parts.counter_rows.replace_facts(row, {f"run#{job}#{T0 + 9:.3f}": "90000#a_later_status"}, ())
    assert [one["run_s"] for one in world.get("/usage?dearest=10").json["dearest"]] == [45.0]


def test_a_deleted_job_is_not_among_the_dearest_from_the_answer_on(world: World) -> None:
    job = world.create(type="report.day", payload={})
    world.put_in(job, Status.COMPLETED, attempts=1, finished_at=T0 + 2)
    dear(job, "report.day", 45)
    assert len(world.get("/usage?dearest=5").json["dearest"]) == 1
    assert world.call("DELETE", f"/jobs/{job}").status == 202
    assert world.get("/usage?dearest=5").json["dearest"] == []


def test_a_scope_sees_the_dearest_of_its_types_only(world: World) -> None:
    mail, report = world.create(type="mail.send", payload={}), world.create(type="report.day", payload={})
    dear(mail, "mail.send", 60)
    dear(report, "report.day", 45)
    token = parts.tokens.issue(Role.VIEWER, "mail", scope=scope_of(["mail.*"]))[0]
    assert [one["job_id"] for one in world.get("/usage?dearest=9", token=token).json["dearest"]] == [mail]


def test_a_job_and_its_attempts_tell_what_they_cost(world: World) -> None:
    job = world.create(type="report.day", payload={})
    world.store.record(job, Attempt(1, 1, "error", T0, T0 + 10, "E", retry_delay_s=5, claim=1))
    world.put_in(
        job, Status.COMPLETED, attempts=2, claims=2, started_at=T0 + 15, updated_at=T0 + 16, finished_at=T0 + 16
    )
    found = world.get(f"/jobs/{job}").json
    first, second = (one["cost_nano_usd"] for one in found["attempt_history"])
    assert first == pytest.approx(10 * 2 * 13_333.4, rel=0.05)
    assert second < first / 5
    assert found["cost_nano_usd"] > first + second


def test_a_job_of_a_removed_type_has_no_cost(world: World) -> None:
    job = world.create(type="no.jobs", payload={})
    with only_types(*KINDS[:2]):
        assert world.get(f"/jobs/{job}").json["cost_nano_usd"] is None
