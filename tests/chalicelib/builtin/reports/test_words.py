"""Numbers as people read them."""

import pytest

from chalicelib.builtin.reports.words import duration, percent


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "—"), (0.0, "0 ms"), (0.0384, "38 ms"), (0.9994, "999 ms"), (0.9996, "1.0 s"), (1.44, "1.4 s"),
        (59.94, "59.9 s"), (59.96, "1 min 0 s"), (125, "2 min 5 s"), (3599.6, "1 h 0 min"), (12_034, "3 h 20 min"),
    ],
)  # fmt: skip
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "—"), (0.0, "0 %"), (1.0, "100 %"), (0.99999, "99.9 %"), (0.00001, "0.1 %"), (0.7143, "71.4 %")],
)
def test_shares_are_never_rounded_to_all_or_nothing(share: float | None, text: str) -> None:
    assert percent(share) == text
