"""Run the same flows on the test kit and on the platform of `make dev`: the results must be equal."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

from chalicelib import JobType
from jobflow import JobFlow
from jobflow.testing import Platform
from tests.chalicelib.api.support import only_types
from tests.infra.local.running import Run


class Kit:
    """The calls of a client, on the test kit."""

    def __init__(self, kind: JobType[Any, Any]) -> None:
        self.platform = Platform(kind)
        self.submit, self.retry = self.platform.submit, self.platform.retry
        self.run_now, self.cancel = self.platform.run_now, self.platform.cancel

    def settled(self, made: Any) -> tuple[str, int, Any, list[str]]:
        """Return how a job ended: status, generation, result, and the outcomes of its unsuccessful attempts."""
        self.platform.advance(minutes=2)
        found = self.platform.job(made.id)
        return str(found.status), found.gen, found.result, [one.outcome for one in self.platform.attempts(made.id)]


class Local:
    """The client, on the local platform."""

    def __init__(self, client: JobFlow) -> None:
        self.client = client
        self.submit, self.retry = client.submit, client.retry
        self.run_now, self.cancel = client.run_now, client.cancel

    def settled(self, made: Any) -> tuple[str, int, Any, list[str]]:
        """See Kit."""
        found = self.client.wait(made.id, timeout=120)
        failed = [str(one.outcome) for one in found.attempt_history if one.outcome != "completed"]
        return str(found.status), found.gen, found.result, failed


@pytest.fixture(params=["kit", "local"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    if request.param == "kit":
        with only_types():  # the file declares the type when it is imported
            flow_probe = import_module("tests.flow.probe").flow_probe
        with only_types(flow_probe):
            yield Kit(flow_probe)
        return
    run: Run = request.getfixturevalue("run")
    monkeypatch.setenv("JOBFLOW_STATE_DIR", str(run.folder))
    with JobFlow() as client:
        yield Local(client)


def submitted(world: Any, payload: dict[str, Any], **asked: Any) -> Any:
    """A job of the probe."""
    return world.submit("flow.probe", payload, **asked)


def dead(world: Any) -> Any:
    """A job that used up its attempts, and is run again with another payload."""
    made = submitted(world, {"fail": 9}, max_attempts=1)
    assert world.settled(made) == ("dead_letter", 1, None, ["error"])
    return world.retry(made.id, {})


def later(world: Any) -> Any:
    """A job for later, whose wait is ended by hand."""
    made = submitted(world, {}, delay=3600)
    world.run_now(made.id)
    return made


def stopped(world: Any) -> Any:
    """A job for later that is cancelled."""
    made = submitted(world, {}, delay=3600)
    world.cancel(made.id)
    return made


def replaced(world: Any) -> Any:
    """A job with a debounce key, replaced while it waits; its wait is ended by hand."""
    first = submitted(world, {"fail": 9}, debounce=("alike", 3600))
    again = submitted(world, {}, debounce=("alike", 3600))
    assert first.id == again.id
    world.run_now(again.id)
    return again


def repeated(world: Any) -> Any:
    """A request that is repeated with its key."""
    first = submitted(world, {}, key="alike-1")
    assert submitted(world, {}, key="alike-1").id == first.id
    return first


FLOWS: list[tuple[Callable[[Any], Any], tuple[str, int, Any, list[str]]]] = [
    (lambda world: submitted(world, {}), ("completed", 1, {"attempt": 1}, [])),
    (lambda world: submitted(world, {"fail": 1}), ("completed", 1, {"attempt": 2}, ["error"])),
    (lambda world: submitted(world, {"fail": 1, "how": "permanent"}), ("failed", 1, None, ["permanent_error"])),
    (dead, ("completed", 2, {"attempt": 1}, ["error"])),
    (later, ("completed", 1, {"attempt": 1}, [])),
    (stopped, ("cancelled", 1, None, [])),
    (replaced, ("completed", 2, {"attempt": 1}, [])),
    (repeated, ("completed", 1, {"attempt": 1}, [])),
]  # fmt: skip


@pytest.mark.parametrize(("flow", "end"), FLOWS)
def test_a_flow_ends_alike_in_the_kit_and_on_the_platform(world: Any, flow: Callable[[Any], Any], end: Any) -> None:
    assert world.settled(flow(world)) == end
