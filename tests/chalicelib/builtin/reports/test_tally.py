"""Compare the numbers of a report with numbers that were counted by hand."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.builtin.reports.tally import ErrorGroup, Period, Spread, percentile, success_rate
from chalicelib.builtin.reports.words import duration, percent
from chalicelib.jobs.job import Status
from tests.chalicelib.builtin.reports.support import START, TEN, job, report


def test_jobs_are_counted_by_status_and_by_type() -> None:
    found = report()
    assert found.jobs == 10
    assert dict(found.counts) == {
        Status.COMPLETED: 5, Status.FAILED: 1, Status.QUEUED: 1, Status.DEAD_LETTER: 1, Status.RETRYING: 1,
        Status.CANCELLED: 1,
    }  # fmt: skip
    assert {name: sum(line.counts.values()) for name, line in found.types.items()} == {
        "email.send": 5, "image.process": 4, "report.generate": 1,
    }  # fmt: skip
    assert found.active == 2


def test_the_success_rate_is_over_what_ended_by_itself() -> None:
    found = report()
    assert found.success_rate == 5 / 7
    assert success_rate(found.types["email.send"].counts) == 3 / 4
    assert success_rate(found.types["report.generate"].counts) == 1.0
    assert report([TEN[4], TEN[8]]).success_rate is None


def test_waits_are_those_of_jobs_that_ran_once_from_when_they_were_due() -> None:
    assert report([replace(TEN[0], gen=2)]).wait is None, "it was run again by hand"
    # jobs 1, 2, 3, 4: 1, 2, 3, 4 s; 8 and 9: 6, 7 s; 10: 1208 s - 20 min = 8 s; 6 and 7 had more than one attempt
    assert report().wait == Spread(count=7, p50=4.0, p95=8.0, max=8.0)
    assert report().types["image.process"].wait == Spread(2, 6.0, 7.0, 7.0)


def test_runs_are_those_that_the_attempt_itself_ended() -> None:
    # jobs 1, 2, 3, 4, 6 and 10: 0.5, 1.5, 2.5, 9, 4 and 30 s
    assert report().run == Spread(count=6, p50=2.5, p95=30.0, max=30.0)
    assert report().types["image.process"].run == Spread(1, 4.0, 4.0, 4.0)


def test_jobs_are_counted_in_the_hour_they_were_created_in_and_empty_hours_are_there() -> None:
    found = report(TEN[:2] + TEN[7:])
    hours = [sum(counts.values()) for counts in found.hours.values()]
    assert (list(found.hours), hours) == ([START, START + 3600, START + 7200], [2, 0, 3])


def test_a_period_that_begins_and_ends_within_hours_touches_them() -> None:
    assert list(Period(START + 1800, START + 5400).hours()) == [START, START + 3600]
    assert list(Period(START, START + 3600).hours()) == [START]
    late = replace(TEN[0], created_at=START + 3599.999)
    assert sum(report([late], Period(START, START + 3600)).counts.values()) == 1


def test_errors_are_grouped_by_type_class_and_how_they_begin() -> None:
    alike = "x" * 80
    jobs = [
        job(1, "a.b", Status.FAILED, 1, error_class="E", error_message=alike + "1"),
        job(2, "a.b", Status.RETRYING, 3, error_class="E", error_message=alike + "2"),
        job(3, "a.b", Status.FAILED, 2, error_class="E", error_message=alike + "3"),
        job(4, "c.d", Status.FAILED, 4, error_class="E", error_message=alike),
        job(5, "a.b", Status.FAILED, 5, error_class="F", error_message=None),
    ]
    assert list(report(jobs).errors) == [
        ErrorGroup("a.b", "E", alike, 3, START + 180, "job-2"),
        ErrorGroup("a.b", "F", "", 1, START + 300, "job-5"),
        ErrorGroup("c.d", "E", alike, 1, START + 240, "job-4"),
    ]


def test_only_the_ten_most_frequent_errors_are_told() -> None:
    jobs = [job(n, "a.b", Status.FAILED, 1, error_class=f"E{n % 12}") for n in range(24)]
    assert [group.count for group in report(jobs).errors] == [2] * 10


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.001, 1.0))
def test_a_percentile_is_the_smallest_value_that_enough_values_do_not_exceed(values: list[float], share: float) -> None:
    ranked = sorted(values)
    found = percentile(ranked, share)
    assert sum(value <= found for value in ranked) >= share * len(ranked) - 1e-9
    assert sum(value < found for value in ranked) < share * len(ranked)


def test_durations() -> None:
    for seconds, text in (
        (None, "—"), (0.0384, "38 ms"), (0.9994, "999 ms"), (0.9996, "1.0 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"),
        (125, "2 min 5 s"), (3599.6, "1 h 0 min"), (12_034, "3 h 20 min"),
    ):  # fmt: skip
        assert duration(seconds) == text


def test_shares_are_never_rounded_to_all_or_nothing() -> None:
    for share, text in ((None, "—"), (0.0, "0 %"), (1.0, "100 %"), (0.99999, "99.9 %"), (0.00001, "0.1 %")):
        assert percent(share) == text
