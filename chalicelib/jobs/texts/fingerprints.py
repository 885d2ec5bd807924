"""Group equal errors: their ids, numbers, paths and times may differ, but not their error codes. Pure."""

import hashlib
import re

from chalicelib.jobs.constants import ERROR_CHARACTERS_READ, LONGEST_GROUP_MESSAGE

CODE = (
    r"'[1-5]\d\d [A-Z][A-Za-z -]{1,40}'"  # httpx: '404 Not Found'
    r"|\([1-5]\d\d[,)]"  # boto3: (404); smtplib: (550, …
    r"|(?<![\w.])[1-5]\d\d(?= {1,2}(?:Client|Server) Error)"  # requests
    r"|^[2-5]\d\d(?=[ -])"  # SMTP
    r"|(?<![\w.])[245]\.\d{1,2}\.\d{1,3}(?![\w.])"  # SMTP: 5.1.1, RFC 3463
    r"|\b(?:HTTP(?:/\d(?:\.\d)?)?(?: Error)?|status(?:[ _]code)?|error|code|errno|returned|SQLSTATE)"
    r"[ :=\[(]{1,3}-?(?:\d{1,3}|[0-9A-Z]{5})(?![\w.-])"
)
VOLATILE = (
    r"'[^']*'|\"[^\"]*\""
    r"|\b[0-9a-f]{8}-[0-9a-f-]{27}|\b0x[0-9a-f]+|\b[0-9a-f]{12,}\b"
    r"|\b\d{4}-\d\d-\d\d(?:[T ][\d:.,]+)?(?:Z|[+-]\d\d:?\d\d)?|\b\d\d?:\d\d:\d\d(?:[.,]\d+)?"
    r"|(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,255}"
    r"|(?<=:)//[^\s'\"<>]+"
    r"|(?<![\w/…])/[^\s'\"(),;<>]+|(?<![\w./-])[\w.-]{1,80}/[\w./-]{1,400}"
    r"|(?<!\w)(?=[a-z_]{0,80}\d)\w{8,200}"
    r"|\d+(?:[.,]\d+)*"
)
PARTS = re.compile(f"(?P<code>{CODE})|(?P<volatile>{VOLATILE})", re.IGNORECASE | re.ASCII)
DIGITS = re.compile("[0-9]+")
CODES = re.compile(CODE, re.IGNORECASE | re.ASCII)


def generalise(message: str) -> str:
    """Return the first line with "…" for the parts that differ between jobs, cut to 160 characters.

    A second call with the result changes nothing.
    """
    return _general(message)[:LONGEST_GROUP_MESSAGE]


def fingerprint(job_type: str, error_class: str, message: str) -> tuple[str, str]:
    """Return a stable name for "the same error", made from the whole first line, and the error's general message."""
    general = _general(message)
    # A message may contain half a surrogate pair, which is invalid Unicode. An encoding error here must not prevent the
    # job from failing.
    named = f"{job_type}|{error_class}|{general}".encode("utf-8", "replace")
    return hashlib.sha256(named).hexdigest()[:12], general[:LONGEST_GROUP_MESSAGE]


def mentions(error_class: str | None, message: str | None, text: str) -> bool:
    """Return whether an error's class and message contain the text, unchanged or generalised; case is ignored."""
    forms = (f"{error_class} {message}", f"{error_class} {generalise(message or '')}")
    return any(text.lower() in form.lower() for form in forms)


def _general(message: str) -> str:
    line = message.strip()[:ERROR_CHARACTERS_READ].partition("\n")[0].rstrip()
    return PARTS.sub(_replaced, line)


def _replaced(found: re.Match[str]) -> str:
    if found["code"] is not None:
        return found["code"]
    text = found["volatile"]
    if text[0] in "'\"":
        # Of a quoted text, keep only the error codes: urllib3 quotes the whole cause, which contains the code.
        return " ".join(["…", *CODES.findall(text[1:-1])])
    if text.startswith("//"):
        return f"//{DIGITS.sub('…', text[2:].partition('/')[0])}/…"
    return "…"
