"""The tasks, run in the test's process as jobs: with retries, limits and children."""

from datetime import date

import pytest

from jobflow.testing import Platform, eager
from shop import services, tasks


@pytest.fixture(autouse=True)
def platform():
    """Run every call at once, and forget what the services saw."""
    for seen in (services.CHARGED, services.SENT, services.OUTAGES):
        seen.clear()
    with eager() as made:
        yield made


def test_a_charge_is_confirmed_by_a_task_of_another_queue(platform: Platform) -> None:
    assert tasks.charge.delay(7, cents=900).get() == "receipt-7"
    assert services.SENT == [("ada@example.com", "Order 7")]
    assert sorted(job.type for job in platform.jobs()) == ["celery.default", "celery.mail"]


def test_a_charge_waits_while_the_service_is_away(platform: Platform) -> None:
    services.OUTAGES += [ConnectionError("away")] * 3
    charged = tasks.charge.apply_async((7, 900), task_id="order-7")
    assert charged.status == "SUCCESS"
    [job] = platform.jobs(type="celery.default")
    assert (job.attempts, job.max_attempts, job.tags) == (4, 6, ("shop.tasks.charge",))


def test_one_task_id_charges_once() -> None:
    for _ in range(2):
        tasks.charge.apply_async((7, 900), task_id="order-7")
    assert services.CHARGED == [(7, 900)]


def test_a_date_is_refused_with_what_to_pass() -> None:
    with pytest.raises(TypeError, match=r"day\.isoformat"):
        tasks.report.delay(date(2026, 11, 29))
    assert tasks.report.delay("2026-11-29").get() == {"day": "2026-11-29", "cents": 0}


def test_the_report_is_made_every_night() -> None:
    platform = Platform()
    platform.advance(days=1)
    reports = [job for job in platform.jobs() if "shop.tasks.report" in job.tags]
    assert [job.status for job in reports] == ["completed"]
