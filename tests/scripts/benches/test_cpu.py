"""More calls are noticed, and other requests than the recorded ones, too."""

from scripts.benches.cpu.__main__ import Figures, grown, line


def test_a_sixth_more_calls_are_noticed() -> None:
    known = {"a": 100, "b": 100}
    figures = {"a": Figures(117, 1.0, 3), "b": Figures(114, 1.0, 3), "new": Figures(5, 1.0, 1)}
    assert grown(figures, known) == ["a"]
    assert "+17.0%" in line("a", figures["a"], known)
