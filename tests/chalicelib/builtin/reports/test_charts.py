"""Measure the charts: heights and widths correspond to the numbers."""

from collections import Counter
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.builtin.constants import MOST_BARS
from chalicelib.builtin.reports import charts
from chalicelib.builtin.reports.tally import HOUR, Spread
from chalicelib.jobs.job import Status
from tests.chalicelib.builtin.reports.support import START, report


def rects(drawing: Element, css: str) -> list[dict[str, float]]:
    found = [rect for rect in drawing.iter("rect") if css in (rect.get("class") or "").split()]
    return [{name: float(rect.get(name, "nan")) for name in ("x", "y", "width", "height")} for rect in found]


def test_bars_are_as_high_as_their_numbers_and_stand_on_each_other() -> None:
    drawing = charts.timeline(report().hours)  # 2, 5 and 3 jobs; the axis ends at 6
    per_job = (charts.HEIGHT - charts.TOP - charts.BOTTOM) / 6
    completed = rects(drawing, "completed")
    assert [round(bar["height"] / per_job, 3) for bar in completed] == [2, 2, 1]
    [failed] = rects(drawing, "failed")
    assert failed["height"] == pytest.approx(per_job, abs=0.01)
    assert failed["y"] + failed["height"] == pytest.approx(completed[1]["y"], abs=0.01)
    assert len(rects(drawing, "hit")) == 3


@given(st.integers(0, 10**7))
def test_an_axis_holds_its_highest_value_with_few_lines(highest: int) -> None:
    top, step = charts.ceiling(highest)
    assert top >= highest
    assert top % step == 0
    assert 1 <= top // step <= 5


@settings(max_examples=25)
@given(st.integers(1, 92 * 24))
def test_however_long_the_period_there_are_at_most_eighty_bars_and_no_job_is_lost(hours: int) -> None:
    step, bars = charts.bars({int(START) + n * HOUR: Counter({Status.COMPLETED: 1}) for n in range(hours)})
    assert 1 <= len(bars) <= MOST_BARS + 1
    assert sum(bar.total for bar in bars) == hours
    assert all(bar.start % step == 0 for bar in bars)


def test_shares_fill_the_bar() -> None:
    drawing = charts.share_bar({**dict.fromkeys(Status, 0), Status.COMPLETED: 3, Status.FAILED: 1})
    assert [bar["width"] for bar in rects(drawing, "s")] == [150, 50]
    assert drawing.get("aria-label") == "3 completed, 1 failed"


def test_a_spread_is_drawn_to_scale() -> None:
    assert rects(charts.spread_bar(Spread(1, 0.0, 0.0, 0.0), 0.0), "range")[0]["width"] == 1
    drawing = charts.spread_bar(Spread(9, 25.0, 50.0, 100.0), 100.0)
    [p50], [p95], [most] = (rects(drawing, css) for css in ("p50", "p95", "range"))
    assert (p50["x"] + 1, p95["width"], most["width"]) == (50.5, 100, 199)
