"""Distinguish programs on this machine from web pages in its browser: the local servers trust only programs.

A page can reach a loopback port in two ways. The page can request the port openly: the browser then sends the page's
`Origin`, or `Sec-Fetch-Site`. Or the page can use a name that its own DNS server points to 127.0.0.1 (rebinding): the
browser then sends this name as `Host`.
"""

import re
from collections.abc import Callable, Collection

_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1)(:\d{1,5})?", re.ASCII | re.IGNORECASE)
_FOREIGN = ("cross-site", "same-site")

FindHeader = Callable[[str], str | None]
"""A function that returns the value of a header by its lower-case name."""


def refusal(header: FindHeader, origins: Collection[str] = (), *, embeddable: bool = False) -> str | None:
    """Return why a request must be refused, in one sentence; None if it is accepted.

    Pages of `origins` may send requests. With `embeddable`, any page may embed the server's content (an image). Without
    it, a page of another site may only link to the content.
    """
    if not _LOOPBACK.fullmatch(header("host") or ""):
        return "The Host must be localhost or 127.0.0.1."
    origin = header("origin")
    if origin is not None:
        return None if origin in origins else "Web pages of another origin may not call this server."
    foreign = header("sec-fetch-site") in _FOREIGN and header("sec-fetch-mode") != "navigate"
    return "Web pages of another origin may not use this server." if foreign and not embeddable else None


def is_page(header: FindHeader) -> bool:
    """Return True if a web page made the request, and not a program or the address bar."""
    return header("origin") is not None or (header("sec-fetch-site") or "none") != "none"
