"""Read Lambda's own log lines about an invocation: how it ended, when, and with how much memory. Pure.

The form of these lines: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html and the guide's "Troubleshoot
execution issues" for timeouts, exits and memory.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

TIMED_OUT = re.compile(r"Task timed out after \d+(?:\.\d+)? seconds")
EXITED = re.compile(r"Runtime exited(?: with error: [^\n]{1,200}| without providing a reason)?")
FAILED = re.compile(r"\tStatus: (timeout|error)")
ERROR_TYPE = re.compile(r"\tError Type: ([\w.]{1,100})")
MEMORY = re.compile(r"\tMemory Size: (\d{1,6}) MB\tMax Memory Used: (\d{1,6}) MB")


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of an invocation that settled nothing: TimedOut, OutOfMemory or Exited, `at` in epoch seconds."""

    at: float
    error_class: str
    message: str


def short_id(request_id: str) -> str:
    """Return the part of an invocation's id that our own lines contain: 48 bits, because each byte costs money."""
    return request_id[:13]


def pattern_of(request_id: str) -> str:
    """Return the filter pattern of CloudWatch Logs for these lines."""
    return f'?"RequestId: {request_id}" ?"{request_id} Task timed out"'


def ending_of(lines: Iterable[tuple[float, str]], request_id: str) -> Ending | None:
    """Return how the invocation ended according to its lines (time, text); None if it ended well or this is unknown."""
    about = [(at, text) for at, text in lines if request_id in text and tells_of_an_end(text, request_id)]
    texts = "\n".join(text for _, text in about)
    error_class = _class_of(texts)
    return Ending(about[0][0], error_class, _message_of(texts, error_class)) if error_class else None


def tells_of_an_end(text: str, request_id: str) -> bool:
    """Return True for a line of Lambda itself that says that this invocation did not end well."""
    mine = text.startswith(f"REPORT RequestId: {request_id}") and FAILED.search(text)
    # Lambda's own lines begin with the request id, or with a timestamp and then the id. In a line of a function the id
    # may be anywhere.
    early = request_id in text[: len(request_id) + 40] and not text.startswith("{")
    return bool(mine or (early and (TIMED_OUT.search(text) or EXITED.search(text))))


def _class_of(texts: str) -> str | None:
    failed, kind = FAILED.search(texts), ERROR_TYPE.search(texts)
    if TIMED_OUT.search(texts) or (failed and failed[1] == "timeout"):
        return "TimedOut"
    if (kind and kind[1] == "Runtime.OutOfMemory") or _killed_when_full(texts):
        return "OutOfMemory"
    return "Exited" if EXITED.search(texts) or failed else None


def _killed_when_full(texts: str) -> bool:
    """Return True if the invocation was killed with its memory full.

    If a child process of the runtime used up the memory, Lambda's line contains only the signal.
    """
    memory = MEMORY.search(texts)
    return "signal: killed" in texts and memory is not None and memory[1] == memory[2]


def _message_of(texts: str, error_class: str) -> str:
    line = TIMED_OUT.search(texts) or EXITED.search(texts)
    memory = MEMORY.search(texts)
    used = f"{memory[2]} of {memory[1]} MB used" if memory else ""
    said = line[0] if line else error_class
    return f"{said} ({used})" if used else said
