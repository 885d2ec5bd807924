"""Provide an empty stage in this process over an emulated AWS, and call its functions as Lambda does."""

import io
import json
import logging
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

from chalicelib.access import tokens
from chalicelib.access.tokens import Role
from chalicelib.adapters import aws
from chalicelib.assembly import parts
from chalicelib.job_types import jobtype
from chalicelib.telemetry.logger import logger
from infra.definition import local_environment, stateful
from infra.local.api.gateway import event_of
from scripts.benches.cpu.canned import Canned
from tests.emulated import emulated

STACK, ACCOUNT, REGION = "jobflow-dev", "123456789012", "us-east-1"
SQS = f"https://sqs.{REGION}.amazonaws.com"


@dataclass(frozen=True)
class Context:
    """Lambda's context object with a minute left."""

    aws_request_id: str = "00000000-0000-4000-8000-000000000000"
    function_name: str = "bench"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:bench"

    def get_remaining_time_in_millis(self) -> int:
        """Return a minute, in milliseconds."""
        return 60_000


@dataclass(frozen=True)
class Stage:
    """A stage whose requests `canned` can answer."""

    canned: Canned
    token: str

    def call(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        """Return the API's answer to one request from API Gateway."""
        from app import handler

        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        answer: dict[str, Any] = handler(event_of(method, path, headers, body or b"", "192.0.2.7"), Context())
        return answer


@contextmanager
def stage() -> Iterator[Stage]:
    """Yield an empty stage. Its functions write their logs, but the output is discarded."""
    canned = Canned()
    os.environ |= local_environment(SQS, ACCOUNT, REGION, STACK)
    os.environ |= {"AWS_DEFAULT_REGION": REGION, "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled", "RATE_LIMIT_MAX": "0"}
    with emulated(), _silent():
        canned.register(aws._session())  # noqa: SLF001 - the process's one session
        aws._client.cache_clear()  # noqa: SLF001
        parts.replace()
        template = {"Resources": stateful(jobtype.load(), STACK)}
        aws.client("cloudformation", REGION).create_stack(StackName=STACK, TemplateBody=json.dumps(template))
        aws.client("sesv2", REGION).create_email_identity(EmailIdentity="jobs@example.com")
        token, _ = parts.tokens.issue(Role.ADMIN, "bench")
        parts.replace()
        # a process reads the token every ten seconds, which is no part of a unit of work
        setattr(tokens, "TOKEN_TRUSTED", math.inf)  # noqa: B010 - the module does not export this name
        parts.tokens.verify(token)
        yield Stage(canned, token)
    parts.reset()


@contextmanager
def _silent() -> Iterator[None]:
    written = io.StringIO()
    (handler,) = (h for h in logger().handlers if isinstance(h, logging.StreamHandler))
    before = handler.setStream(written)
    try:
        with redirect_stdout(written):
            yield
    finally:
        if before:
            handler.setStream(before)
