"""Write a report as one self-contained HTML page: no script, no external font or picture."""

from xml.etree.ElementTree import Element

from chalicelib.builtin.reports.charts import SERIES, series, share_bar, spread_bar, timeline
from chalicelib.builtin.reports.markup import Child, document, h
from chalicelib.builtin.reports.style import CSS
from chalicelib.builtin.reports.tally import ErrorGroup, Report, Spread, success_rate
from chalicelib.builtin.reports.words import duration, moment, percent
from chalicelib.jobs.job import Status

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Content Security Policy: even if escaping failed, nothing in the page could run or send a request."""


def to_html(report: Report) -> bytes:
    """Return the report as a document in UTF-8."""
    title = f"{report.type or 'Jobs'}: report from {moment(report.period.start)}"
    head = h(
        "head",
        h("meta", charset="utf-8"),
        h("meta", http_equiv="Content-Security-Policy", content=POLICY),
        h("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h("title", title),
        h("style", CSS),
    )
    return document(h("html", head, h("body", h("main", *_body(report))), lang="en"))


def _body(report: Report) -> list[Child]:
    period = f"Created from {moment(report.period.start)} to {moment(report.period.end)}"
    heading: list[Child] = [
        h("h1", f"Report on {report.type} jobs" if report.type else "Report on all jobs"),
        h("p", period, class_="period"),
        h("p", report.incomplete, class_="notice", role="note") if report.incomplete else None,
    ]
    if not report.jobs:
        return [*heading, _empty(report), _footer(report)]
    return [
        *heading, _tiles(report), _timeline(report), _types(report), _durations(report), _errors(report),
        _footer(report),
    ]  # fmt: skip


def _empty(report: Report) -> Element:
    kind = f"{report.type} jobs" if report.type else "jobs"
    return h("section", h("strong", f"No {kind} were created in this period."), "Choose a longer one.", class_="empty")


def _tiles(report: Report) -> Element:
    failed, dead = report.counts[Status.FAILED], report.counts[Status.DEAD_LETTER]
    return h(
        "dl",
        _tile("Jobs", f"{report.jobs:,}", f"{report.active:,} not finished"),
        _tile("Success rate", percent(report.success_rate), f"{report.counts[Status.COMPLETED]:,} completed"),
        _tile("Failures", f"{failed + dead:,}", f"{failed:,} failed, {dead:,} dead-lettered"),
        _tile("Wait, p95", *_spread_words(report.wait)),
        _tile("Run, p95", *_spread_words(report.run)),
        class_="tiles",
    )


def _tile(name: str, value: str, note: str) -> Element:
    return h("div", h("dt", name), h("dd", value, h("span", note, class_="note")), class_="tile")


def _spread_words(spread: Spread | None) -> tuple[str, str]:
    if spread is None:
        return duration(None), "no job to measure"
    return duration(spread.p95), f"half within {duration(spread.p50)}"


def _timeline(report: Report) -> Element:
    totals = series(report.counts)
    legend = [h("li", h("i", class_=f"s {name}"), f"{name} ", h("b", f"{totals[name]:,}")) for name in SERIES]
    return h("section", h("h2", "Jobs over time"), h("ul", *legend, class_="legend"), timeline(report.hours))


def _types(report: Report) -> Element:
    rows = [
        h(
            "tr",
            h("th", name, scope="row"),
            h("td", f"{sum(line.counts.values()):,}", class_="n"),
            h("td", percent(success_rate(line.counts)), class_="n"),
            h("td", share_bar(line.counts), class_="chart"),
        )
        for name, line in report.types.items()
    ]
    return h("section", h("h2", "By type"), _table(("Type", "Jobs/n", "Success/n", "What became of them/chart"), rows))


def _durations(report: Report) -> Element | None:
    found = [
        (f"{name}, {kind}", spread)
        for name, line in report.types.items()
        for kind, spread in (("wait", line.wait), ("run", line.run))
        if spread is not None
    ]
    if not found:
        return None
    longest = max(spread.max for _, spread in found)
    rows = [
        h(
            "tr",
            h("th", name, scope="row"),
            *(h("td", duration(value), class_="n") for value in (spread.p50, spread.p95, spread.max)),
            h("td", spread_bar(spread, longest), class_="chart"),
        )
        for name, spread in found
    ]
    heads = ("Duration", "p50/n", "p95/n", "Max/n", f"0 to {duration(longest)}/chart")
    return h("section", h("h2", "How long they took"), _table(heads, rows))


def _errors(report: Report) -> Element:
    if not report.errors:
        return h("section", h("h2", "Errors"), "No job has an error.")
    rows = [_error_row(group) for group in report.errors]
    heads = ("Jobs/n", "Error", "Type", "Last seen", "For example")
    return h("section", h("h2", "Most frequent errors"), _table(heads, rows))


def _error_row(group: ErrorGroup) -> Element:
    return h(
        "tr",
        h("td", f"{group.count:,}", class_="n"),
        h("th", group.error_class, h("code", group.message), scope="row", class_="message"),
        h("td", group.type),
        h("td", moment(group.last_seen)),
        h("td", h("code", group.sample_id)),
    )


def _table(heads: tuple[str, ...], rows: list[Element]) -> Element:
    """Return a table; the head of a column may end with a slash and the column's CSS class."""
    cells = [h("th", name, scope="col", class_=css or None) for name, _, css in (head.partition("/") for head in heads)]
    return h("table", h("thead", h("tr", *cells)), h("tbody", *rows))


def _footer(report: Report) -> Element:
    return h(
        "footer",
        h(
            "p",
            f"Made {moment(report.made_at)}. Success rate: completed among completed, failed and dead-lettered. "
            "Wait: from due to started, of jobs that ran once. Run: the last attempt of completed and failed jobs. "
            "Percentiles are nearest-rank. Errors are grouped by type, class and how their message begins.",
        ),
    )
