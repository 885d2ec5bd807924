"""What the buckets keep, for how long, and for whose pages."""

from typing import Any

import pytest

from chalicelib.job_types import jobtype
from chalicelib.jobs.limits import (
    DAY,
    KEEP_DEAD,
    KEEP_DONE,
    MAX_DELAY,
)
from infra.definition.data.buckets import buckets
from infra.definition.iam import grants

ORIGIN = "https://d.example"
FILES: dict[str, Any] = buckets("jobflow-prod", ORIGIN)["FilesBucket"]["Properties"]
RULES: list[dict[str, Any]] = FILES["LifecycleConfiguration"]["Rules"]
DAYS = {rule["Prefix"]: rule["ExpirationInDays"] for rule in RULES if "Prefix" in rule}


@pytest.mark.parametrize(
    ("prefix", "needed"),
    [
        ("payloads/", MAX_DELAY + KEEP_DEAD),
        ("results/", KEEP_DONE),
        ("reports/", KEEP_DONE),
        ("processed/", KEEP_DONE),
        ("uploads/", MAX_DELAY + KEEP_DEAD),
    ],
)
def test_objects_outlive_the_jobs_that_name_them(prefix: str, needed: float) -> None:
    # a payload, and the upload that it names, wait up to a year; a dead letter can be retried for as long as it is kept
    assert DAYS[prefix] * DAY > needed


def test_everything_that_a_function_writes_goes_some_day() -> None:
    types = jobtype.load()
    granted = [*grants.api(), *(grant for kind in types for grant in grants.worker(kind))]
    written = {grant.split(":")[2].partition("/")[0] + "/" for grant in granted if grant.startswith("s3:PutObject:")}
    assert written == DAYS.keys()
    assert {rule["Status"] for rule in RULES} == {"Enabled"}


def test_browsers_reach_the_files_from_the_dashboards_pages_only() -> None:
    (rule,) = FILES["CorsConfiguration"]["CorsRules"]
    assert (rule["AllowedOrigins"], sorted(rule["AllowedMethods"])) == ([ORIGIN], ["GET", "POST"])
    assert "CorsConfiguration" not in buckets("jobflow-prod", ORIGIN)["SiteBucket"]["Properties"]
