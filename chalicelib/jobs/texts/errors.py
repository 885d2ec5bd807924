"""Shorten the texts in a job item, so that a job fits into one write unit. Pure."""

from typing import Any

from chalicelib.jobs.constants import LONGEST_CLASS, LONGEST_ERROR
from chalicelib.jobs.job import Job
from chalicelib.jobs.texts.fingerprints import fingerprint

CUT = "…".encode()


def error_fields(of: Job, error: tuple[str, str]) -> dict[str, Any]:
    """Return the fields of an error.

    Facts that are only about the attempt are removed, because the attempt's own record contains them.
    """
    error_class = cut(error[0], LONGEST_CLASS)
    left = LONGEST_ERROR - len(error_class.encode())
    gone = {"request_id": None, "cold_start": None, "receive_count": None, "progress_note": None}
    message = cut(error[1], left)
    # The fingerprint is made from the whole text, because two errors may differ only after the cut.
    name, _ = fingerprint(of.type, error_class, error[1])
    return {"error_class": error_class, "error_message": message, "fingerprint": name, **gone}


def cut(text: str, size: int) -> str:
    """Return at most `size` bytes, as whole characters, with "…" at a cut: a job must fit into one write unit."""
    whole = text.encode("utf-8", "replace")
    if len(whole) <= size:
        return whole.decode()
    return whole[: size - len(CUT)].decode("utf-8", "ignore") + CUT.decode()
