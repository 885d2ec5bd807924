"""Test the order of the demo: it charges, ships its parcels at the same time, and asks for a review a week later."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import handlers
from chalicelib.job_types import jobtype
from jobflow.testing import Platform

EXAMPLES = str(Path(handlers.__file__).parents[1] / "examples" / "orders" / "handlers")
NAMES = ("order.place", "parcel.ship")


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    monkeypatch.setattr(handlers, "__path__", [*handlers.__path__, EXAMPLES])
    yield Platform(*NAMES, "email.send")
    for name in NAMES:
        jobtype.registered.pop(name, None)
        sys.modules.pop(f"handlers.{name.replace('.', '_')}", None)


def test_the_review_is_asked_for_a_week_after_the_last_parcel_was_delivered(platform: Platform) -> None:
    order = platform.submit("order.place", {"order": "o-1", "parcels": ["a", "b", "c"], "email": "ada@example.com"})
    platform.run()
    parcels = platform.jobs(type="parcel.ship")
    assert [parcel.status for parcel in parcels] == ["suspended"] * 3
    for parcel in parcels[:2]:
        platform.event(parcel, "delivered")
    platform.run()
    assert all(step.kind != "sleep" for step in platform.steps(order)), "the third parcel is still under way"
    platform.event(parcels[2], "delivered")
    platform.advance(6 * 86_400)
    assert not platform.jobs(type="email.send")
    platform.advance(86_400)
    (mail,) = platform.jobs(type="email.send")
    assert mail.payload["to"] == ["ada@example.com"]
    assert platform.jobs(type="order.place")[0].result["payment"] == "payment-of-o-1"
