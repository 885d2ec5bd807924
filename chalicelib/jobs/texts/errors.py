"""Shorten the texts that a job item keeps, so that a job fits one write unit. Pure."""

from typing import Any

from chalicelib.jobs.job import Job
from chalicelib.jobs.texts.fingerprints import fingerprint

CUT = "…".encode()
LONGEST_CLASS, LONGEST_ERROR = 60, 156
"""Bytes of an error's class, and of class and message together."""


def error_fields(of: Job, error: tuple[str, str]) -> dict[str, Any]:
    """Return the fields of an error. Facts about the attempt alone are cleared: its own record keeps them."""
    error_class = cut(error[0], LONGEST_CLASS)
    left = LONGEST_ERROR - len(error_class.encode())
    gone = {"request_id": None, "cold_start": None, "receive_count": None, "progress_note": None}
    message = cut(error[1], left)
    # Of the whole text: what tells two errors apart may lie behind the cut.
    name, _ = fingerprint(of.type, error_class, error[1])
    return {"error_class": error_class, "error_message": message, "fingerprint": name, **gone}


def cut(text: str, size: int) -> str:
    """Return at most so many bytes, whole characters, with "…" where it was cut: a job is to fit one write unit."""
    whole = text.encode("utf-8", "replace")
    if len(whole) <= size:
        return whole.decode()
    return whole[: size - len(CUT)].decode("utf-8", "ignore") + CUT.decode()
