"""Read the options of a run from the shell, once: ports, emulator, state folder, faults."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.errors import ConfigurationError
from chalicelib.sessions.provider import provider_of
from chalicelib.settings import Settings
from chalicelib.traces.collector import collector
from infra.local.errors import CannotRun
from infra.local.state.folder import OF_A_PROJECT

ROOT = Path(__file__).parents[2]
Port = Annotated[int, Field(ge=0, le=65_535)]
PASSED_ON = (
    "JOBFLOW_FAULT_RATE", "JITTER", "LOG_LEVEL", "RATE_LIMIT_MAX", "RATE_LIMIT_WINDOW", "READ_UNITS_MAX", "MAIL_FROM",
    "MAIL_DOMAINS", "MAIL_DAILY_CAP", "MAIL_RATE", "CORS_ORIGIN", "INDEX_SHARDS", "INDEX_SHARDS_READ",
    "SIGN_IN",
    "OTLP_ENDPOINT", "TRACE_URL",
)  # fmt: skip
"""Settings of the functions that a developer may change in the shell. The definition sets all others."""


class Options(BaseModel):
    """One run of the platform. Port 0 uses a free one; `duplicate_rate` is the share of messages delivered twice.

    `watch`: serve the dashboard from its sources, and reload it when they change. `settings` is the jobflow.toml of a
    user's repository. `fresh`: do not restore the jobs of the last run.
    """

    model_config = ConfigDict(frozen=True)

    root: Path
    passed_on: Mapping[str, str]
    state_dir: Path = Field(alias="JOBFLOW_STATE_DIR")
    api_port: Port = Field(8000, alias="API_PORT")
    aws_port: Port = Field(4566, alias="AWS_PORT")
    dashboard_port: Port = Field(8080, alias="DASHBOARD_PORT")
    backend: Literal["moto", "ministack"] = Field("moto", alias="JOBFLOW_BACKEND")
    stack: str = Field("jobflow-dev", alias="JOBFLOW_STACK")
    concurrency: int = Field(4, alias="JOBFLOW_CONCURRENCY", ge=1, le=100)
    duplicate_rate: float = Field(0.0, alias="JOBFLOW_DUPLICATE_RATE", ge=0, le=1)
    watch: bool = Field(False, alias="WATCH")
    settings: Path | None = Field(None, alias="JOBFLOW_SETTINGS")
    fresh: bool = Field(False, alias="FRESH")
    webhook_port: Port = Field(8090, alias="WEBHOOK_PORT")
    """The port on which `jobflow webhooks listen` receives, on the loopback address."""
    keep_seconds: float = Field(60.0, alias="JOBFLOW_KEEP_SECONDS", ge=0.1, le=86_400)
    """The emulator reads it again."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None, root: Path = ROOT) -> "Options":
        """Read the environment; raises CannotRun with a sentence that names the variable."""
        env = os.environ if env is None else env
        variables = [field.alias for field in cls.model_fields.values() if field.alias is not None]
        given = {name: value for name in variables if (value := env.get(name))}
        own = {"root": root, "passed_on": _passed_on(env), "JOBFLOW_STATE_DIR": root / OF_A_PROJECT}
        try:
            return cls.model_validate({**own, **given})
        except ValidationError as error:
            wrong = error.errors()[0]
            raise CannotRun(f"{wrong['loc'][0]}={wrong['input']!r}: {wrong['msg']}.") from error


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
