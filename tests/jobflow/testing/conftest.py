"""Provide job types for the tests."""

from collections.abc import Iterator

import pytest
from pydantic import BaseModel, Field

from chalicelib import AwsAccess, JobContext, JobType, PermanentError, RetryLater, job
from tests.chalicelib.api.support import only_types


class Order(BaseModel):
    """A payload."""

    number: int = Field(examples=[7])
    fail: str = ""


def charge(payload: Order, ctx: JobContext) -> dict[str, int]:
    """Charge an order."""
    if payload.fail == "never":
        raise PermanentError("no such order")
    if payload.fail == "later":
        raise RetryLater(3600, "closed")
    ctx.progress(50, "half")
    ctx.progress(90)
    return {"number": payload.number, "attempt": ctx.attempt}


def read_secret(payload: Order, ctx: JobContext) -> int:
    """Return the length of a secret."""
    return len(ctx.secret("KEY"))


@pytest.fixture
def kinds() -> Iterator[tuple[JobType[Order, dict[str, int]], JobType[Order, int]]]:
    with only_types():
        yield (
            job("order.charge", max_attempts=3, timeout=30)(charge),
            job("order.secret", access=AwsAccess(secrets={"KEY": "shop/key"}))(read_secret),
        )
