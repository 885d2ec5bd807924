"""Make AWS clients with one botocore session per process, short timeouts and three tries."""

import functools
import os
import threading
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader

from chalicelib import cold_start
from chalicelib.adapters.constants import (
    BRIEF_CONNECT,
    BRIEF_READ,
    CONNECT_TIMEOUT,
    MOST_CONNECTIONS,
    READ_TIMEOUT,
    REQUEST_TRIES,
)

SMALL = frozenset({"dynamodb", "sqs"})
"""For these services, the package contains smaller API descriptions in its folder AWS_DATA, with only the operations
that functions call."""
AWS_DATA = "aws_data"
_making = threading.Lock()


def client(service: str, region: str, **options: Any) -> Any:
    """Return the process's botocore client of a service in a region; AWS_ENDPOINT_URL redirects it to an emulator.

    `options` are arguments of botocore's Config, and override the defaults below; `tries` limits the tries of a
    request.
    """
    # Sessions are not thread-safe while they create a client.
    with _making:
        made = _client(service, region, os.environ.get("AWS_ENDPOINT_URL"), **options)
        cold_start.end()
    return made


def briefly(service: str, region: str) -> Any:
    """Return a client whose requests take about a second at most: short timeouts, one try."""
    return client(service, region, connect_timeout=BRIEF_CONNECT, read_timeout=BRIEF_READ, tries=1)


def emulated() -> bool:
    """Return whether the clients use an emulator, which may be slow on a busy machine."""
    return bool(os.environ.get("AWS_ENDPOINT_URL"))


@functools.cache
def _client(service: str, region: str, endpoint: str | None, tries: int = REQUEST_TRIES, **options: Any) -> Any:
    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": tries},
        max_pool_connections=MOST_CONNECTIONS,
        tcp_keepalive=True,
        # Botocore's own check would cost 4 % of a POST's CPU. mypy checks the types of the adapters, and AWS checks the
        # values.
        parameter_validation=False,
        # Links and forms must contain the bucket's region. The global host name answers with a redirect, and a redirect
        # breaks signatures and a browser's cross-origin POST.
        s3={
            "addressing_style": "path" if endpoint else "virtual",
            "us_east_1_regional_endpoint": "regional",
        },
    )
    asked: dict[str, Any] = {"region_name": region, "endpoint_url": endpoint, "config": config.merge(Config(**options))}
    if service in SMALL and _data().is_dir():
        try:
            return _session(small=True).create_client(service, **asked)
        except (DataNotFoundError, UnknownServiceError):
            # The runtime's botocore may be newer than AWS_DATA, and may need files that AWS_DATA does not contain.
            pass
    return _session().create_client(service, **asked)


def _data() -> Path:
    return Path(__file__).parents[2] / AWS_DATA


@functools.cache
def _session(*, small: bool = False) -> botocore.session.Session:
    # The session is cached, because every new session loads botocore's endpoint rules again: 40 ms of a cold start.
    session = botocore.session.get_session()
    if small:
        loader = Loader(extra_search_paths=[str(_data())], include_default_search_paths=False)
        session.register_component("data_loader", loader)
    return session
