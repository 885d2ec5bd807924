"""Test the commands for jobs."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from chalicelib import JobContext, job
from chalicelib.job_types.at_most import AtMost
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.constants import MOST_HISTORY
from chalicelib.jobs.job import Attempt, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.step import Step
from jobflow.cli import many, reading, views
from jobflow.client.decoding import read
from jobflow.models import JobDetail
from tests.chalicelib.api.support import NOTE, T0, World, only_types
from tests.jobflow.cli.conftest import Shell


class Person(BaseModel):
    mail: str = Field(json_schema_extra={"personal": True})


PAYLOAD = """'{"to": ["a@example.com"]}'"""


def test_a_job_is_created_from_json_a_file_standard_input_fields_or_the_example(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "letter.json"
    file.write_text('{"to": ["file@example.com"]}')
    made = [
        shell(f"jobs create test.note {PAYLOAD} -f text=hi --tag customer:1 --max-attempts 2"),
        shell(f"jobs create test.note @{file}"),
        shell("jobs create test.note -", '{"to": ["stdin@example.com"]}'),
        shell("""jobs create test.note -f to='["field@example.com"]' -f text='{"'"""),
        shell("jobs create test.note --example --delay 10m --expires 5m"),
    ]
    assert [said.code for said in made] == [0] * 5
    jobs = [said.lines[0] for said in made]
    assert [job["payload"]["to"] for job in jobs] == [
        ["a@example.com"], ["file@example.com"], ["stdin@example.com"], ["field@example.com"], ["a@example.com"],
    ]  # fmt: skip
    assert (jobs[0]["payload"]["text"], jobs[0]["tags"], jobs[0]["max_attempts"]) == ("hi", ["customer:1"], 2)
    assert (jobs[0]["expires_at"], jobs[4]["expires_at"]) == (None, iso(T0 + 900))
    assert (jobs[3]["payload"]["text"], jobs[4]["status"]) == ('{"', "scheduled")


def test_a_job_is_created_with_a_priority(shell: Shell) -> None:
    with only_types(NOTE, replace(NOTE, name="test.limited", limits=(AtMost(1),))):
        made = shell(f"jobs create test.limited {PAYLOAD} --priority low")
        assert (made.code, made.lines[0]["priority"]) == (0, "low")
        refused = shell(f"jobs create test.note {PAYLOAD} --priority high")
        assert (refused.code, "test.note has no limits=" in refused.err) == (1, True)
        assert shell(f"jobs create test.limited {PAYLOAD} --priority first").code == 2
        stored = shell(f"schedules create daily test.limited '0 6 * * *' {PAYLOAD} --priority high")
        assert stored.lines[0]["priority"] == "high"
        changed = shell("schedules update daily --cron '0 7 * * *'")
        assert (changed.lines[0]["cron"], changed.lines[0]["priority"]) == ("0 7 * * *", "high")
        assert shell("schedules update daily --priority normal").lines[0]["priority"] == "normal"
        assert shell("schedules update daily --type test.note --priority low").code == 1


@pytest.mark.parametrize("typed", ["@{file}", "-"])
def test_a_file_that_is_no_text_is_told(shell: Shell, tmp_path: Path, typed: str) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    said = shell(f"jobs create test.note {typed.format(file=tmp_path / 'picture.png')}", b"\x89PNG\xff")
    assert (said.code, "is not UTF-8" in said.err) == (2, True)


def test_a_job_is_created_where_nothing_can_be_kept(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    made = shell(f"jobs create test.note {PAYLOAD}")
    assert (made.code, made.lines[0]["status"]) == (0, "queued")
    assert "@last is not kept" in made.err


@pytest.mark.parametrize(
    ("option", "existing"), [("--key k-1", "key"), ("", "unique"), ("--debounce k=2m", "debounced")]
)
def test_a_job_that_there_was_is_told(shell: Shell, option: str, existing: str) -> None:
    kind = replace(NOTE, unique=Unique(by=("to",), seconds=60)) if existing == "unique" else NOTE
    with only_types(kind):
        new, again = (shell(f"jobs create test.note {PAYLOAD} {option}").lines[0] for _ in range(2))
        said = shell(f"jobs create test.note {PAYLOAD} {option} --table")
        waited = shell(f"jobs create test.note {PAYLOAD} {option} --wait --timeout 0s")
    assert (new["existing"], again["existing"], new["id"]) == (None, existing, again["id"])
    assert (said.out.split()[0], said.err.strip()) == (new["id"], views.EXISTED[existing])
    assert views.EXISTED[existing] in waited.err


def test_the_remedy_at_the_end_of_a_long_error_is_shown(shell: Shell, world: World, job: str) -> None:
    long = f"{'The role does not allow it. ' * 20}Add this line: grants=(…)"
    world.put_in(job, Status.FAILED, finished_at=T0, error_class="AccessDenied", error_message=f"{long[:100]}…")
    world.store.record(job, Attempt(1, 1, "error", T0, T0, error_class="AccessDenied", error_message=long))
    facts = " ".join(shell(f"jobs show {job} --table").out.partition("ATTEMPT")[0].split())
    assert "Add this line: grants=(…)" in facts
    assert "Add this line: grants=(…)" in shell(f"jobs tail {job}").err


def test_the_attempts_and_stacks_of_a_retried_job_name_their_run(shell: Shell, world: World, job: str) -> None:
    world.put_in(job, Status.COMPLETED, finished_at=T0 + 9, gen=2)
    world.store.record(
        job, Attempt(1, 1, "error", T0, T0, error_class="Boom", error_message="no", stack="Traceback: no")
    )
    world.store.record(job, Attempt(2, 1, "completed", T0 + 8, T0 + 9))
    said = shell(f"jobs show {job} --table").out
    lines = [line.split() for line in said.splitlines()]
    assert ["2", "1", "completed"] in [line[:3] for line in lines]
    assert "Stack of attempt 1 of run 1:" in said


@pytest.mark.parametrize("option", ["--json", "--table"])
def test_half_of_a_surrogate_pair_in_a_result_is_printed(shell: Shell, world: World, job: str, option: str) -> None:
    world.put_in(job, Status.COMPLETED, finished_at=T0 + 1, result={"text": "half \ud83d"})
    said = shell(f"jobs show {job} {option}")
    assert said.code == 0
    assert ("half \\ud83d" if option == "--json" else "half \ufffd") in said.out


def test_a_duplicate_of_a_unique_job_says_that_it_is_none(shell: Shell) -> None:
    with only_types(replace(NOTE, unique=Unique(by=("to",), seconds=60))):
        shell(f"jobs create test.note {PAYLOAD}")
        assert views.EXISTED["unique"] in shell("jobs duplicate @last --table").err


def test_a_duplicate_without_the_values_of_personal_fields_says_how_to_copy_them(shell: Shell) -> None:
    def run(payload: Person, ctx: JobContext) -> None: ...

    with only_types(job("test.person")(run)):
        assert shell("jobs create test.person -f mail=ada@example.com").code == 0
        said = shell("jobs duplicate @last")
        assert (said.code, "--personal" in said.err) == (1, True)
        said = shell("jobs duplicate @last -f mail=eve@example.com")
        assert (said.code, "--personal" in said.err) == (0, False)
        assert shell("jobs duplicate @last --personal").lines[0]["payload"] == {"mail": "eve@example.com"}


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("jobs create test.note {} --debounce =30s", 2, "doc-17=30s"),
        (f"jobs create test.note {PAYLOAD} --debounce k=2d", 1, "debounce.seconds: "),
        (f"jobs create test.note {PAYLOAD} --wait --timeout soon", 2, "write 90, 90s, 10m, 2h or 1d"),
        ("jobs create test.note '[1]'", 2, "must be an object"),
        ("jobs create test.note '{'", 2, "@letter.json"),
        ("jobs create test.note @/none.json", 2, "/none.json cannot be read"),
        ("jobs create test.note -f to", 2, "write name=value"),
        ("jobs create test.note --delay soon", 2, "write 90, 90s, 10m, 2h or 1d"),
        ("jobs create test.note {}", 1, "payload.to: "),
        ("jobs create test.none {}", 4, "test.none"),
        ("jobs create test.note {} --key ''", 2, "1 to 255 visible ASCII"),
        ("jobs create test.note '{\"to\": NaN}'", 2, "The payload is not JSON: "),
        ("jobs create test.note {} --run-at 2h", 2, "--delay"),
        ("jobs create test.note {} --run-at today", 2, "'today' is not a time: write 2027-03-01T10:00."),
        ("jobs create test.note {} --run-at tomorrow", 2, "'tomorrow' is not a time: write 2027-03-01T10:00."),
        ("jobs create test.note {} --run-at 2027-03-01T10:00 --delay 5", 2, "--delay and --run-at exclude each other"),
        ("jobs create test.note {} --debounce k=5 --delay 5", 2, "--delay and --debounce exclude each other"),
        ("error-groups reopen 000000000000", 4, "`jobflow errors`"),
        ("upload /etc/hostname", 2, "--content-type"),
        (f"jobs create test.note {'[' * 100_000}", 2, "The payload is not JSON: "),
        ("jobs list --since 999999999d", 2, "not a time"),
        ("jobs list --until 0001-01-01T00:00+23:00", 2, "not a time"),
        ("jobs show 00000000", 4, "No job's id begins with 00000000"),
        ("jobs show abc", 2, "too short"),
        ("jobs show @last", 2, "There is no @last yet"),
        ("jobs retry", 2, "--status"),
        ("jobs cancel abcd --tag x", 2, "Give one of the two"),
        ("jobs cancel", 2, "No job is selected"),
        ("jobs frobnicate", 2, "frobnicate"),
    ],
)
def test_each_mistake_has_its_sentence_and_its_code_and_makes_no_job(
    shell: Shell, world: World, typed: str, code: int, words: str
) -> None:
    said = shell(typed)
    assert (said.code, said.out) == (code, "")
    assert words in said.err
    assert world.store.totals() == {}


def test_a_list_is_a_table_or_lines_of_json(shell: Shell, world: World, job: str) -> None:
    world.create(tags=["b"])
    lines = shell("jobs list --tag a").lines
    assert [(line["id"], line["status"], line["created_at"]) for line in lines] == [
        (job, "queued", "2027-01-15T08:00:00.000Z")
    ]
    table = shell("jobs list --tag a --table").out
    assert (job[:8] in table, "test.note" in table, "ATTEMPT" in table) == (True, True, True)
    assert shell("jobs list --tag none --table").out == "No jobs match.\n"
    assert [len(shell(f"jobs list -n 1 {every}").lines) for every in ("", "--all")] == [1, 2]


def test_show_takes_a_prefix_and_last(shell: Shell, world: World, job: str) -> None:
    assert shell(f"jobs show {job[:8]}").lines[0]["id"] == job
    made = shell(f"jobs create test.note {PAYLOAD}").lines[0]["id"]
    assert shell("jobs show @last").lines[0]["id"] == made
    shown = shell("jobs show @last --table").out
    assert ("0 of 3" in shown, '"a@example.com"' in shown) == (True, True)
    for claim in range(1, MOST_HISTORY + 2):
        world.store.record(made, Attempt(1, 1, "deferred", T0 + claim, T0 + claim, claim=claim))
    assert "Older attempts are not shown: these are the newest 200." in shell("jobs show @last --table").out


def test_a_prefix_of_several_ids_is_refused(shell: Shell, world: World) -> None:
    first, second = (world.store.get(world.create()) for _ in range(2))
    for found, number in ((first, 1), (second, 2)):
        copy = f"abcdef00-0000-4000-8000-00000000000{number}"
        world.put_in(found.id, Status.QUEUED)
        world.store._jobs[copy] = world.store._jobs.pop(found.id)
        object.__setattr__(world.store._jobs[copy], "id", copy)
    said = shell("jobs show abcdef00")
    assert said.code == 2
    assert "several ids" in said.err


def test_tail_follows_until_the_end_and_exits_by_it(shell: Shell, world: World, job: str) -> None:
    world.put_in(job, Status.COMPLETED, finished_at=T0, result=5)
    assert (shell(f"jobs tail {job}").code, shell(f"jobs tail {job} --table").out.splitlines()[-1]) == (0, "5")
    world.put_in(job, Status.DEAD_LETTER, finished_at=T0, error_class="ValueError", error_message="no")
    said = shell(f"jobs tail {job}")
    assert (said.code, said.lines[-1]["status"]) == (3, "dead_letter")
    assert "ValueError: no" in said.err
    world.put_in(job, Status.QUEUED, finished_at=None)
    assert shell(f"jobs tail {job} --timeout 0").code == 6


def test_duplicate_copies_type_payload_and_tags(shell: Shell, job: str) -> None:
    made = shell(f"jobs duplicate {job} -f text=again").lines[0]
    assert (made["payload"], made["tags"]) == ({"to": ["a@example.com"], "text": "again"}, ["a"])
    assert made["id"] != job


def test_a_payload_that_the_api_does_not_show_is_not_taken_for_an_empty_one(
    shell: Shell, world: World, job: str
) -> None:
    world.put_in(job, Status.COMPLETED, payload=None, payload_bytes=3_500_000)
    assert "3,500,000 bytes, not shown" in shell(f"jobs show {job} --table").out
    said = shell(f"jobs duplicate {job}")
    assert (said.code, "does not show the payload" in said.err) == (2, True)


def test_many_are_discarded_with_a_reason(shell: Shell, world: World) -> None:
    ids = [world.create() for _ in range(2)]
    for one in ids:
        world.put_in(one, Status.DEAD_LETTER, finished_at=T0)
    said = shell("jobs discard --status dead_letter --reason 'sent by hand' --yes")
    assert (said.code, said.lines[0]["done"]) == (0, 2)
    assert {shell(f"jobs show {one}").lines[0]["discarded"]["reason"] for one in ids} == {"sent by hand"}


def test_one_job_is_cancelled_retried_discarded_and_run_now(shell: Shell, world: World, job: str) -> None:
    assert shell(f"jobs cancel {job}").lines[0]["status"] == "cancelled"
    assert shell(f"jobs retry {job[:8]}").lines[0]["gen"] == 2
    assert shell(f"jobs retry {job}").code == 1
    world.put_in(job, Status.FAILED, finished_at=T0)
    assert shell(f"jobs discard {job}").code == 0
    shell(f"jobs create test.note {PAYLOAD} --delay 1h")
    assert shell("jobs run-now @last").lines[0]["status"] == "queued"


def test_one_job_is_cancelled_with_what_it_made(shell: Shell, job: str) -> None:
    assert shell(f"jobs list --parent {job}").lines == []
    assert shell(f"jobs cancel {job} --descendants").code == 2  # a person is asked, or gives --yes
    said = shell(f"jobs cancel {job} --descendants --yes --table")
    assert said.out.splitlines()[1:] == ["  of what it made: 0 cancelled, 0 asked, 0 finished"]
    answer = shell(f"jobs cancel {job} --descendants --yes").lines[0]
    assert (answer["status"], answer["descendants"]["more"]) == ("cancelled", False)
    for wrong in (f"{job} --tag x", "", "a b"):
        assert shell(f"jobs cancel --descendants {wrong}").code == 2


def test_many_are_counted_and_asked_about_first(shell: Shell, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [world.create(tags=["x"]) for _ in range(3)]
    assert shell("jobs cancel --tag x --dry-run --table").out == "3 of 3 jobs would be cancelled.\n"
    refused = shell("jobs cancel --tag x")
    assert (refused.code, "Cancel 3 jobs? Confirm with --yes." in refused.err) == (2, True)
    monkeypatch.setattr(many, "is_interactive", lambda: True)
    assert shell("jobs cancel --tag x --table", "n\n").code == 1
    assert {world.store.get(job).status for job in ids} == {Status.QUEUED}
    assert shell("jobs cancel --tag x --table", "y\n").out.endswith("3 of 3 jobs cancelled.\n")
    assert shell(f"jobs retry {' '.join(ids)} --yes").lines[0]["done"] == 3


@pytest.mark.parametrize(("ends", "code"), [(True, 0), (False, 6)])
def test_what_a_pipe_gets_of_a_job_that_is_waited_for_is_one_object(
    shell: Shell, world: World, monkeypatch: pytest.MonkeyPatch, ends: bool, code: int
) -> None:
    states = [Status.PROCESSING, Status.RETRYING, *([Status.COMPLETED] if ends else [])]

    def sleep(_: float) -> None:
        job_id = next(iter(world.store._jobs))
        if states:
            status = states.pop(0)
            world.put_in(job_id, status, **({"finished_at": T0} if status is Status.COMPLETED else {}))

    monkeypatch.setattr("time.sleep", sleep)
    said = shell(f"jobs create test.note {PAYLOAD} --wait --timeout {'1m' if ends else '0s'}")
    assert (said.code, len(said.lines)) == (code, 1)
    assert said.lines[0]["status"] == ("completed" if ends else "queued")


def test_one_job_is_retried_with_another_payload(shell: Shell, world: World, job: str) -> None:
    for typed in ("""--with '{"to": ["b@example.com"]}'""", "-f text=again", "--with - -f text=both"):
        world.put_in(job, Status.FAILED, finished_at=T0)
        assert shell(f"jobs retry {job} {typed}", '{"to": ["c@example.com"]}').code == 0
    assert world.store.get(job).payload == {"to": ["c@example.com"], "text": "both"}
    other = world.create()
    for refused in (f"jobs retry {job} {other} -f text=x", "jobs retry --status failed -f text=x", "jobs retry -f a=1"):
        assert shell(refused).code == 2
    assert shell(f"jobs retry {job} -f to=nobody").code == 1


def test_one_job_is_retried_from_a_step_after_its_plan_was_shown(
    shell: Shell, world: World, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put_in(job, Status.FAILED, finished_at=T0)
    for number, name in enumerate(("pay", "ship", "tell"), 1):
        world.store.keep_step(world.store.get(job), Step(f"step:{name}", T0 + number, number=number))
    plan = shell(f"jobs retry {job} --from ship --dry-run --table").out
    assert [line.split(":")[1].strip() for line in plan.splitlines()] == ["pay", "ship, tell, and what follows"]
    assert shell(f"jobs retry {job} --from ship --dry-run").lines[0]["anew"] == ["ship", "tell"]
    assert shell(f"jobs retry {job} --from ship").code == 2  # a person is asked, or gives --yes
    unknown = shell(f"jobs retry {job} --from refund --yes")
    assert (unknown.code, "pay, ship, tell" in unknown.err) == (1, True)
    assert shell(f"jobs retry {job} {job} --from ship").code == 2
    monkeypatch.setattr(many, "is_interactive", lambda: True)
    assert shell(f"jobs retry {job} --from ship --table", "n\n").code == 1
    assert world.store.get(job).gen == 1
    said = shell(f"jobs retry {job} --from ship -f text=again --table", "y\n")
    assert (said.code, said.out.startswith(plan)) == (0, True)
    assert (world.store.get(job).gen, world.store.get(job).payload["text"]) == (2, "again")
    assert [step.name for step in world.store.kept_steps(world.store.get(job))] == ["pay"]


def test_a_list_is_narrowed_by_payload_schedule_and_key(shell: Shell, job: str) -> None:
    made = shell("""jobs create test.note '{"to": ["ada@example.com"]}' --key order-1""").lines[0]["id"]
    shell("""schedules create daily test.note '0 6 * * *' -f to='["s@example.com"]'""")
    ran = shell("schedules run daily").lines[0]["id"]

    def listed(typed: str) -> list[str]:
        return [line["id"] for line in shell(f"jobs list {typed}").lines]

    assert listed("--payload to=ada --since 2027-01-01") == [made]
    assert listed("--schedule daily") == [ran]
    assert listed("--key order-1") == [made]
    assert listed("--key order-2") == []
    for typed, words in (("--payload ada", "--since"), ("--key order-1 --tag a", "filter")):
        said = shell(f"jobs list {typed}")
        assert (said.code, words in said.err) == (2, True)


@pytest.mark.parametrize(("word", "begins"), [("today", "2027-03-28T00:00"), ("yesterday", "2027-03-27T00:00")])
def test_a_day_begins_at_midnight_here_also_when_the_clocks_change(
    monkeypatch: pytest.MonkeyPatch, word: str, begins: str
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        found = reading.moment(word, datetime(2027, 3, 28, 12, 0, tzinfo=UTC))
        assert f"{found.astimezone():%Y-%m-%dT%H:%M}" == begins
    finally:
        monkeypatch.undo()
        time.tzset()


REMEDY = "raise it in https://console.example.com/limits/of/this/account?" + "x" * 60
LONG = f"The limit is used up.\n{'It was so for a long time. ' * 30}\n{REMEDY}"


@pytest.mark.parametrize("columns", [80, 250])
def test_the_end_of_an_error_and_its_stack_are_printed_at_any_width(
    shell: Shell, world: World, job: str, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    stack = 'Traceback:\n  File "handlers/a.py", line 3\nLimit'
    one = Attempt(1, 1, "permanent_error", T0, T0 + 1, "Limit", LONG, stack, claim=1)
    world.store._attempts[job] = {(1, 1): one}
    world.put_in(job, Status.FAILED, finished_at=T0, error_class="Limit", error_message=LONG)
    monkeypatch.setenv("COLUMNS", str(columns))
    for typed in ("jobs list", f"jobs show {job}"):
        out = shell(f"{typed} --table").out
        assert "".join(REMEDY.split()) in "".join(out.split()), typed
        assert max(map(len, out.splitlines())) <= columns
    assert all(line in out for line in stack.splitlines())


def test_a_discarded_job_and_what_its_attempts_said_are_told(shell: Shell, world: World) -> None:
    job = world.create()
    world.put_in(job, Status.FAILED, finished_at=T0)
    said = Attempt(1, 1, "permanent_error", T0, T0 + 1, "ValueError", "no", claim=1)
    world.store.record(job, replace(said, progress=60.0, progress_note="shelves are counted"))
    assert shell(f"jobs discard {job} --reason 'sent by hand'").code == 0
    shown = shell(f"jobs show {job} --table").out
    assert all(words in shown for words in ("sent by hand", "60 % shelves are counted"))


def test_what_is_no_part_of_an_id_names_no_job(shell: Shell) -> None:
    said = shell("jobs show nosuchjob")
    assert said.code == 4
    assert "digits, a to f and hyphens" in said.err


def test_an_event_is_posted_and_shown_among_the_steps(shell: Shell, world: World) -> None:
    job_id = world.create()
    world.put_in(job_id, Status.SUSPENDED, kept=1, waits="event:approved", next_attempt_at=T0 + 5000)
    assert shell(f'jobs event {job_id} approved --data \'{{"by": "ada"}}\'').lines[0]["status"] == "queued"
    said = shell(f"jobs show {job_id} --table").out
    assert "event approved" in said
    assert "ada" in said
    assert shell(f"jobs event {job_id} approved --data 2").code == 1


def test_one_timeline_shows_attempts_steps_and_how_long_each_wait_took(shell: Shell, world: World) -> None:
    job_id = world.create()
    began = round(time.time()) - 90_000  # whole seconds: the API rounds each time by itself
    waits = {"kept": 4, "waits": "event:paid", "next_attempt_at": time.time() + 5000}
    job = world.put_in(job_id, Status.SUSPENDED, created_at=began, **waits)
    world.store.record(job_id, Attempt(1, 1, "error", began + 50, began + 51, error_class="Boom", error_message="no"))
    for step in (
        Step("step:charge", began + 10, "ok", took=2.0),
        Step("sleep:1", began + 11, until=began + 41),
        Step("wait:approved", began + 60, until=began + 900),
        Step("event:approved", began + 7260, {"ok": True}, by="ada"),
        Step("try:1.1.ship", began + 7265, "OSError: no", took=1.0, until=began + 7269),
        Step("wait:refused", began + 7270, until=began + 7280),
        Step("event:refused", began + 7281, until=began + 7280),
        Step("wait:paid", began + 7290, until=time.time() + 90_000),
    ):
        world.store.keep_step(job, step)
    said = shell(f"jobs show {job_id} --table").out
    lines = [" ".join(line.split()[2:]) for line in said.partition("AT ")[2].splitlines()[1:]]
    assert lines[:5] == [
        "step charge 2.0s ok",
        "sleep 1 30s",
        "attempt 1 1.0s error Boom: no",
        "wait approved 2h it came",
        'event approved - { "ok": true } (by ada)',
    ]
    assert lines[5].startswith("try ship (try 1) 1.0s OSError: no; again at ")
    assert lines[6] == "wait refused 11s timed out"
    assert "so far; until " in lines[8]


def test_the_timeline_of_a_cancelled_job_says_where_it_learned_it_and_that_its_sleep_was_not_over(
    shell: Shell, world: World
) -> None:
    job_id = world.create()
    began = round(time.time()) - 60
    job = world.put_in(job_id, Status.CANCELLED, created_at=began, finished_at=began + 20, kept=1)
    for step in (
        Step("sleep:quiet", began + 10, until=began + 90_000),
        Step("stop:1", began + 15, {"at": "sleep:quiet", "failed": []}),
        Step("stop:ended-1", began + 20, value=False),
    ):
        world.store.keep_step(job, step)
    said = shell(f"jobs show {job_id} --table").out
    lines = [" ".join(line.split()[2:]) for line in said.partition("AT ")[2].splitlines()[1:]]
    assert lines[:3] == [
        "sleep quiet 10s the job ended before it was over",
        "stop - the function learned it at sleep quiet",
        "stop - the function ended",
    ]
    assert "notifies" not in said


def test_a_field_that_is_given_twice_is_refused(shell: Shell) -> None:
    said = shell("""jobs create test.note -f to='["a"]' -f text=a -f text=b""")
    assert (said.code, "'text' is given twice" in said.err) == (2, True)


def test_event_data_that_is_no_json_is_refused(shell: Shell, world: World) -> None:
    job_id = world.create()
    assert "is not JSON" in shell(f"jobs event {job_id} approved --data yes").err


@pytest.mark.parametrize("name", ["notify", "tags", "discarded", "on_end", "why"])
def test_a_job_of_an_older_api_without_a_field_is_shown(world: World, job: str, name: str) -> None:
    sent = world.get(f"/jobs/{job}").json
    del sent[name]
    assert dict(views.facts(read(JobDetail, sent)))["id"] == job
