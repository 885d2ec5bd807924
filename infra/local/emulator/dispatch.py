"""Finds the short way into moto for a request, if it is one of the hot calls."""

from .front.calls import SEND_EMAIL_PATH, hot_calls, perform, send_email
from .server import Reply, Request


class Dispatcher:
    """Answers the hot calls; everything else is left to moto's own routing."""

    def __init__(self) -> None:
        self._calls = hot_calls()

    def __call__(self, request: Request) -> Reply | None:
        """Return the answer to a hot call, or None, with nothing done, for any other request."""
        call = self._calls.get(request.headers.get("x-amz-target", ""))
        if call is not None:
            return perform(call, request) if request.method == "POST" else None
        if request.method == "POST" and request.target == SEND_EMAIL_PATH:
            return send_email(request)
        return None
