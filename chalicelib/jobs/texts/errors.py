"""Shorten the texts of errors: in a job item, so that a job fits into one write unit, and in its attempts. Pure."""

import traceback
from collections.abc import Callable
from typing import Any

from chalicelib.errors import InvalidRequest
from chalicelib.jobs.constants import LONGEST_CLASS, LONGEST_ERROR, LONGEST_MESSAGE, LONGEST_STACK
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


def attempt_message(error: BaseException, clean: Callable[[str], str]) -> str:
    """Return the text of an error as an attempt has it; `clean` is applied before it is cut."""
    return clean(message_of(error))[:LONGEST_MESSAGE]


def attempt_stack(error: BaseException, clean: Callable[[str], str]) -> str:
    """Return the end of the stack of an error as an attempt has it; `clean` is applied before it is cut."""
    return clean("".join(traceback.format_exception(error)))[-LONGEST_STACK:]


def message_of(error: BaseException) -> str:
    """Return the error's text, with the fields that a request refused; also for an error whose own `__str__` raises."""
    try:
        told = error.told() if isinstance(error, InvalidRequest) else ""
        return f"{error} {told}".rstrip() if told else str(error)
    except Exception:  # code of the job type: a broken `__str__` must not hide that the error was raised
        return "The error has no message: its __str__ raises."
