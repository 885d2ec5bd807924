"""Check that a job function reads its secrets, and that nothing stored or logged contains their values."""

import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.adapters.memory.secret_store import MemorySecretStore
from chalicelib.errors import ConfigurationError, SecretUnavailable
from chalicelib.job_types.access import SecretPlace
from chalicelib.job_types.context import JobContext
from chalicelib.jobs.job import Status
from chalicelib.telemetry.redaction import forget
from chalicelib.worker.declared_secrets import DeclaredSecrets
from tests.chalicelib.worker.one_type import OneType
from tests.support import written

VALUE = 'k"ey-\\7391/ü'
STORE = MemorySecretStore({SecretPlace("secretsmanager", "dev/billing"): VALUE})


@pytest.fixture
def world() -> Iterator[OneType]:
    bench = OneType()
    bench.worker = replace(
        bench.worker, secrets=DeclaredSecrets({"KEY": "{stage}/billing", "LOST": "nowhere"}, "dev", STORE)
    )
    yield bench
    forget()


def kept(world: OneType) -> str:
    """Return everything that is stored of the job, as text and as JSON."""
    seen = world.store.view("job-1")
    return f"{seen!r}{json.dumps([seen.job.result, seen.job.error_message])}{seen.attempts}"


def test_it_is_read_by_its_name_and_is_not_in_the_result(world: OneType) -> None:
    world.submit()
    read: list[str] = []

    def attempt(ctx: JobContext) -> object:
        read.append(ctx.secret("KEY"))
        return {read[0]: [f"sent with {read[0]}", 1]}

    world.script = [attempt]
    world.poll()
    assert (read, world.job().status) == ([VALUE], Status.COMPLETED)
    assert world.job().result == {"[secret KEY]": ["sent with [secret KEY]", 1]}


def test_it_is_not_in_errors_stacks_or_notes(world: OneType) -> None:
    def fail(ctx: JobContext) -> object:
        key = ctx.secret("KEY")
        ctx.progress(5, f"with {key}")
        ctx.progress(6, f"still with {key}")
        try:
            dict[str, str]()[key]
        except KeyError as error:
            raise ValueError(f"{'x' * 995}{key}: refused") from error
        return None

    world.submit()
    world.script = [fail]
    world.poll()
    attempt = world.store.view("job-1").attempts[0]
    assert world.job().status is Status.RETRYING
    assert "[secret KEY]" in (attempt.stack or "")
    for form in (VALUE, VALUE[:5], repr(VALUE)[1:-1], json.dumps(VALUE)[1:-1]):
        assert form not in kept(world)


def test_it_is_not_in_the_log(world: OneType, capfd: pytest.CaptureFixture[str]) -> None:
    def say(ctx: JobContext) -> None:
        key = ctx.secret("KEY")
        ctx.logger.info("mine", extra={"key": key, "deep": {"key": [key]}})
        print(f"{'x' * 7_998}{key}")  # noqa: T201
        print('{"_aws": "' + key)  # noqa: T201
        print(key, file=sys.stderr)  # noqa: T201
        logging.getLogger("theirs").warning("with %s", key)
        try:
            int(key)
        except ValueError:
            ctx.logger.exception("failed")

    world.submit()
    world.script = [say]
    with written() as lines:
        world.poll()
    said = json.dumps(lines) + "".join(capfd.readouterr())
    assert world.job().status is Status.COMPLETED
    assert [line["message"] for line in lines].count("with [secret KEY]") == 1
    for form in (VALUE, repr(VALUE)[1:-1], json.dumps(VALUE)[1:-1], json.dumps(json.dumps(VALUE)[1:-1])[1:-1], 'k"e'):
        assert form not in said


def test_one_that_cannot_be_read_waits_without_an_attempt(world: OneType) -> None:
    world.submit()
    world.script = [lambda ctx: ctx.secret("LOST")]
    world.poll()
    job = world.job()
    assert (job.status, job.attempts, job.error_class) == (Status.RETRYING, 0, "SecretUnavailable")
    assert "LOST (nowhere in secretsmanager) cannot be read" in (job.error_message or "")


def test_a_name_that_is_not_declared_is_refused_with_those_that_are() -> None:
    secrets = DeclaredSecrets({"KEY": "billing"}, "dev", STORE)
    with pytest.raises(ConfigurationError, match=r"OTHER is not in the secrets .* declared: KEY"):
        secrets.read("OTHER")
    with pytest.raises(SecretUnavailable, match="billing in secretsmanager"):
        secrets.read("KEY")
