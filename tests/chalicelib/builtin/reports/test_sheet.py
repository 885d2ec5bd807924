"""Test a report as CSV, as a spreadsheet reads it."""

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.builtin.reports.sheet import HEADER, to_csv
from chalicelib.jobs.job import Status
from tests.chalicelib.builtin.reports.support import PERIOD, TEN, job, report

STARTS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def value(content: bytes, *cells: str) -> str:
    [found] = [row[4] for row in rows(content) if tuple(row[:4]) == cells]
    return found


def test_every_number_is_in_it() -> None:
    content = to_csv(report())
    assert rows(content)[0] == list(HEADER)
    assert value(content, "report", "", "period", "from") == "2027-01-15T08:00:00.000Z"
    assert value(content, "report", "", "complete", "note") == "yes"
    assert value(content, "total", "", "jobs", "count") == "10"
    assert value(content, "total", "", "dead_letter", "count") == "1"
    assert value(content, "total", "", "success", "rate") == "0.7143"
    assert value(content, "type", "image.process", "completed", "count") == "1"
    assert value(content, "run", "", "seconds", "p50") == "2.5"
    assert value(content, "wait", "image.process", "seconds", "max") == "7.0"
    assert value(content, "error", "image.process", "FileMissing: There is no object 'a'", "count") == "2"
    assert value(content, "hour", "", "2027-01-15T08:00:00.000Z", "created") == "2"
    assert value(content, "hour", "", "2027-01-15T10:00:00.000Z", "retrying") == "1"


def test_an_empty_period_and_an_incomplete_report_say_so() -> None:
    note = ("report", "", "complete", "note")
    assert value(to_csv(report([])), *note) == "yes; no jobs were created in this period"
    assert value(to_csv(report(incomplete="Only some.")), *note) == "Only some."
    assert value(to_csv(report([])), "total", "", "success", "rate") == ""


@pytest.mark.parametrize("text", [f"{start}cmd|' /C calc'!A0" for start in STARTS] + [" =1+1", "\u00a0@SUM(1)"])
def test_no_cell_is_a_formula(text: str) -> None:
    content = to_csv(report([replace(TEN[0], type=text, status=Status.FAILED, error_class=text, error_message=text)]))
    cells = [cell for row in rows(content)[1:] for cell in row]
    assert f"'{text}" in cells
    assert not any(cell.startswith(tuple(STARTS)) for cell in cells)


def test_text_that_only_looks_dangerous_inside_is_left_alone() -> None:
    content = to_csv(report([job(1, "a.b", Status.FAILED, 1, error_class="E", error_message='1 = 1, "so"\nsaid +')]))
    assert value(content, "error", "a.b", 'E: 1 = 1, "so"\nsaid +', "count") == "1"


@given(st.text(st.characters(exclude_categories=[]), max_size=20))
def test_any_error_text_gives_a_readable_file_without_formulas(text: str) -> None:
    content = to_csv(report([job(1, "a.b", Status.FAILED, 1, error_class=text or "E", error_message=text)], PERIOD))
    for row in rows(content):
        assert len(row) == 5
        assert not any(cell.startswith(tuple(STARTS)) for cell in row)
