"""Two checkouts are compared run by run: their order alternates, and the median is that of the paired ratios."""

from pathlib import Path

from scripts.benches.paired_load import Measured, Pair, line, order, summary

A, B = Path("a"), Path("b")


def test_each_checkout_runs_first_in_every_second_pair() -> None:
    assert [order(number, A, B)[0] for number in range(4)] == [A, B, A, B]
    assert all(set(order(number, A, B)) == {A, B} for number in range(4))


def test_a_pair_is_told_with_the_ratio_after_to_before() -> None:
    assert line("pair 1", Pair(Measured(40.0, 25.0), Measured(30.0, 50.0))).split() == (
        [
            "pair",
            "1",
            "40.0",
            "/",
            "30.0",
            "jobs/s",
            "ratio",
            "0.75",
            "25.0",
            "/",
            "50.0",
            "ms",
            "CPU",
            "a",
            "job",
            "ratio",
            "2.00",
        ]
    )


def test_the_median_is_of_the_ratios_within_a_pair_because_the_machine_changes_between_pairs() -> None:
    pairs = [
        Pair(Measured(rate, 1.0), Measured(rate * ratio, 1.0)) for rate, ratio in ((10, 0.9), (40, 0.8), (20, 1.0))
    ]
    told = summary(pairs)
    assert told.endswith("0.80, 0.90, 1.00; median 0.90")
    assert "20.0 /  20.0 jobs/s" in told
