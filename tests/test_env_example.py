"""Check that `.env.example` names every variable that the settings and `make dev` read, and works unchanged."""

from pathlib import Path

from chalicelib.settings import Settings
from infra.local.options import Options

ROOT = Path(__file__).parents[1]
LINES = (ROOT / ".env.example").read_text().splitlines()
EXAMPLE = dict(line.split("=", 1) for line in LINES if line and not line.startswith("#"))


class Recorder(dict[str, str]):
    """An environment that records which variables are read."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.read = set[str]()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.read.add(name)
        return super().get(name, default)


def test_every_variable_that_is_read_is_named() -> None:
    env = Recorder(EXAMPLE)
    Options.from_env(env, ROOT)
    Settings.from_env(env)
    assert env.read - {"AWS_REGION"} <= EXAMPLE.keys()


def test_it_works_as_it_is_and_says_the_defaults() -> None:
    assert Options.from_env(EXAMPLE, ROOT).api_port == Options.from_env({}, ROOT).api_port
    given, default = Settings.from_env(EXAMPLE), Settings.from_env({})
    assert (given.rate_limit_max, given.mail_from) == (default.rate_limit_max, default.mail_from)
