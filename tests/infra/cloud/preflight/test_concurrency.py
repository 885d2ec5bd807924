"""What a stage reserves for its API leaves its own workers, and those of other stages of the account, enough."""

from dataclasses import replace

import pytest

from chalicelib.job_types import jobtype
from chalicelib.job_types.function import Function
from infra.cloud.preflight import basics, production
from infra.cloud.preflight.basics import Facts, Identity

KIND = jobtype.load()[0]
VALUES = basics.chosen({"MailFrom": "jobs@mine.example", "MailIdentity": "mine.example"})


@pytest.mark.parametrize(
    ("stage", "limit", "unreserved", "reserves"),
    [("prod", 1000, 1000, True), ("live", 1000, 300, True), ("production", 1000, None, True),
     ("prod", 1000, 299, False), ("prod", 999, 999, False), ("prod", None, None, False),
     ("pull12", 1000, 1000, False), ("dev", 5000, 5000, False)],
)  # fmt: skip
@pytest.mark.parametrize("new", [True, False])
def test_only_production_reserves_by_itself(
    stage: str, limit: int | None, unreserved: int | None, reserves: bool, new: bool
) -> None:
    chosen = production.defaults(stage, ["Protect"], limit, unreserved=unreserved, log_role=False, new=new)
    assert chosen == ({"ApiConcurrency": "100"} if reserves else {})


@pytest.mark.parametrize(
    ("unreserved", "more", "together", "told"),
    [(None, 0, 990, ""), (None, 0, 991, "runs 1000 functions at once;"), (1000, 0, 990, ""),
     (600, 0, 590, ""), (600, 0, 591, "1000 functions at once, 600 of them beside what is reserved;"),
     (1000, 200, 790, ""), (1000, 200, 900, "800 of them beside what is reserved; the job types may take 900"),
     (600, -200, 790, ""), (600, -200, 791, "800 of them")],
)  # fmt: skip
def test_workers_have_what_is_not_reserved(unreserved: int | None, more: int, together: int, told: str) -> None:
    facts = Facts(1000, Identity(verified=True), True, "role", {}, unreserved)
    found = basics.findings(VALUES, facts, [replace(KIND, function=Function(concurrency=together))], "us-east-1", more)
    about = [finding for finding in found if finding.about == "concurrency"]
    assert len(about) == bool(told)
    assert all(told in finding.sentence and not finding.stops for finding in about)


def test_what_is_reserved_more_is_that_of_the_api_and_as_much_for_its_authorizer() -> None:
    assert production.additional({"ApiConcurrency": "100"}, {"ApiConcurrency": "90"}) == 20
    assert production.additional({"ApiConcurrency": "0"}, {"ApiConcurrency": "100"}) == -200
