"""Read the options of a run from the shell, once: ports, emulator, state folder, faults."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chalicelib.errors import ConfigurationError
from chalicelib.sessions.provider import provider_of
from chalicelib.settings import Settings
from chalicelib.traces.collector import collector
from infra.local.errors import CannotRun
from infra.local.state.folder import OF_A_PROJECT

ROOT = Path(__file__).parents[2]
BACKENDS = ("moto", "ministack")
PASSED_ON = (
    "JOBFLOW_FAULT_RATE", "JITTER", "LOG_LEVEL", "RATE_LIMIT_MAX", "RATE_LIMIT_WINDOW", "READ_UNITS_MAX", "MAIL_FROM",
    "MAIL_DOMAINS", "MAIL_DAILY_CAP", "MAIL_RATE", "CORS_ORIGIN", "INDEX_SHARDS", "INDEX_SHARDS_READ",
    "SIGN_IN",
    "OTLP_ENDPOINT", "TRACE_URL",
)  # fmt: skip
"""Settings of the functions that a developer may change in the shell. The definition sets all others."""


@dataclass(frozen=True, slots=True)
class Options:
    """One run of the platform. Port 0 uses a free one; `duplicate_rate` is the share of messages delivered twice.

    `watch`: serve the dashboard from its sources, and reload it when they change. `settings` is the jobflow.toml of a
    user's repository. `fresh`: do not restore the jobs of the last run.
    """

    root: Path
    state_dir: Path
    api_port: int
    aws_port: int
    dashboard_port: int
    backend: str
    stack: str
    concurrency: int
    duplicate_rate: float
    passed_on: Mapping[str, str]
    watch: bool = False
    settings: Path | None = None
    fresh: bool = False
    webhook_port: int = 8090
    """The port on which `jobflow webhooks listen` receives, on the loopback address."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None, root: Path = ROOT) -> "Options":
        """Read the environment; raises CannotRun with a sentence that names the variable."""
        env = os.environ if env is None else env
        _number(env, "JOBFLOW_KEEP_SECONDS", 60, 0.1, 86_400)  # the emulator reads it again
        return cls(
            root=root,
            state_dir=Path(env.get("JOBFLOW_STATE_DIR", root / OF_A_PROJECT)),
            api_port=_port(env, "API_PORT", 8000),
            aws_port=_port(env, "AWS_PORT", 4566),
            dashboard_port=_port(env, "DASHBOARD_PORT", 8080),
            backend=_backend(env),
            stack=env.get("JOBFLOW_STACK", "jobflow-dev"),
            concurrency=int(_number(env, "JOBFLOW_CONCURRENCY", 4, 1, 100)),
            duplicate_rate=_number(env, "JOBFLOW_DUPLICATE_RATE", 0, 0, 1),
            passed_on=_passed_on(env),
            watch=bool(_number(env, "WATCH", 0, 0, 1)),
            settings=Path(env["JOBFLOW_SETTINGS"]) if env.get("JOBFLOW_SETTINGS") else None,
            fresh=bool(_number(env, "FRESH", 0, 0, 1)),
            webhook_port=_port(env, "WEBHOOK_PORT", 8090),
        )


def _passed_on(env: Mapping[str, str]) -> Mapping[str, str]:
    found = {name: env[name] for name in PASSED_ON if env.get(name)}
    try:
        settings = Settings.from_env(found)
        provider_of(settings.sign_in, local=True)
        if settings.otlp_endpoint:
            collector(settings.otlp_endpoint, local=True)
    except ConfigurationError as error:
        raise CannotRun(f"{error}.") from error
    return found


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    return int(_number(env, name, default, 0, 65_535))


def _number(env: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = env.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise CannotRun(f"{name}={text!r}: must be a number between {low:g} and {high:g}.")
    return value


def _backend(env: Mapping[str, str]) -> str:
    backend = env.get("JOBFLOW_BACKEND") or BACKENDS[0]
    if backend not in BACKENDS:
        raise CannotRun(f"JOBFLOW_BACKEND={backend!r}: must be one of {', '.join(BACKENDS)}.")
    return backend
