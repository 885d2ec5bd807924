"""Test a report as a page: its content, and that nothing in it is executed."""

from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.builtin.reports.page import to_html
from chalicelib.jobs.job import Status
from tests.chalicelib.builtin.reports.support import TEN, job, report

VOID = {"meta"}


class Reader(HTMLParser):
    """Collect the tags, attributes and text of a page, and check that every element is closed in order."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(content.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_it_tells_the_headline_numbers() -> None:
    text = Reader(to_html(report())).text
    for said in (
        "Report on all jobs", "Created from 15 Jan 2027, 08:00 UTC to 15 Jan 2027, 11:00 UTC", "Jobs 10 2 not finished",
        "Success rate 71.4 % 5 completed", "Failures 2 1 failed, 1 dead-lettered", "Wait, p95 8.0 s half within 4.0 s",
        "Run, p95 30.0 s half within 2.5 s", "image.process 4 50.0 %", "FileMissing There is no object 'a'",
    ):  # fmt: skip
        assert said in text


def test_an_empty_period_says_so_and_draws_nothing() -> None:
    page = Reader(to_html(report([])))
    assert "No jobs were created in this period." in page.text
    assert "svg" not in page.tags
    assert "No job has an error." in Reader(to_html(report(TEN[:3]))).text


def test_an_incomplete_report_says_so_at_the_top() -> None:
    text = Reader(to_html(report(incomplete="Only the newest 7 jobs."))).text
    assert text.index("Only the newest 7 jobs.") < text.index("Success rate")
    assert "Only" not in Reader(to_html(report())).text


def test_it_needs_nothing_from_anywhere_and_runs_nothing() -> None:
    page = Reader(to_html(report()))
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href", "style")]
    policy = dict(page.attributes)["content"] or ""
    assert any(value and value.startswith("default-src 'none'") for _, value in page.attributes), policy
    assert b"url(" not in to_html(report())
    assert b"@import" not in to_html(report())


def test_every_drawing_says_in_words_what_it_shows() -> None:
    page = Reader(to_html(report()))
    labels = [value for name, value in page.attributes if name == "aria-label"]
    assert len(labels) == page.tags.count("svg") >= 7
    assert "Jobs over time; the busiest step began 15 Jan 09:00 UTC with 5 jobs." in labels
    assert "p50 1.5 s, p95 9.0 s, max 9.0 s" in labels


ATTACK = "</style></title><script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;"
PLAIN = Reader(to_html(report([job(1, "a.b", Status.FAILED, 1, error_class="E", error_message="m")])))


@example(ATTACK)
@given(st.text(st.characters(exclude_categories=[]), max_size=30))
def test_any_text_of_a_job_gives_the_same_page_with_other_text(text: str) -> None:
    kind = text if text == ATTACK else "a.b"
    page = Reader(to_html(report([job(1, kind, Status.FAILED, 1, error_class=f"E{text}", error_message=text)])))
    assert page.tags == PLAIN.tags
    assert [name for name, _ in page.attributes] == [name for name, _ in PLAIN.attributes]
    assert text != ATTACK or ATTACK in page.text
