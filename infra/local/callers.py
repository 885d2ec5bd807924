"""Tell programs of this machine from web pages in its browser: the local servers trust the first and not the second.

A page can reach a loopback port in two ways: as itself, then the browser sends its `Origin` or `Sec-Fetch-Site`; or
under a name that its own DNS server lets point to 127.0.0.1 (rebinding), then the browser sends that name as `Host`.
"""

import re
from collections.abc import Callable, Collection

_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1)(:\d{1,5})?", re.ASCII | re.IGNORECASE)
_FOREIGN = ("cross-site", "same-site")

FindHeader = Callable[[str], str | None]
"""Finds the value of a header by its name in lower case."""


def refusal(header: FindHeader, origins: Collection[str] = (), *, embeddable: bool = False) -> str | None:
    """Return why a request must be refused, in one sentence; None when it may come in.

    Pages of `origins` may call. With `embeddable`, any page may embed what the server gives out (an image); without,
    a foreign page may only lead the browser there.
    """
    if not _LOOPBACK.fullmatch(header("host") or ""):
        return "The Host must be localhost or 127.0.0.1."
    origin = header("origin")
    if origin is not None:
        return None if origin in origins else "Web pages of another origin may not call this server."
    foreign = header("sec-fetch-site") in _FOREIGN and header("sec-fetch-mode") != "navigate"
    return "Web pages of another origin may not use this server." if foreign and not embeddable else None


def is_page(header: FindHeader) -> bool:
    """Return True when a web page made the request, and not a program or the address bar."""
    return header("origin") is not None or (header("sec-fetch-site") or "none") != "none"
