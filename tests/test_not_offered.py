"""Each row of docs/not-offered.md is true: what it names is refused by the code, or is not there."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from chalicelib.api.http.body import MOST_BYTES
from chalicelib.api.models.schemas import NewJob
from chalicelib.errors import ConfigurationError, PermanentError
from chalicelib.jobs.limits import LARGEST_BODY, SAFETY
from chalicelib.jobs.types.jobtype import job
from chalicelib.telemetry.capture import captured
from chalicelib.worker.context import PROGRESS_EVERY, JobContext
from chalicelib.worker.message_fate import TO_DEAD_LETTERS
from chalicelib.worker.result import as_json
from infra.definition.template import resources
from tests.support import built_in, written

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "not-offered.md").read_text()
ROWS = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|$", PAGE, re.MULTILINE))
ROWS.pop("not offered", None)


class Note(BaseModel):
    """A payload."""

    text: str = ""


class Guarded(BaseModel):
    """A payload with a secret."""

    key: SecretStr


def plain(_: Note, __: JobContext) -> None:
    """Do nothing."""


async def later(_: Note, __: JobContext) -> None:
    """Do nothing, later."""


def guarded(_: Guarded, __: JobContext) -> None:
    """Do nothing with a secret."""


def refused(function: Callable[..., Any], **settings: Any) -> str:
    with pytest.raises(ConfigurationError) as error:
        job("test.note", **settings)(function)
    return str(error.value)


def stack() -> dict[str, Any]:
    """The stack's resources, by name."""
    return resources(built_in(), "jobflow-prod")


def of_type(kind: str) -> list[dict[str, Any]]:
    return [found.get("Properties", {}) for found in stack().values() if found.get("Type") == kind]


def order_is_not_promised() -> None:
    queues = of_type("AWS::SQS::Queue")
    assert queues
    assert not [queue for queue in queues if "FifoQueue" in queue]


def a_key_goes_on() -> None:
    """tests/chalicelib/worker/together/test_in_order.py plays it."""
    assert TO_DEAD_LETTERS.over, "what follows in the batch does not wait for it"


def a_second_run_has_the_same_key() -> None:
    order_is_not_promised()
    assert get_type_hints(JobContext.idempotency_key.fget)["return"] is str  # type: ignore[attr-defined]
    assert "delivery.md" in ROWS["exactly-once execution"]


def a_long_job_is_refused() -> None:
    assert "timeout must be between 6 and 900" in refused(plain, timeout=901)
    assert "5 s less" in ROWS["a job longer than 15 minutes"]
    assert SAFETY == 5


def a_job_has_no_priority() -> None:
    with pytest.raises(ValidationError, match="priority"):
        NewJob.model_validate({"type": "test.note", "payload": {}, "priority": 1})
    with pytest.raises(TypeError, match="priority"):
        job("test.note", priority=1)(plain)  # type: ignore[call-arg]


def a_coroutine_is_refused() -> None:
    assert "a plain `def`" in refused(later)


def a_secret_is_refused() -> None:
    assert "key is a secret" in refused(guarded)


def large_bodies_are_refused() -> None:
    assert (MOST_BYTES, LARGEST_BODY) == (256 * 1024, 5_000_000)
    with pytest.raises(PermanentError, match="Store it in S3"):
        as_json("x" * LARGEST_BODY)


def progress_is_written_every_five_seconds() -> None:
    assert PROGRESS_EVERY == 5


def another_process_writes_past_the_jobs_lines() -> None:
    with written() as lines, captured():
        sys.stdout.write("mine\n")
        subprocess.run([sys.executable, "-c", "print('not mine')"], check=True)
    assert [line["message"] for line in lines] == ["mine"]


def a_stage_has_one_region() -> None:
    assert not of_type("AWS::DynamoDB::GlobalTable")
    assert of_type("AWS::DynamoDB::Table")


def functions_are_zips() -> None:
    functions = of_type("AWS::Serverless::Function")
    assert functions
    assert not [function for function in functions if {"ImageUri", "ImageConfig", "PackageType"} & function.keys()]
    with pytest.raises(TypeError, match="image"):
        job("test.note", image="x")(plain)  # type: ignore[call-arg]


def there_are_tokens_and_no_more() -> None:
    kinds = {found["Type"].split("::")[1] for found in stack().values() if "Type" in found}
    assert "DynamoDB" in kinds
    assert not kinds & {"Cognito", "KMS", "XRay"}
    functions = of_type("AWS::Serverless::Function") + of_type("AWS::Lambda::Function")
    assert functions
    assert not [function for function in functions if {"Tracing", "TracingConfig"} & function.keys()]


CHECKS: dict[str, Callable[[], None]] = {
    "the exact order of all jobs of a type": order_is_not_promised,
    "a key that stops at its dead letter": a_key_goes_on,
    "exactly-once execution": a_second_run_has_the_same_key,
    "a job longer than 15 minutes": a_long_job_is_refused,
    "priorities within a type": a_job_has_no_priority,
    "`async def` job functions": a_coroutine_is_refused,
    "secrets in a payload": a_secret_is_refused,
    "payloads over 256 KB, results over 5 MB": large_bodies_are_refused,
    "progress more often than every 5 seconds": progress_is_written_every_five_seconds,
    "the output of other processes and of a killed worker": another_process_writes_past_the_jobs_lines,
    "more than one region per stage": a_stage_has_one_region,
    "container images as functions": functions_are_zips,
    "users with passwords, single sign-on, X-Ray": there_are_tokens_and_no_more,
}


def test_every_row_has_its_check() -> None:
    assert set(CHECKS) == set(ROWS)


@pytest.mark.parametrize("row", CHECKS)
def test_what_is_said_not_to_be_offered_is_not(row: str) -> None:
    CHECKS[row]()


@pytest.mark.parametrize("page", ["../README.md", "develop.md", "delivery.md"])
def test_a_reader_finds_the_page(page: str) -> None:
    text = (DOCS / page).read_text()
    assert "not-offered.md" in text, f"{page} does not lead to docs/not-offered.md"
