"""Every time and quantity in docs/operations.md, deploy.md, delivery.md and lifecycle.md is the code's own, or AWS's.

A figure is a number with a unit. Those of the bill are compared in `tests/infra/cloud/cost/test_cost.py`, those about
how long files are kept in `test_buckets.py`.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.infra.definition.pages import delivery_figures, figures

DOCS = Path(__file__).parents[4] / "docs"
UNITS = (
    r"second|minute|hour|day|week|month|year|s\b|ms\b|jobs|types|attempts|%|MB|KB|bytes|characters|requests|messages"
    r"|names|metrics|writes|resources|letters|alarms|times|functions"
)
NUMBERS = r"\$?\d[\d,.]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half an|a quarter of an"
FIGURE = re.compile(rf"(?<![\w`/.-])(?:{NUMBERS})(?:\s+(?:fresh|free|more|built-in|small))?\s+(?:{UNITS})\w*")
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


def test_a_figure_that_nothing_holds_is_found() -> None:
    found = FIGURE.findall("It takes 5 minutes, at most 3,000 requests and half an hour; `delay=5` and one day do not.")
    assert found == ["5 minutes", "3,000 requests", "half an hour"]
