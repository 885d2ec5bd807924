"""Post to the collector of a stage: over TLS with a total time limit, as messages are posted to webhooks."""

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit

from chalicelib.errors import ConfigurationError
from chalicelib.settings import COLLECTOR, LOCAL_COLLECTOR
from chalicelib.traces.constants import WITHIN
from chalicelib.traces.export import Post
from chalicelib.webhooks.post import Answer, Poster

HTTPS = 443


def collector(url: str, *, local: bool = False) -> Post:
    """Return what posts to the collector at this URL; raises ConfigurationError for a URL that is not allowed.

    The stage's own parameter names it, so that it may be at any address; a collector on a laptop (`local`) is on the
    loopback address.
    """
    over_tls = COLLECTOR.fullmatch(url)
    if not over_tls and not (local and LOCAL_COLLECTOR.fullmatch(url)):
        raise ConfigurationError(
            "OTLP_ENDPOINT must be https://host[:port]/path or, on a laptop, http://127.0.0.1:port/path or "
            "http://localhost:port/path"
        )
    parts = urlsplit(url)
    poster = Poster("" if over_tls else parts.netloc, refuses=lambda _: None, port=parts.port or HTTPS, within=WITHIN)
    return partial(_posted, poster, url)


def _posted(poster: Poster, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    return poster.post(url, body, headers)
