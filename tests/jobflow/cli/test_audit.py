"""Test `jobflow audit`: what was changed by whom, filtered, and who was refused."""

from collections import Counter

import pytest

from chalicelib.assembly import parts
from chalicelib.audit.rule import Entry
from chalicelib.job_types.jobtype import registered
from tests.chalicelib.api.support import World
from tests.chalicelib.webhooks.support import DELIVERING
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


def test_a_bulk_action_is_found_by_its_id_in_the_history_of_a_job(shell: Shell, world: World) -> None:
    job, other = world.create(), world.create()
    assert shell(f"jobs cancel {job} {other} --yes --reason 'Wrong customer'").code == 0
    [row] = shell(f"audit --job {job}").lines
    assert (row["outcome"], row["reason"]) == ("named", "Wrong customer")
    [whole] = shell(f"audit --bulk {row['bulk']}").lines
    assert (whole["outcome"], whole["target"]) == ("done", row["bulk"])
    assert shell("audit --refusals --bulk 0").code == 2


@pytest.mark.parametrize("width", [30, 40, 50, 60, 70, 100])
def test_no_word_is_broken_on_a_narrow_terminal(
    shell: Shell, world: World, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    job = world.create()
    assert shell(f"jobs cancel {job} --reason 'Ordered by the wrong customer'").code == 0
    words = set(shell("audit --table").out.split())
    assert len(words) > 15
    monkeypatch.setenv("COLUMNS", str(width))
    lines = shell("audit --table").out.splitlines()
    assert all(len(one.rstrip()) <= width for one in lines)
    there = {word for one in lines for word in one.split()}
    assert {word for word in words - there if len(word) < width - 10} == set()


def test_the_reason_of_a_resume_is_in_the_log(shell: Shell, world: World) -> None:
    assert shell("types pause test.note").code == 0
    assert shell("types resume test.note --reason 'Up again'").code == 0
    assert "Up again" in [row["reason"] for row in shell("audit").lines]


@pytest.mark.parametrize(
    ("typed", "action"),
    [
        ("schedules pause daily", "schedule.pause"),
        ("schedules resume daily", "schedule.resume"),
        ("schedules run daily", "schedule.run"),
        ("schedules update daily -f text=new", "schedule.change"),
        ("schedules delete daily", "schedule.delete"),
        ("schedules create other test.note '@daily' -f to='[\"a@example.com\"]'", "schedule.create"),
        ("batches close {batch} --total 0", "batch.close"),
        ("batches cancel {batch}", "batch.cancel"),
        ("batches retry {batch}", "batch.retry"),
        ("limits set 1.test.note 0", "limit.set"),
        ("limits reset 1.test.note", "limit.reset"),
        ("webhooks create other https://hooks.example.com/in", "webhook.create"),
        ("webhooks update billing https://hooks.example.com/new", "webhook.change"),
        ("webhooks rotate billing", "webhook.rotate"),
        ("webhooks enable billing", "webhook.enable"),
        ("webhooks delete billing", "webhook.delete"),
        ("webhooks send-again billing 6a1de45f-8c1e-4f0e-9f7e-0c9b7a6d5e4f", "webhook.send-again"),
        ("bulk stop 0123456789abcdef0123", "bulk.stop"),
        ("jobs event {job} approved", "job.event"),
        ("error-groups resolve 5d41402abc4b", "error.resolve"),
    ],
)
def test_each_command_that_changes_something_takes_a_reason(
    shell: Shell, world: World, typed: str, action: str
) -> None:
    """Also a refused one: its reason says what somebody wanted."""
    registered[DELIVERING.name] = DELIVERING
    shell("schedules create daily test.note '0 6 * * *' -f to='[\"a@example.com\"]'")
    shell("webhooks create billing https://hooks.example.com/in")
    batch, job = world.post("/batches", {}).json["id"], world.create()
    shell(f"{typed.format(batch=batch, job=job)} --reason 'asked for'")
    assert "asked for" in [row["reason"] for row in shell(f"audit --action {action}").lines]


def test_the_table_says_who_has_deployed_and_which_version(shell: Shell, world: World) -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/deployer/ada"
    entry = Entry(
        "2027-01-15T08:00:00.000Z#a", world.clock(), "stage.deploy", "stage", "jobflow-prod", arn, version="v1.2"
    )
    parts.audit.begin(entry)
    table = shell("audit --table").out
    assert "deployer/ada" in table
    assert "v1.2" in table


def test_a_narrow_table_cuts_no_text(shell: Shell, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    job = world.create()
    assert shell(f"jobs cancel {job} --reason 'Wrong customer, and the invoice has been sent by hand since'").code == 0
    assert shell(f"jobs discard {job} --reason 'Twice'").code != 0
    table = shell("audit --table").out
    assert max(map(len, table.splitlines())) <= 80
    for row in shell("audit").lines:
        texts = (row["action"], row["target"], row["outcome"], row["error"] or "", row["reason"], row["at"][:10])
        assert Counter("".join(texts).replace(" ", "")) <= Counter(table)


def test_refusals_are_shown_by_caller_and_reason(shell: Shell, world: World) -> None:
    world.get("/jobs", token="jf_" + "x" * 43)
    [row] = shell("audit --refusals").lines
    assert (row["reason"], row["count"]) == ("unknown token", 1)
    assert "unknown token" in shell("audit --refusals --table").out
    assert shell("audit --refusals --action job.retry").code == 2
