"""Test report.generate over the jobs of the same store, with the report in the bucket."""

import csv
import io
import urllib.parse
from typing import Any

import pytest

from chalicelib.errors import InvalidPayload
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import Job, Status
from chalicelib.operating.operations import Operations
from tests.handlers.support import BUCKET, Platform
from tests.support import T0

HOUR = 3600.0


def add(platform: Platform, number: int, status: Status, age: float, **more: Any) -> None:
    created = T0 - age
    job_type = more.pop("type", "email.send")
    platform.store.add(Job(f"job-{number}", job_type, status, created, created, **more))


@pytest.fixture
def past(platform: Platform) -> Platform:
    """Store five jobs: four of the last day, one of two days ago."""
    ran = {"attempts": 1, "claims": 1, "started_at": T0 - 99, "finished_at": T0 - 95}
    add(platform, 1, Status.COMPLETED, 100, **ran)
    add(platform, 2, Status.COMPLETED, 100, **ran, type="image.process")
    add(platform, 3, Status.FAILED, 23 * HOUR, error_class="PermanentError", error_message="=1+1")
    add(platform, 4, Status.QUEUED, 5)
    add(platform, 5, Status.COMPLETED, 48 * HOUR)
    return platform


def content(platform: Platform, key: str) -> tuple[str, str]:
    found = platform.files.client.get_object(Bucket=BUCKET, Key=key)
    return found["Body"].read().decode("utf-8-sig"), found["ContentType"]


def test_without_a_period_it_reports_on_the_last_day(past: Platform) -> None:
    job = past.perform("report.generate", {})
    assert job.status == Status.COMPLETED
    numbers = {key: value for key, value in job.result.items() if key != "files"}
    assert numbers == {
        "from": "2027-01-14T08:00:00.000Z", "to": "2027-01-15T08:00:00.000Z", "jobs": 4,
        "by_status": {"completed": 2, "failed": 1, "queued": 1}, "success_rate": 2 / 3, "wait_p95": 1.0,
        "run_p50": 4.0, "run_p95": 4.0, "incomplete": None, "url_expires_at": "2027-01-15T09:00:00.000Z",
    }  # fmt: skip


def test_both_files_are_in_the_bucket_under_the_attempt_and_linked(past: Platform) -> None:
    job = past.perform("report.generate", {})
    files = job.result["files"]
    assert {form: file["key"] for form, file in files.items()} == {
        form: f"reports/{job.id}/1-1/report.{form}" for form in ("csv", "html")
    }
    text, content_type = content(past, files["csv"]["key"])
    rows = list(csv.reader(io.StringIO(text)))
    assert ["total", "", "jobs", "count", "4"] in rows
    assert ["error", "email.send", "PermanentError: =1+1", "count", "1"] in rows
    assert content_type == "text/csv; charset=utf-8"
    page, content_type = content(past, files["html"]["key"])
    assert page.startswith("<!doctype html>")
    assert content_type == "text/html; charset=utf-8"
    queries = {form: urllib.parse.parse_qs(urllib.parse.urlsplit(file["url"]).query) for form, file in files.items()}
    assert queries["csv"]["response-content-disposition"] == ['attachment; filename="report.csv"']
    assert "response-content-disposition" not in queries["html"]
    assert {query["X-Amz-Expires"][0] for query in queries.values()} == {"3600"}


@pytest.mark.parametrize(
    ("payload", "jobs"),
    [
        ({"type": "image.process"}, 1),
        ({"type": "no.such"}, 0),
        ({"hours": 1}, 3),
        ({"hours": 49}, 5),
        ({"from": "2027-01-13T08:00:00Z"}, 5),
        ({"from": "2027-01-13T08:00:00Z", "to": "2027-01-14T10:00:00+01:00"}, 1),
        ({"to": "2027-01-14T09:00:01Z"}, 1),
        ({"to": "2027-01-14T09:00:01Z", "hours": 48}, 2),
    ],
)
def test_what_is_asked_is_what_is_counted(past: Platform, payload: dict[str, Any], jobs: int) -> None:
    assert past.perform("report.generate", payload).result["jobs"] == jobs


def test_an_empty_period_gives_a_report_that_says_so(platform: Platform) -> None:
    payload = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "formats": ["html"]}
    job = platform.perform("report.generate", payload)
    assert (job.status, job.result["jobs"], job.result["success_rate"]) == (Status.COMPLETED, 0, None)
    assert list(job.result["files"]) == ["html"]
    assert "No jobs were created in this period." in content(platform, job.result["files"]["html"]["key"])[0]


def test_the_schemas_example_works(past: Platform) -> None:
    job = past.perform("report.generate", jobtype.get("report.generate").example)
    assert (job.status, job.result["jobs"]) == (Status.COMPLETED, 4)


def test_a_period_that_begins_after_now_fails_at_once(platform: Platform) -> None:
    job = platform.perform("report.generate", {"from": "2027-01-15T08:00:01Z"})
    assert (job.status, job.attempts) == (Status.FAILED, 1)
    assert job.error_message == "The period must have begun, and by at most 92 days before it ends."


def test_another_run_writes_beside_the_first_and_not_over_it(past: Platform) -> None:
    first = past.perform("report.generate", {"from": "2027-01-15T08:00:01Z", "formats": ["csv"]})
    past.clock.now += 60
    again = past.attempt(Operations(past.service.dispatcher).retry(first.id))
    assert (again.status, again.token) == (Status.COMPLETED, (2, 1))
    assert list(again.result["files"]) == ["csv"]
    assert again.result["files"]["csv"]["key"] == f"reports/{first.id}/2-1/report.csv"


A_TIME = "must be a time like 2026-11-25T00:00:00Z"
FORWARD = "`to` must be after `from`, by at most 92 days"


@pytest.mark.parametrize(
    ("payload", "where", "why"),
    [
        *(({"from": time}, ("from",), A_TIME) for time in ("2026-11-24", "tomorrow", "", "20261124T000000Z", 1, True)),
        ({"from": "0001-01-01T00:00:00Z"}, ("from",), A_TIME),
        ({"to": "2026-11-24T00:00:00"}, ("to",), "Input should have timezone info"),
        *(
            ({"from": "2026-11-24T00:00:00Z", "to": to}, (), FORWARD)
            for to in ("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z", "2027-02-24T00:00:01Z")
        ),
        ({"hours": 0}, ("hours",), ""),
        ({"hours": 92 * 24 + 1}, ("hours",), ""),
        ({"type": "Not A Type"}, ("type",), ""),
        ({"formats": []}, ("formats",), ""),
        ({"formats": ["pdf"]}, ("formats", 0), ""),
        ({"start": "2026-11-24T00:00:00Z"}, ("start",), ""),
    ],
)
def test_a_wrong_payload_is_refused_by_its_place(
    payload: dict[str, Any], where: tuple[str | int, ...], why: str
) -> None:
    with pytest.raises(InvalidPayload) as refused:
        jobtype.get("report.generate").parse(payload)
    [error] = refused.value.errors
    assert error.loc == ("payload", *where)
    assert error.msg.startswith(why)


def test_its_schedule_makes_no_report_until_somebody_resumes_it() -> None:
    (nightly,) = jobtype.get("report.generate").schedules
    assert (nightly.name, nightly.paused) == ("nightly", True)
