"""The environment that is written is the environment that is read, name by name."""

from collections.abc import Iterator, Mapping

from chalicelib.settings import Settings
from infra.definition.lambdas.environment import (
    API_ONLY,
    BY_FUNCTION,
    BY_LAMBDA,
    BY_POWERTOOLS,
    DEVELOPMENT_ONLY,
    WATCHDOG_ONLY,
    environment,
    local_environment,
)


class Recording(Mapping[str, str]):
    """An environment that remembers which names were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values_ = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.values_[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)


LOCAL = local_environment("http://127.0.0.1:4566", "123456789012", "us-east-1")


def read_names() -> set[str]:
    recording = Recording(LOCAL)
    Settings.from_env(recording)
    return recording.asked - BY_LAMBDA


def test_cloud_writes_what_settings_read() -> None:
    assert (
        set(environment("jobflow-prod"))
        == read_names() - DEVELOPMENT_ONLY - API_ONLY - BY_FUNCTION - WATCHDOG_ONLY | BY_POWERTOOLS
    )


def test_laptop_writes_the_same_names() -> None:
    assert (
        set(LOCAL) == set(environment("jobflow-dev")) | {"CORS_ORIGIN", "CURSOR_SECRET"} | BY_FUNCTION | WATCHDOG_ONLY
    )


def test_another_stage_is_named_in_everything() -> None:
    written = local_environment("http://127.0.0.1:4566", "123456789012", "us-east-1", "jobflow-try")
    for name in ("JOBS_TABLE", "CONTROL_TABLE", "QUEUE_URL_PREFIX", "FILES_BUCKET"):
        assert "jobflow-try-" in written[name]
    assert written["STAGE"] == "try"
