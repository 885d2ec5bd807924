"""Name an error so that two that differ only in ids, numbers and quoted parts have one name. Pure."""

import hashlib
import re

VOLATILE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|0x[0-9a-f]+|\b[0-9a-f]{12,}\b|\d+|'[^']*'|\"[^\"]*\"", re.IGNORECASE)
LONGEST = 160


def generalise(message: str) -> str:
    """The message with "…" for what differs from job to job; of a general message it makes the same again."""
    return VOLATILE.sub("…", message)[:LONGEST]


def fingerprint(job_type: str, error_class: str, message: str) -> tuple[str, str]:
    """A stable name for "the same error", and its general message."""
    general = generalise(message)
    return hashlib.sha256(f"{job_type}|{error_class}|{general}".encode()).hexdigest()[:12], general


def mentions(error_class: str | None, message: str | None, text: str) -> bool:
    """Return whether an error's class and message contain the text, ignoring case, as they are or generalised."""
    forms = (f"{error_class} {message}", f"{error_class} {generalise(message or '')}")
    return any(text.lower() in form.lower() for form in forms)
