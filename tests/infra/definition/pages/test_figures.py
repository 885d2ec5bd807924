"""Every time and quantity in docs/operations.md, deploy.md, delivery.md and lifecycle.md is the code's own, or AWS's.

A figure is a number with a unit. Those of the bill are compared in `tests/infra/cloud/cost/test_cost.py`, those about
how long files are kept in `test_buckets.py`.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.watchdog import sharing
from chalicelib.watchdog.dead_letters import MOST_SWEPT
from chalicelib.watchdog.run import MOST_SWEEPS
from chalicelib.watchdog.search import MOST_PLANNED
from tests.infra.definition.pages import delivery_figures, figures
from tests.proof import burst

DOCS = Path(__file__).parents[4] / "docs"
TIMES = r"second|minute|hour|day|week|month|year"
UNITS = (
    rf"{TIMES}|s\b|ms\b|jobs|types|tenants|attempts|%|MB|KB|bytes|characters|requests|queries|messages|claims|receives"
    r"|sends|reads|writes|runs|steps|shards|partitions|deploys|names|metrics|resources|letters|alarms|times|functions"
    r"|more\b"
)
NUMBERS = (
    r"\$?\d[\d,.]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|hundred|thousand"
    r"|half an|a quarter of an"
)
OF_EACH = "type|tenant|partition|shard|queue|run|request|job|claim|message"
FIGURE = re.compile(
    rf"(?<![\w`/.-])(?:"
    rf"(?:{NUMBERS})(?:\s+(?:fresh|free|more|built-in|small|job))?\s+(?:{UNITS})\w*"
    rf"|(?:a|an|one|each|every|per|half a)\s+(?:{TIMES})s?\b"
    rf"|(?:{NUMBERS})\s+an?\s+(?:{OF_EACH})\b"
    r"|an? (?:half|third|quarter|tenth|hundredth) of (?:an?|the)\b"
    rf"|(?:up to|at most|more than|then|after|one in)\s+(?:{NUMBERS})\b|the last (?:{TIMES}|\d+)\b"
    r"|(?:hourly|daily|nightly)\b)"
)
PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "operations.md": figures.operations,
    "deploy.md": figures.deploy,
    "delivery.md": delivery_figures.delivery,
    "lifecycle.md": delivery_figures.lifecycle,
}
OTHERS = {**figures.OF_AWS, "delivery.md": delivery_figures.MEASURED, "lifecycle.md": delivery_figures.ELSEWHERE}


def page(name: str) -> str:
    return re.sub(r"\s+", " ", (DOCS / name).read_text())


@pytest.mark.parametrize("name", PAGES)
def test_each_figure_is_the_codes_own(name: str) -> None:
    text = page(name)
    assert [told for told in (*PAGES[name](), *OTHERS[name]) if told not in text] == []


@pytest.mark.parametrize("name", PAGES)
def test_there_is_no_other_figure(name: str) -> None:
    text = page(name)
    if name == "deploy.md":
        text = re.sub(r"## What it costs .*?(?=## What is packaged)", "", text)
    for told in (*PAGES[name](), *OTHERS[name]):
        text = text.replace(told, "")
    assert FIGURE.findall(text) == []


def test_the_code_says_the_same_of_a_burst_as_the_page() -> None:
    text = re.sub(r"\s+", " ", Path(sharing.__file__).read_text())
    (runs,) = re.findall(r"sent ahead by (\w+) runs of the watchdog", page("delivery.md"))
    assert f"looks at {sharing.SHARE * (1 + sharing.MOST_HELPERS):,} jobs" in text
    assert f"it finds {MOST_PLANNED:,} that are to be sent ahead, so that {burst.JOBS:,} take {runs} runs" in text


@pytest.mark.parametrize("name", ["lifecycle.md", "operations.md", "job-types.md", "openapi.json"])
def test_how_fast_a_dead_letter_queue_is_tidied_is_told_wherever_it_is(name: str) -> None:
    assert f"at up to {MOST_SWEEPS * MOST_SWEPT:,} messages" in page(name)
    assert "within minutes" not in page(name)


@pytest.mark.parametrize(
    "figure",
    [
        "5 minutes", "3,000 requests", "half an hour", "half a minute", "one day", "a day", "an hour", "every hour",
        "hourly", "once a minute", "10,000 claims", "two receives", "nine runs", "6,985 steps", "a few thousand steps",
        "four shards", "ten tenants", "8 more", "100,000 a type", "10 a partition", "a tenth of a read",
        "the last 12", "up to 60", "a quarter of an hour", "then 2", "one in 70",
        "a third of the crash points", "three job types", "the last hour", "more than 1,000",
    ],
)  # fmt: skip
def test_a_figure_that_nothing_holds_is_found(figure: str) -> None:
    assert len(FIGURE.findall(f"Until then it waits for {figure}, and goes on.")) == 1


def test_what_is_no_figure_is_not_found() -> None:
    said = "A job of a type, each attempt of it, one message a job; `delay=5`, and the last attempt."
    assert FIGURE.findall(said) == []
