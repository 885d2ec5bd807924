"""Test cron expressions: which are refused and why, and when they fire at clock changes."""

from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.job_types.constants import LONGEST_CRON
from chalicelib.job_types.cron import cron_error, firings, first_of, local, next_firing, zone_error

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def told(cron: str, zone: str, after: str, most: int) -> list[str]:
    """Return the firings in local time with the offset, without the year."""
    return [local(one, zone)[5:] for one in first_of(firings(cron, zone, at(after)), most)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0 6 * *", "five fields"),
        ("0 0 6 * * *", "five fields"),
        ("60 * * * *", "the minute"),
        ("* * 0 * *", "the day of the month"),
        ("* * * * 8", "the day of the week"),
        ("5-1 * * * *", "the minute"),
        ("*/0 * * * *", "the minute"),
        ("0 0 31 2,4,6 *", "never fires"),
        ("0 0 31 13 *", "the month"),
        ("@", "@hourly"),
        ("@every 9s", "must be every 10 s to 24 h"),
        ("@every 25h", "must be every 10 s to 24 h"),
        ("@every 20", "like @every 20s"),
        ("@every day", "like @every 20s"),
        ("0 0 */30 2 3#5", "never fires"),
        ("0 0 * * " + "1," * 60 + "1", "at most 100"),
        ("٣ * * * *", "ASCII"),
    ],
)
def test_a_wrong_text_is_told_what_is_wrong(text: str, why: str) -> None:
    assert why in (cron_error(text) or "")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("@daily", "0 0 * * *"),
        ("@weekly", "0 0 * * SUN"),
        ("@yearly", "0 0 1 JAN *"),
        (" @Annually ", "0 0 1 JAN *"),
    ],
)
def test_a_named_text_fires_as_its_five_fields(text: str, same: str) -> None:
    assert cron_error(text) is None
    assert told(text, BERLIN, "2026-03-01T00:00+01:00", 3) == told(same, BERLIN, "2026-03-01T00:00+01:00", 3)


@given(st.text(alphabet="0123456789*/,-#LW MONFRIJAN", max_size=LONGEST_CRON) | st.text(max_size=LONGEST_CRON + 5))
@example("0 0 L * *")
@example("@every 0s")
@example("@every 999999h")
@example("0 0 LW * *")
@example("0 9 * * FRI#2")
@example("1," * 49 + "1 * * * *")
@example("1/1/1/1/1/1/1 * * * *")
@example("9" * 90 + " * * * *")
def test_any_text_is_judged_and_never_raises(text: str) -> None:
    if cron_error(text) is None:
        assert next_firing(text, BERLIN, at("2026-03-01T00:00+00:00")) is not None


@pytest.mark.parametrize(
    ("text", "after", "times"),
    [
        ("@every 20s", "2026-03-29T01:59:41+01:00", ["03-29T03:00:00+02:00", "03-29T03:00:20+02:00"]),
        ("@every 20s", "2026-03-29T01:59:40+01:00", ["03-29T03:00:00+02:00", "03-29T03:00:20+02:00"]),
        (" @Every 90m ", "2026-03-01T00:59:00+00:00", ["03-01T02:30:00+01:00", "03-01T04:00:00+01:00"]),
    ],
)
def test_an_interval_fires_at_its_multiples_whatever_the_clocks_do(text: str, after: str, times: list[str]) -> None:
    assert cron_error(text) is None
    assert told(text, BERLIN, after, 2) == times


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "localtime", "europe/berlin", ""])
def test_only_names_of_the_database_are_zones(name: str) -> None:
    assert zone_error(name) is not None
    assert zone_error(BERLIN) is zone_error("UTC") is None


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        # skipped: it fires right after the clock change
        ("30 2 * * *", BERLIN, "2026-03-28T12:00+01:00", ["03-29T03:00:00+02:00", "03-30T02:30:00+02:00"]),
        ("30 2 * * *", NEW_YORK, "2026-03-07T12:00-05:00", ["03-08T03:00:00-04:00", "03-09T02:30:00-04:00"]),
        ("15 2 * * *", LORD_HOWE, "2026-10-03T12:00+10:30", ["10-04T02:30:00+11:00", "10-05T02:15:00+11:00"]),
        # repeated: it fires once
        ("30 2 * * *", BERLIN, "2026-10-24T12:00+02:00", ["10-25T02:30:00+02:00", "10-26T02:30:00+01:00"]),
        ("30 1 * * *", NEW_YORK, "2026-10-31T12:00-04:00", ["11-01T01:30:00-04:00", "11-02T01:30:00-05:00"]),
        ("45 1 * * *", LORD_HOWE, "2026-04-04T12:00+11:00", ["04-05T01:45:00+11:00", "04-06T01:45:00+10:30"]),
        # requested within the repeated hour: it has already fired
        ("30 2 * * *", BERLIN, "2026-10-25T02:10+01:00", ["10-26T02:30:00+01:00"]),
        ("45 2 * * *", BERLIN, "2026-10-25T02:30+02:00", ["10-25T02:45:00+02:00"]),
    ],
)
def test_a_daily_time_fires_once_a_day_whatever_the_clocks_do(
    cron: str, zone: str, after: str, expected: list[str]
) -> None:
    assert told(cron, zone, after, len(expected)) == expected


@pytest.mark.parametrize(
    ("zone", "night", "hours"),
    [(BERLIN, "2026-03-29", 23), (BERLIN, "2026-10-25", 25), (LORD_HOWE, "2026-10-04", 23.5)],
)
def test_every_quarter_of_an_hour_goes_by_elapsed_time(zone: str, night: str, hours: float) -> None:
    start = next_firing("0 0 * * *", zone, at(f"{night}T00:00+00:00") - 86_400 * 0.9) or 0.0
    end = next_firing("0 0 * * *", zone, start) or 0.0
    assert (end - start) / 3600 == hours
    found = first_of(firings("*/15 * * * *", zone, start - 1), 200, until=end - 1)
    assert found == [start + 900 * n for n in range(int(hours * 4))]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE, "UTC"])
@pytest.mark.parametrize("cron", ["*/20 * * * *", "10,50 1-3 * * *", "30 2 * * *", "*/15 2 * * *"])
def test_one_by_one_finds_what_a_row_finds(cron: str, zone: str) -> None:
    """The watchdog requests the next firing after the last one; a preview requests many firings."""
    for night in ("2026-03-07", "2026-03-28", "2026-10-03", "2026-10-31"):
        start = f"{night}T00:00+00:00"
        row = first_of(firings(cron, zone, at(start)), 60)
        last, found = at(start), list[float]()
        while len(found) < 60:
            last = next_firing(cron, zone, last) or 0.0
            found.append(last)
        assert found == row
        assert row == sorted(set(row))
