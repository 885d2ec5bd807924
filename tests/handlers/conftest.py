"""Provide an in-process AWS with a bucket and a verified sender, and a platform over it."""

import io
import logging
from collections.abc import Callable, Iterator

import pytest

from chalicelib.adapters import aws
from chalicelib.assembly import parts
from chalicelib.telemetry.emf import SERVICE
from chalicelib.telemetry.logger import logger
from tests.emulated import emulated
from tests.handlers.support import BUCKET, SENDER, Platform, settings
from tests.support import Clock


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with emulated():
        parts.replace(settings=settings())
        aws.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
        aws.client("sesv2", "us-east-1").create_email_identity(EmailIdentity=SENDER)
        yield Platform(clock=Clock())
    parts.reset()


@pytest.fixture
def logged() -> Iterator[Callable[[], str]]:
    """Return the log lines since the test began."""
    buffer = io.StringIO()
    logger()
    handlers = logging.getLogger(SERVICE).handlers
    handler = next(handler for handler in handlers if isinstance(handler, logging.StreamHandler))
    before = handler.setStream(buffer)
    yield buffer.getvalue
    handler.setStream(before)
