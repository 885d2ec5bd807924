"""Numbers as people read them."""

from chalicelib.builtin.reports.words import duration, percent


def test_durations() -> None:
    for seconds, text in (
        (None, "—"), (0.0384, "38 ms"), (0.9994, "999 ms"), (0.9996, "1.0 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"),
        (125, "2 min 5 s"), (3599.6, "1 h 0 min"), (12_034, "3 h 20 min"),
    ):  # fmt: skip
        assert duration(seconds) == text


def test_shares_are_never_rounded_to_all_or_nothing() -> None:
    for share, text in ((None, "—"), (0.0, "0 %"), (1.0, "100 %"), (0.99999, "99.9 %"), (0.00001, "0.1 %")):
        assert percent(share) == text
