"""When two errors are the same one."""

import pytest

from chalicelib.jobs.fingerprints import fingerprint, generalise, mentions


@pytest.mark.parametrize("other", ["job 8 of 'y' failed at 0x7f", "job 12345 of 'zzz' failed at 0xdead"])
def test_the_same_error_about_other_things_has_the_same_fingerprint(other: str) -> None:
    assert fingerprint("t", "E", "job 7 of 'x' failed at 0x1") == fingerprint("t", "E", other)


@pytest.mark.parametrize("text", ["job … of … failed at …", "valueerror", "JOB 7 OF", "of 'x'", "E job"])
def test_jobs_are_found_by_an_error_as_it_is_and_as_its_group_tells_it(text: str) -> None:
    message = "job 7 of 'x' failed at 0x1"
    assert mentions("ValueError", message, text) == (text != "E job")
    assert generalise(generalise(message)) == generalise(message)
    assert not mentions(None, None, text)


def test_other_errors_have_other_fingerprints() -> None:
    names = {fingerprint(t, e, m)[0] for t in "ab" for e in "ef" for m in ("down", "gone")}
    assert len(names) == 8
