"""The roles of a type that is paused by itself allow what its pause, its probe and its end ask for, no more."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from chalicelib.adapters import aws
from chalicelib.assembly import parts
from chalicelib.job_types.access import AwsAccess
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.jobtype import JobType
from infra.definition.iam import grants
from infra.definition.iam.calls import allows
from tests.chalicelib.api.support import only_types
from tests.infra.cloud.acting import REGION, Stage, stage
from tests.infra.cloud.rights.day import MAIL, TYPES, VARIABLES, created
from tests.support import Clock

PLAIN = next(kind for kind in TYPES if kind.name == "email.send")
down = False
"""Whether the provider of e-mails is down."""


def send(_payload: Any, _ctx: Any) -> None:
    """Send nothing."""
    if down:
        raise ConnectionError("the provider is down")


PAUSING: JobType[Any, Any] = replace(
    PLAIN, run=send, rate=None, access=AwsAccess(), pause_when=Failing(of=2), max_attempts=9
)
ALIKE = replace(PAUSING, pause_when=None)
GRANTED: Mapping[str, tuple[list[str], list[str]]] = {
    "email-send": (grants.worker(ALIKE), grants.worker(PAUSING)),
    "watchdog": (grants.watchdog([ALIKE]), grants.watchdog([PAUSING])),
    "api": (grants.api([ALIKE]), grants.api([PAUSING])),
}
"""What each function may do without the pause, and with it."""


def answer(**_: Any) -> AWSResponse:
    """Answer as Lambda does: the emulator has neither mappings nor functions."""
    raw: Any = io.BytesIO(b"{}")
    raw.stream = lambda *_args, **_kwargs: iter([b"{}"])
    return AWSResponse("https://lambda", 200, HTTPHeaders(), raw)


def fail_until_paused(acting: Stage) -> None:
    global down  # noqa: PLW0603 - what every attempt looks at
    down = True
    for _ in range(2):
        created(acting, PLAIN.name, MAIL)
        acting.work(PAUSING)
    down = False
    acting.watch()
    assert parts.auto_pauses.read(PLAIN.name).off


@pytest.fixture(scope="module")
def needed() -> Iterator[Mapping[str, Counter[str]]]:
    """A pause that ends by a job that completes, and one that an operator ends."""
    clock = Clock()
    with (
        only_types(PAUSING),
        pytest.MonkeyPatch.context() as environment,
        stage(environment, clock, **VARIABLES) as acting,
    ):
        aws.client("lambda", REGION).meta.events.register("before-send.lambda", answer)
        fail_until_paused(acting)
        clock.advance(65)
        created(acting, PLAIN.name, MAIL)
        assert acting.watch()["probed"] == 1
        acting.work(PAUSING)
        assert parts.auto_pauses.read(PLAIN.name).since is None
        acting.watch()
        clock.advance(200)
        fail_until_paused(acting)
        path = "/job-types/{job_type}/resume"
        assert acting.call("POST", f"/job-types/{PLAIN.name}/resume", None, path, job_type=PLAIN.name)[0] == 200
        acting.watch()
        yield acting.recorder.needed


@pytest.mark.parametrize("actor", GRANTED)
def test_the_pause_asks_for_all_that_it_adds_to_a_role_and_for_nothing_more(
    actor: str, needed: Mapping[str, Counter[str]]
) -> None:
    without, whole = GRANTED[actor]
    asked = [need for need in needed[actor] if not any(allows(granted, need) for granted in without)]
    assert asked, f"{actor} did nothing about it"
    assert [need for need in asked if not any(allows(granted, need) for granted in whole)] == []
    added = set(whole) - set(without)
    assert {granted for granted in added if any(allows(granted, need) for need in asked)} == added
