"""Format numbers and times for people."""

from datetime import UTC, datetime

from chalicelib.jobs.job import ACTIVE, TERMINAL, Status, in_order

STATUS_WORDS = {
    status: "dead-lettered" if status is Status.DEAD_LETTER else status.value
    for status in (*in_order(TERMINAL), *in_order(ACTIVE))
}
"""Every status in the order in which reports show them."""


def duration(seconds: float | None) -> str:
    """Return seconds with two or three significant digits: "38 ms", "1.4 s", "2 min 5 s", "3 h 20 min"."""
    if seconds is None:
        return "—"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def percent(share: float | None) -> str:
    """Return a fraction in percent, never rounded up to 100 or down to 0: "99.9 %" is not all."""
    if share is None:
        return "—"
    if share in (0.0, 1.0):
        return f"{share:.0%}".replace("%", " %")
    return f"{min(99.9, max(0.1, share * 100)):.1f} %"


def moment(at: float) -> str:
    """Return seconds since the epoch as a text such as "25 Nov 2026, 00:42 UTC"."""
    return f"{datetime.fromtimestamp(at, UTC):%-d %b %Y, %H:%M} UTC"
