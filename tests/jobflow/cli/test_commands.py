"""Test the other commands, and what applies to all of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from chalicelib.access.tokens import Role
from chalicelib.jobs.job import Status
from jobflow import profiles
from jobflow.cli import reading
from jobflow.cli.commands import numbers
from jobflow.cli.printer import safe
from tests.chalicelib.api.support import T0, World
from tests.jobflow.cli.conftest import Shell
from tests.jobflow.support import URL, Wire


def test_types_are_listed_shown_paused_and_resumed(shell: Shell, world: World, job: str) -> None:
    assert [line["type"] for line in shell("types list").lines] == ["test.note", "test.other"]
    assert shell("types show test.note").lines[0]["schema"]["required"] == ["to"]
    none = shell("types show test.none")
    assert (none.code, "test.note" in none.err) == (4, True)
    assert shell("types pause test.note --table").out == "Jobs of test.note wait: the type is paused.\n"
    world.clock.advance(120)  # the API asks SQS at most once a minute
    assert "paused" in shell("types list --table").out
    assert [line["paused"] for line in shell("types resume test.note").lines] == [False]


def test_a_cron_text_is_tried(shell: Shell) -> None:
    said = shell("schedules preview '0 6 * * 1-5' --timezone Europe/Berlin -n 2")
    assert [line["local"] for line in said.lines] == ["2027-01-18T06:00:00+01:00", "2027-01-19T06:00:00+01:00"]
    assert "2027-01-18 05:00" in shell("schedules preview '0 6 * * 1-5' --timezone Europe/Berlin --table").out
    assert shell("schedules preview 'soon'").code == 1


def test_groups_of_errors_are_acknowledged(shell: Shell, world: World, job: str) -> None:
    world.put_in(job, Status.FAILED, fingerprint="9d6156e8610f")
    assert shell("error-groups acknowledge 9d6156e8610f --table").out == "9d6156e8610f  acknowledged\n"
    assert shell("error-groups resolve 9d6156e8610f").lines[0]["acknowledged_by"]
    assert shell("error-groups reopen 9d6156e8610f").lines[0]["acknowledged_by"] is None
    assert shell("error-groups acknowledge ffffffffffff").code == 4
    assert shell("errors --since 1d --table").out == "No errors.\n"


def test_what_needs_attention_is_printed(shell: Shell) -> None:
    assert shell("health --table").out == "All healthy.\n"
    shell("types pause test.note")
    assert [line["kind"] for line in shell("health").lines] == ["paused"]
    assert "paused" in shell("health --table").out


def test_a_spent_budget_is_a_percentage(shell: Shell, wire: Wire) -> None:
    common = dict.fromkeys(
        ("growth_per_minute", "drain_eta_s", "since", "acknowledged", "fingerprint", "limit", "filter")
    )
    rows = [{"kind": kind, "type": "test.note", "number": 180, **common} for kind in ("budget", "errors")]
    wire.instead = [httpx.Response(200, json={"findings": rows, "as_of": "2027-01-01T00:00:00Z"})]
    _, budget, errors = shell("health --table").out.splitlines()
    assert ("180 %" in budget, "%" in errors) == (True, False)


def test_schedules_are_stored_listed_switched_and_deleted(shell: Shell) -> None:
    made = shell("""schedules create daily test.note '0 6 * * *' -f to='["a@example.com"]' --timezone Europe/Berlin""")
    assert (made.code, made.lines[0]["id"]) == (0, "daily")
    table = shell("schedules list --table").out
    assert ("Europe/Berlin" in table, "0 6 * * *" in table) == (True, True)
    assert shell("schedules pause daily").lines[0]["paused"]
    assert "+01:00" in (shell("schedules resume daily").out and shell("schedules show daily --table").out)
    ran = shell("schedules run daily").lines[0]
    assert shell("jobs show @last").lines[0]["id"] == ran["id"]
    assert shell("schedules delete daily --table").out == "The schedule daily is deleted (test.note, 0 6 * * *).\n"
    assert shell("schedules list --table").out == "No schedules.\n"
    assert shell("schedules show daily").code == 4


def test_dead_letters_are_listed_and_redriven(shell: Shell, world: World, job: str) -> None:
    world.put_in(job, Status.DEAD_LETTER, finished_at=T0, error_class="E", error_message="m")
    assert [line["id"] for line in shell("dead-letters list").lines] == [job]
    assert shell("dead-letters redrive --dry-run --table").out.endswith("1 of 1 jobs would be retried.\n")
    assert shell("dead-letters redrive --table").out.endswith("1 of 1 jobs retried.\n")
    assert shell("dead-letters list --table").out == "No dead-lettered jobs.\n"


def test_metrics_are_printed(shell: Shell, job: str) -> None:
    assert shell("metrics").lines[0]["by_type"]["test.note"]["by_status"]["queued"] == 1
    assert "1 jobs, 1 queued, running or retrying" in shell("metrics --table").out


def test_the_table_of_numbers_has_each_number_in_its_column_and_fits_a_terminal(
    shell: Shell, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    columns = {"queued": "QUEUED", "processing": "RUNNING", "retrying": "RETRY", "completed": "DONE",
               "failed": "FAILED", "dead_letter": "DEAD"}  # fmt: skip
    for number, status in enumerate(columns, 1):
        for _ in range(number):
            world.put_in(world.create(), Status(status), **({"finished_at": T0} if number > 3 else {}))
    lines = [line.split() for line in shell("metrics --table").out.splitlines()]
    header, row = next(line for line in lines if "TYPE" in line), next(line for line in lines if "test.note" in line)
    assert [row[header.index(column)] for column in columns.values()] == ["1", "2", "3", "4", "5", "6"]


def test_no_job_is_missing_from_the_table_of_numbers(shell: Shell, world: World) -> None:
    columns = {"scheduled": "SCHEDULED", "suspended": "SUSPENDED"}
    for number, status in enumerate((*columns, "cancelled"), 1):
        for _ in range(number):
            world.put_in(world.create(), Status(status))
    out = shell("metrics --table").out
    lines = [line.split() for line in out.splitlines()]
    header, row = next(line for line in lines if "TYPE" in line), next(line for line in lines if "test.note" in line)
    assert [row[header.index(column)] for column in columns.values()] == ["1", "2"]
    assert {"6 jobs", "1 scheduled", "2 suspended", "3 cancelled"} <= set(out.splitlines()[-1].split(", "))


def test_watching_metrics_ends_with_ctrl_c(shell: Shell, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", sleep)
    said = shell("metrics --watch")
    assert (said.code, len(said.lines), looks) == (130, 2, [numbers.POLL] * 2)


def logged(*rows: int | None) -> httpx.Response:
    """Return a page of log lines of one millisecond; each names its row, or none does."""
    line = {"at": "2027-01-15T08:00:00.000Z", "level": "INFO", "message": "imported", "gen": 1, "attempt": 1}
    lines = [{**line, "fields": {} if row is None else {"row": row}} for row in rows]
    return httpx.Response(200, json={"lines": lines, "next_cursor": None})


def test_lines_of_one_millisecond_are_all_printed(shell: Shell, wire: Wire, job: str) -> None:
    wire.before["GET"] = lambda: wire.instead.append(logged(1, 2, None, None, 2))
    assert [line["fields"].get("row") for line in shell(f"logs {job}").lines] == [1, 2, None, None, 2]


def test_lines_that_are_followed_are_printed_once(
    shell: Shell, wire: Wire, world: World, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = [logged(1, None), logged(1, None), logged(1, None, 3, None), logged(3, 1, None, None, None)]
    wire.before["GET"] = lambda: wire.instead.append(reads.pop(0))

    def sleep(_: float) -> None:
        if len(reads) == 1:
            world.put_in(job, Status.COMPLETED, finished_at=T0)

    monkeypatch.setattr("time.sleep", sleep)
    said = shell(f"logs {job} --follow --table")
    assert [line.partition("imported ")[2] for line in said.out.splitlines()] == ["row=1", "", "row=3", "", ""]


def test_login_keeps_a_profile_and_whoami_tells_the_token(shell: Shell, world: World) -> None:
    secret = world.secrets[Role.ADMIN]
    said = shell(f"login prod --url {URL}/ --console https://console.example.com", f"{secret}\n")
    assert (said.code, "Logged in as a admin (admin)" in said.err) == (0, True)
    kept = profiles.stored()["prod"]
    assert (kept.url, kept.token, kept.console) == (URL, secret, "https://console.example.com")
    assert secret not in said.out + said.err
    [told] = shell("whoami").lines
    assert told.pop("id")
    scope = {"types": None, "tenants": None, "payloads": True, "personal": True}
    assert told == {
        "url": URL, "source": "arguments", "role": "admin", "label": "a admin", "expires_at": None, **scope,
    }  # fmt: skip


def test_open_prints_the_address_of_a_job_in_the_console(shell: Shell, job: str) -> None:
    said = shell(f"open {job}")
    assert (said.code, "console's address is not known" in said.err) == (2, True)
    shell.console = "https://console.example.com"
    assert shell(f"open {job[:8]} --print").out == f"https://console.example.com/jobs/{job}\n"


def test_text_from_a_job_cannot_steer_the_terminal(shell: Shell, world: World, job: str) -> None:
    texts = ("\x1b[2J", "a\x07b", "\u202eevil", "\x9b31m", "ok\x7f")
    message = f"[red]no[/red] {' '.join(texts)}"
    world.put_in(job, Status.FAILED, finished_at=T0, error_class="E", error_message=message)
    shown = shell(f"jobs show {job} --table").out + shell("jobs list --table").out
    assert "E: [red]no[/red] \ufffd" in shown, "markup in a text is text"
    assert [text for text in texts if text in shown] == []
    assert safe("tab\tline\n") == "tab\tline\n"


def test_moments() -> None:
    now = datetime(2027, 3, 1, 12, tzinfo=UTC)
    assert reading.moment("2h", now) == now - timedelta(hours=2)
    assert reading.moment("2027-03-01T10:00:00Z") == datetime(2027, 3, 1, 10, tzinfo=UTC)
    assert reading.moment("2027-03-01T10:00").tzinfo is not None


def test_how_long_ago() -> None:
    now = datetime(2027, 3, 1, 12, tzinfo=UTC)
    for seconds, text in ((5, "5.0s ago"), (0.03, "30ms ago"), (0, "0s ago"), (7200, "2h ago"), (-30, "in 30s")):
        assert reading.ago(now - timedelta(seconds=seconds), now) == text


def test_an_assistant_is_told_the_whole_address(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from mcp.server.mcpserver import MCPServer

    served: list[dict[str, Any]] = []
    monkeypatch.setattr(MCPServer, "run", lambda _self, _transport, **options: served.append(options))
    said = shell("mcp --http 8765")
    assert "http://127.0.0.1:8765/mcp" in said.err
    assert (served[0]["port"], served[0]["streamable_http_path"]) == (8765, "/mcp")


def test_a_login_without_a_terminal_and_without_an_address_is_wrong_usage(shell: Shell) -> None:
    said = shell("login prod", "")
    assert (said.code, "--url" in said.err) == (2, True)
    said = shell("login prod --url https://jobs.example.com", "")
    assert (said.code, "The token (from standard input) is empty" in said.err) == (2, True)


def test_a_port_that_cannot_be_is_wrong_usage(shell: Shell) -> None:
    assert shell("mcp --http 99999").code == 2


def test_a_token_that_the_api_refuses_is_replaced_by_a_login(shell: Shell, wire: Wire) -> None:
    refused = {"type": "urn:jobflow:problem:unauthorized", "detail": "Send the header Authorization: Bearer <token>."}
    wire.instead = [httpx.Response(401, json=refused)]
    said = shell("whoami")
    assert (said.code, "jobflow login" in said.err, "header" in said.err) == (1, True, False)


def test_the_reason_of_a_pause_is_shown_where_the_type_and_its_jobs_are(shell: Shell, world: World, job: str) -> None:
    shell("types pause test.note --reason 'the mail provider is down'")
    world.clock.now += 2  # remove cached answers
    for command in ("types list --table", "types show test.note --table", f"jobs show {job} --table"):
        assert "the mail provider is down" in " ".join(shell(command).out.split()), command


def test_an_assistant_may_not_write_over_http(shell: Shell) -> None:
    said = shell("mcp --http 0 --allow-write")
    assert (said.code, "stdio only" in said.err) == (2, True)
