"""Check that the example of docs/testing.md passes as it is printed, with the job type of the README."""

import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from chalicelib import PermanentError
from chalicelib.job_types.jobtype import JobType, registered
from jobflow.testing import Platform, example
from tests.infra.local.running import ROOT, copy_of_the_code
from tests.support import PYTEST


def blocks(page: str) -> dict[str, str]:
    """Return the Python files that a page prints, by the name in their first line."""
    found = re.findall(r"```python\n# (\S+)\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    return dict(found)


def test_jobs_are_tested_as_the_pages_say(tmp_path: Path) -> None:
    root = copy_of_the_code(tmp_path / "code")
    enqueue = {name: text for name, text in blocks("docs/job-types/enqueue.md").items() if "order_place" in name}
    handler = {"handlers/word_count.py": blocks("README.md")["handlers/word_count.py"]}
    pages = (
        blocks(f"docs/{page}.md") for page in ("job-types/steps", "job-types/batches", "job-types/calls", "testing")
    )
    printed = {**enqueue, **handler, **{name: text for page in pages for name, text in page.items()}}
    for name, text in printed.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    tests = [name for name in printed if name.startswith("tests/")]
    assert tests
    done = subprocess.run(
        [*PYTEST, "-p", "no:cacheprovider", *tests],
        cwd=root, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_entries_of_one_account_are_written_one_after_the_other_as_the_page_says() -> None:
    made: dict[str, Any] = {}
    exec(blocks("docs/job-types/serial-by.md")["handlers/ledger_entry.py"], made)  # noqa: S102 - what the page prints
    try:
        platform = Platform(made["ledger_entry"])
        platform.fail("ledger.entry", TimeoutError())
        first, second, other = (
            platform.submit("ledger.entry", {"account": account, "cents": 1}) for account in ("acme", "acme", "globex")
        )
        platform.run()
        assert [job.status for job in map(platform.job, (first, second, other))] == ["retrying", "queued", "completed"]
    finally:
        registered.pop("ledger.entry", None)


def test_a_refund_waits_for_a_person_as_the_recipe_says() -> None:
    made: dict[str, Any] = {}
    exec(blocks("docs/recipes.md")["handlers/refund_pay.py"], made)  # noqa: S102 - what the page prints
    try:
        platform = Platform(made["refund_pay"])
        paid, refused, late = (
            platform.submit("refund.pay", {"order": order, "cents": 900}) for order in ("o-1", "o-2", "o-3")
        )
        platform.advance(hours=5)
        platform.event(paid, "decision", {"approved": True, "by": "ada"})
        platform.event(refused, "decision", {"approved": False, "by": "ada"})
        platform.advance(days=2)
        assert [platform.job(job).result for job in (paid, refused, late)] == ["paid 900 for o-1", "refused", "refused"]
        assert len(platform.made_by(paid)) == 1
    finally:
        registered.pop("refund.pay", None)


def test_a_long_export_ends_as_the_recipe_says() -> None:
    made: dict[str, Any] = {}
    exec(blocks("docs/recipes.md")["handlers/export_orders.py"], made)  # noqa: S102 - what the page prints
    try:
        platform = Platform(made["export_orders"])
        write = made["write_part"]

        def slow(number: int) -> Any:
            platform.clock.now += 72
            return write(number)

        made["write_part"] = slow
        job = platform.submit("export.orders", {"parts": 200})
        platform.advance(hours=5)
        done = platform.job(job)
        assert (done.status, len(done.result), done.claims > 10) == ("completed", 200, True)
        assert not platform.attempts(job)
    finally:
        registered.pop("export.orders", None)


def test_the_end_of_a_job_is_told_as_the_page_says() -> None:
    made: dict[str, Any] = {}
    exec(blocks("docs/job-types/ends.md")["handlers/export_ended.py"], made)  # noqa: S102 - what the page prints
    try:
        platform = Platform("report.generate", made["export_ended"])
        job = platform.submit("report.generate", example("report.generate"), on_end="export.ended")
        platform.cancel(job)
        platform.run()
        (told,) = platform.made_by(job)
        assert (told.status, told.payload["status"]) == ("completed", "cancelled")
    finally:
        registered.pop("export.ended", None)


class Table:
    """The application's database: SQLite accepts the same SQL, except for the names of its parameters."""

    def __init__(self, script: str) -> None:
        self.rows = sqlite3.connect(":memory:")
        self.rows.executescript(script)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.rows.commit()

    def execute(self, sql: str, row: dict[str, Any]) -> None:
        self.rows.execute(re.sub(r"%\((\w+)\)s", r":\1", sql), row)


def test_a_status_table_is_kept_as_the_recipe_says() -> None:
    made: dict[str, Any] = {}
    exec(blocks("docs/recipes.md")["handlers/export_ended.py"], made)  # noqa: S102 - what the page prints
    (create,) = re.findall(r"create table job_status .*?;", (ROOT / "docs/recipes.md").read_text(), re.DOTALL)
    table = Table(create)
    made["connect"] = lambda url: table if url == "postgresql://shop" else None
    try:
        platform = Platform("report.generate", made["export_ended"], secrets={"DATABASE_URL": "postgresql://shop"})
        job = platform.submit("report.generate", example("report.generate"), key="export-7", on_end="export.ended")
        platform.fail("report.generate", PermanentError("no such table"))
        platform.duplicate(2)
        platform.run()
        shown = "select key, run, status, error from job_status"
        assert table.rows.execute(shown).fetchall() == [("export-7", 1, "failed", "PermanentError: no such table")]
        platform.retry(job)
        platform.cancel(job)
        platform.run()
        assert table.rows.execute(shown).fetchall() == [("export-7", 2, "cancelled", None)]
    finally:
        table.rows.close()
        registered.pop("export.ended", None)


@contextmanager
def recipe(*names: str) -> Iterator[dict[str, Any]]:
    """Run the files of a recipe; yield their names, and remove their job types afterwards."""
    made: dict[str, Any] = {}
    for name in names:
        exec(blocks("docs/recipes.md")[f"handlers/{name}.py"], made)  # noqa: S102 - what the page prints
    try:
        yield made
    finally:
        for kind in made.values():
            if isinstance(kind, JobType):
                registered.pop(kind.name, None)


def test_letters_are_sent_over_days_until_the_customer_buys() -> None:
    with recipe("trial_greet") as made:
        platform, bought = Platform(made["trial_greet"]), set[str]()
        made["has_bought"] = bought.__contains__
        first, second = (platform.submit("trial.greet", {"email": email}) for email in ("a@b.example", "c@d.example"))
        platform.advance(days=2)
        assert [len(platform.made_by(job)) for job in (first, second)] == [1, 1]
        bought.add("a@b.example")
        platform.advance(days=11)
        assert [platform.job(job).result for job in (first, second)] == [1, 3]
        assert [len(platform.made_by(job)) for job in (first, second)] == [1, 3]


def test_a_job_of_another_service_is_asked_for_until_it_is_done() -> None:
    with recipe("video_convert") as made:
        platform, asked = Platform(made["video_convert"]), list[str]()

        def look(task: str) -> str | None:
            asked.append(task)
            return f"{task} is done" if len(asked) == 9 else None

        made["look"] = look
        job = platform.submit("video.convert", {"key": "videos/1.mov"})
        platform.advance(hours=2)
        done = platform.job(job)
        assert (done.status, done.result, len(set(asked))) == ("completed", f"{asked[0]} is done", 1)
        made["look"] = lambda task: None
        job = platform.submit("video.convert", {"key": "videos/2.mov"})
        platform.advance(days=2)
        assert platform.job(job).status == "failed"


def test_what_was_booked_is_cancelled_whatever_fails_meanwhile() -> None:
    with recipe("trip_book") as made:
        platform, fails = Platform(made["trip_book"]), [True, False, True]
        booked: dict[str, str] = {}

        def book(what: str, trip: str, token: str) -> str:
            booked[token] = f"{what}-of-{trip}"
            return booked[token]

        def cancel(token: str) -> None:
            if fails and fails.pop(0):
                raise TimeoutError
            booked.pop(token, None)

        made.update(book=book, cancel=cancel)
        good = platform.submit("trip.book", {"trip": "t-1"})
        platform.advance(minutes=1)
        made["book"] = lambda what, trip, token: None if what == "car" else book(what, trip, token)
        bad = platform.submit("trip.book", {"trip": "t-2"})
        platform.advance(hours=2)
        whole = ["flight-of-t-1", "hotel-of-t-1", "car-of-t-1"]
        assert platform.job(good).result == whole
        assert (platform.job(bad).status, list(booked.values())) == ("failed", whole)

        def no_answer(what: str, trip: str, token: str) -> str:
            found = book(what, trip, token)
            if what == "hotel":
                raise TimeoutError  # it was booked, but the answer did not come
            return found

        made["book"] = no_answer
        stopped = platform.submit("trip.book", {"trip": "t-3"})
        platform.run()
        assert platform.job(stopped).status == "retrying"
        platform.cancel(stopped)
        platform.advance(hours=1)
        assert (platform.job(stopped).status, list(booked.values())) == ("cancelled", whole)


def test_an_order_waits_for_its_parcels_and_asks_for_a_review_a_week_later() -> None:
    with recipe("order_fulfil", "parcel_ship") as made:
        platform, charged, refunded = Platform(made["order_fulfil"], made["parcel_ship"]), list[str](), list[str]()

        def charge(number: str, cents: int, token: str) -> str:
            charged.append(token)
            return number

        made.update(charge=charge, refund=refunded.append)
        order = {"number": "o-1", "email": "ada@example.com", "cents": 900, "parcels": ["a", "b", "c"]}
        good, bad = (platform.submit("order.fulfil", {**order, "number": number}) for number in ("o-1", "o-2"))
        platform.run()
        first, second, third = platform.made_by(good)
        assert {job.status for job in (first, second, third)} == {"suspended"}, "all three at the same time"
        for parcel in (first, third):
            platform.event(parcel, "delivered", {"at": "2026-12-01"})
        platform.run()
        assert platform.job(good).waits == f"child:{second.id}"
        platform.event(second, "delivered", {"at": "2026-12-04"})
        platform.run()
        delivered_at = platform.clock.now
        assert platform.finish(good).result == "o-1"
        assert platform.clock.now - delivered_at >= 7 * 86_400
        letter = next(job for job in platform.made_by(good) if job.type == "email.send")
        assert letter.payload["text"].startswith("Your 3 parcels")
        platform.clock.advance(7 * 86_400)
        assert (platform.finish(bad).status, refunded) == ("failed", ["o-2"])
        assert len(set(charged)) == len(charged) == 2


def test_a_crawl_keeps_its_limit_and_ends_with_one_job() -> None:
    with recipe("site_crawl", "page_fetch", "site_crawled") as made:
        platform = Platform(made["site_crawl"], made["page_fetch"], made["site_crawled"])
        began = list[float]()

        def fetch(url: str) -> int:
            began.append(platform.clock.now)
            if url.endswith("/7"):
                raise PermanentError(url)
            return 1

        made["fetch"] = fetch
        crawl = platform.submit("site.crawl", {"urls": [f"https://example.com/{number}" for number in range(23)]})
        platform.advance(minutes=2)
        (end,) = platform.jobs(type="site.crawled")
        assert end.result == "22 of 23 pages, 1 failed"
        assert len(began) == 23
        assert all(later - earlier >= 1 for earlier, later in zip(began, began[5:], strict=False))
        assert platform.rounds(platform.job(crawl).result)[0].total == 23
