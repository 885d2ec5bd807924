"""`make audit`: a source of advisories that nobody can reach is one sentence, and never a pass."""

import sys

import pytest

from scripts.audit import FOUND, NOT_ASKED, main, verdict

NOBODY_THERE = [
    "ERROR:pip_audit._cli:pydantic: Dependency not found on PyPI and could not be audited: pydantic (2.14.4)",
    "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='advisories.example', port=443)",
    "npm error code ENOTFOUND\nnpm error audit endpoint returned an error",
]


@pytest.mark.parametrize("said", NOBODY_THERE)
def test_nobody_to_ask_is_one_line(said: str) -> None:
    code, text = verdict("it", 1, said)
    assert code == NOT_ASKED
    assert text.startswith("Not audited:")
    assert "\n" not in text


def test_an_advisory_is_shown_and_fails() -> None:
    code, text = verdict("it", 1, "pillow 1.0 PYSEC-2026-1 fixed in 1.1")
    assert code == FOUND
    assert "PYSEC-2026-1" in text


@pytest.mark.parametrize(
    ("scripts", "code"),
    [
        (["pass"], 0),
        (["pass", "raise SystemExit('x could not be audited')"], NOT_ASKED),
        (["raise SystemExit('could not be audited')", "raise SystemExit('CVE-1')"], FOUND),
    ],
)
def test_the_worst_answer_counts(scripts: list[str], code: int) -> None:
    assert main([("it", [sys.executable, "-c", script]) for script in scripts]) == code
