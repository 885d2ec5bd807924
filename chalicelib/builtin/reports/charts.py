"""Draw charts as inline SVG. Colours come from the page's style sheet, so they fit the dark and the light theme."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from chalicelib.builtin.constants import MOST_BARS, MOST_LABELS
from chalicelib.builtin.reports.markup import h
from chalicelib.builtin.reports.tally import HOUR, Spread
from chalicelib.builtin.reports.words import STATUS_WORDS, duration
from chalicelib.jobs.job import ACTIVE, TERMINAL, Status, in_order

SERIES: Mapping[str, frozenset[Status]] = {
    **{STATUS_WORDS[status]: frozenset({status}) for status in in_order(TERMINAL)},
    "unfinished": ACTIVE,
}
"""The parts of a stack, from the bottom; `style` has a colour for each."""
STEPS = tuple(hours * HOUR for hours in (1, 2, 3, 6, 12, 24, 48, 168))
WIDTH, HEIGHT = 960, 260
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 28


@dataclass(frozen=True, slots=True)
class Bar:
    """The jobs created in one step of time; `start` in seconds since the epoch."""

    start: int
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """Return the number of all jobs of the bar."""
        return sum(self.counts.values())


def series(counts: Mapping[Status, int]) -> dict[str, int]:
    """Return counts by status as counts by colour."""
    return {name: sum(counts[status] for status in members) for name, members in SERIES.items()}


def bars(hours: Mapping[int, Mapping[Status, int]]) -> tuple[int, list[Bar]]:
    """Combine hours so that at most 80 bars remain; return the step in seconds, and the bars."""
    step = next((step for step in STEPS if len(hours) * HOUR <= step * MOST_BARS), STEPS[-1])
    merged: dict[int, dict[str, int]] = {}
    for hour, counts in hours.items():
        into = merged.setdefault(hour // step * step, dict.fromkeys(SERIES, 0))
        for name, count in series(counts).items():
            into[name] += count
    return step, [Bar(start, counts) for start, counts in merged.items()]


def ceiling(highest: int) -> tuple[int, int]:
    """Return the maximum of an axis and the step of its grid: round numbers, at most five lines."""
    raw = max(highest, 1) / 4
    power = 10 ** math.floor(math.log10(raw)) if raw >= 1 else 1
    step = next(int(factor * power) for factor in (1, 2, 5, 10) if factor * power >= raw)
    return math.ceil(max(highest, 1) / step) * step, step


def timeline(hours: Mapping[int, Mapping[Status, int]]) -> Element:
    """Draw jobs over time, stacked by outcome."""
    step, shown = bars(hours)
    top, grid = ceiling(max((bar.total for bar in shown), default=0))
    scale = (HEIGHT - TOP - BOTTOM) / top
    width = (WIDTH - LEFT - RIGHT) / max(len(shown), 1)
    drawing = h("svg", viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=_spoken(shown, step), class_="timeline")
    for value in range(0, top + 1, grid):
        y = HEIGHT - BOTTOM - value * scale
        drawing.append(h("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid"))
        drawing.append(h("text", f"{value:,}", x=LEFT - 8, y=y + 4, class_="y"))
    for number, bar in enumerate(shown):
        drawing.append(_stack(bar, LEFT + number * width, width, scale, step))
    drawing.extend(_time_labels(shown, width, step))
    return drawing


def _stack(bar: Bar, x: float, width: float, scale: float, step: int) -> Element:
    parts = [f"{count:,} {name}" for name, count in bar.counts.items() if count]
    group = h("g", h("title", f"{_clock(bar.start, step)}: {', '.join(parts) or 'no jobs'}"))
    # the whole column reacts to the pointer, because a bar of one job is hard to hit
    group.append(h("rect", x=x, y=TOP, width=width, height=HEIGHT - TOP - BOTTOM, class_="hit"))
    gap = min(2.0, width * 0.2)
    base = float(HEIGHT - BOTTOM)
    for name, count in bar.counts.items():
        if count:
            base -= count * scale
            group.append(h("rect", x=x + gap / 2, y=base, width=width - gap, height=count * scale, class_=f"s {name}"))
    return group


def _time_labels(shown: Sequence[Bar], width: float, step: int) -> list[Element]:
    every = math.ceil(len(shown) / MOST_LABELS)
    return [
        h("text", _clock(bar.start, step), x=LEFT + (number + 0.5) * width, y=HEIGHT - 8, class_="x")
        for number, bar in enumerate(shown)
        if number % every == every // 2
    ]


def _clock(start: int, step: int) -> str:
    return f"{datetime.fromtimestamp(start, UTC):{'%-d %b %H:%M' if step < STEPS[5] else '%-d %b'}}"


def _spoken(shown: Sequence[Bar], step: int) -> str:
    busiest = max(shown, key=lambda bar: bar.total, default=None)
    if busiest is None or not busiest.total:
        return "No jobs over time."
    return f"Jobs over time; the busiest step began {_clock(busiest.start, step)} UTC with {busiest.total:,} jobs."


def share_bar(counts: Mapping[Status, int]) -> Element:
    """Draw the outcomes of some jobs as one bar of shares."""
    parts = {name: count for name, count in series(counts).items() if count}
    whole = sum(parts.values())
    spoken = ", ".join(f"{count:,} {name}" for name, count in parts.items())
    drawing = h("svg", h("title", spoken), viewBox="0 0 200 10", role="img", aria_label=spoken, class_="share")
    drawing.set("preserveAspectRatio", "none")
    x = 0.0
    for name, count in parts.items():
        drawing.append(h("rect", x=x, y=0, width=200 * count / whole, height=10, class_=f"s {name}"))
        x += 200 * count / whole
    return drawing


def spread_bar(spread: Spread, longest: float) -> Element:
    """Draw a duration's median, 95th percentile and maximum on a line; `longest` in seconds is its full width."""
    p50, p95, most = (198 * value / (longest or 1) + 1 for value in (spread.p50, spread.p95, spread.max))
    spoken = f"p50 {duration(spread.p50)}, p95 {duration(spread.p95)}, max {duration(spread.max)}"
    return h(
        "svg",
        h("title", spoken),
        h("rect", x=0, y=4.5, width=most, height=1, class_="range"),
        h("rect", x=0, y=2, width=p95, height=6, class_="p95"),
        h("rect", x=max(0.0, p50 - 1), y=0, width=2, height=10, class_="p50"),
        viewBox="0 0 200 10", role="img", aria_label=spoken, class_="spread", preserveAspectRatio="none",
    )  # fmt: skip
