"""Read the environment once into a frozen value. This module reads the variables; `infra/definition/` sets them."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.errors import ConfigurationError

SHARDS = (4, 8, 16, 32, 64)
"""Numbers of partitions that an index group can have; the first is the default of a stage."""
DEVELOPMENT_KEY = "development"
"""The key that signs the rows of jobs on a laptop."""
TRACE_PLACE = "{trace_id}"
"""The place of a trace's id in the address at which traces are shown."""
_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
COLLECTOR = re.compile(rf"https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:{_PORT})?(/[!-~]*)?")
"""The form of an address for spans: with a host, without a user and a password."""
LOCAL_COLLECTOR = re.compile(rf"http://(127\.0\.0\.1|localhost):{_PORT}(/[!-~]*)?")
SHOWS_TRACES = re.compile(r"https?://[!-~]*")
RECEIVER = re.compile(r"127\.0\.0\.1:[0-9]{2,5}")
SHORTEST_KEY = 22
"""Minimum characters of any other master key: 128 bits as text."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of resources and limits of behaviour. Times in seconds, sizes in bytes."""

    stage: str
    region: str
    jobs_table: str
    control_table: str
    queue_url_prefix: str
    files_bucket: str
    mail_from: str
    cors_origin: str
    cursor_secret: str
    """The key of cursors. Only the API has it; it is empty in functions that write no cursors."""
    signing_key: str
    """Master keys for the rows of jobs, separated by commas; the first one signs. Workers have none."""
    signing_keys: str
    """Keys of a worker's own type and of the types that it makes jobs of."""
    unsigned_until: float
    """Rows of jobs that were created before this time (epoch seconds) need no signature."""
    jitter: str
    fault_rate: float
    rate_limit_max: int
    rate_limit_window: int
    read_units_max: int
    log_level: str
    partial_batch: bool
    event_sources: str = ""
    background_function: str = ""
    watchdog_function: str = ""
    alarm_topic: str = ""
    usage_by_tenant: tuple[str, ...] = ()
    """The job types whose use is also counted by tenant. Only the counters have it."""
    mail_domains: tuple[str, ...] = ()
    mail_daily_cap: int = 0
    mail_rate: int = 0
    sign_in: str = ""
    """The identity provider with which people sign in, as JSON (`sessions/provider.py`); empty: none. Only the API has
    it."""
    webhook_receiver: str = ""
    """Host and port of a receiver of webhooks on this laptop; always empty in a function that uses AWS itself."""
    traced: bool = False
    """Whether a job that belongs to no trace begins one, because the stage exports spans."""
    otlp_endpoint: str = ""
    """Where spans are posted; only the function that does it has it. Empty: nowhere. A wrong one stops nothing: it is
    refused by what posts, which then gives spans up."""
    otlp_secret: str = ""
    """The name of the secret with the headers that the collector demands; empty: none."""
    trace_url: str = ""
    """The address at which a trace is shown, with TRACE_PLACE in place of its id. Only the API has it."""
    index_shards: int = SHARDS[0]
    index_shards_read: int = SHARDS[0]

    @property
    def log_group_prefix(self) -> str:
        """Return the prefix of the workers' log groups: functions and queues share the stack's name."""
        return "/aws/lambda/" + self.queue_url_prefix.rsplit("/", 1)[-1]

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment; raises ConfigurationError that names the variable and the valid values."""
        env = os.environ if env is None else env
        settings = cls(
            stage=env.get("STAGE", "dev"),
            region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION", "us-east-1"),
            jobs_table=env.get("JOBS_TABLE", "jobflow-dev-jobs"),
            control_table=env.get("CONTROL_TABLE", "jobflow-dev-control"),
            queue_url_prefix=env.get("QUEUE_URL_PREFIX", ""),
            files_bucket=env.get("FILES_BUCKET", "jobflow-dev-files"),
            mail_from=env.get("MAIL_FROM", "jobs@example.com"),
            cors_origin=env.get("CORS_ORIGIN", "http://localhost:8080"),
            cursor_secret=env.get("CURSOR_SECRET", "development" if env.get("STAGE", "dev") == "dev" else ""),
            signing_key=_signing_key(env),
            signing_keys=env.get("SIGNING_KEYS", ""),
            unsigned_until=_number(env, "UNSIGNED_UNTIL", 0, 0, 10_000_000_000),
            jitter=_one_of(env, "JITTER", "full", "none"),
            fault_rate=_number(env, "JOBFLOW_FAULT_RATE", 0.0, 0.0, 1.0),
            rate_limit_max=int(_number(env, "RATE_LIMIT_MAX", 60, 0, 1_000_000)),
            read_units_max=int(_number(env, "READ_UNITS_MAX", 30_000, 0, 100_000_000)),
            rate_limit_window=int(_number(env, "RATE_LIMIT_WINDOW", 60, 1, 3600)),
            log_level=_one_of(env, "LOG_LEVEL", "INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL"),
            partial_batch=env.get("PARTIAL_BATCH", "") == "1",
            event_sources=env.get("EVENT_SOURCES", ""),
            background_function=env.get("BACKGROUND_FUNCTION", ""),
            watchdog_function=env.get("WATCHDOG_FUNCTION", ""),
            alarm_topic=env.get("ALARM_TOPIC", ""),
            usage_by_tenant=tuple(name for name in env.get("USAGE_BY_TENANT", "").split(",") if name),
            mail_domains=tuple(part.strip().lower() for part in env.get("MAIL_DOMAINS", "").split(",") if part.strip()),
            mail_rate=int(_number(env, "MAIL_RATE", 0, 0, 500)),
            sign_in=env.get("SIGN_IN", ""),
            webhook_receiver=_receiver(env),
            traced=env.get("TRACED", "") == "1" or bool(env.get("OTLP_ENDPOINT")),
            otlp_endpoint=env.get("OTLP_ENDPOINT", ""),
            otlp_secret=env.get("OTLP_SECRET", ""),
            trace_url=_trace_url(env),
            index_shards=_shards(env, "INDEX_SHARDS"),
            index_shards_read=_shards(env, "INDEX_SHARDS_READ"),
            mail_daily_cap=int(_number(env, "MAIL_DAILY_CAP", 0, 0, 1_000_000_000)),
        )
        if settings.stage != "dev" and settings.cursor_secret == "development":  # noqa: S105
            raise ConfigurationError("CURSOR_SECRET is 'development': a deployed stage needs its own secret")
        return settings

    def where_set(self, variable: str, parameter: str) -> str:
        """Return where a limit is set: a stage has parameters; a laptop has variables, and no event source mappings."""
        if self.event_sources:
            return f"the stage's parameter {parameter}"
        return f"start `jobflow dev` or `make dev` with {variable}=… (0: no limit)"


def _signing_key(env: Mapping[str, str]) -> str:
    develops = env.get("STAGE", "dev") == "dev"
    keys = env.get("SIGNING_KEY", DEVELOPMENT_KEY if develops and not env.get("SIGNING_KEYS") else "")
    if not develops and any(len(key) < SHORTEST_KEY for key in keys.split(",") if key):
        raise ConfigurationError(f"SIGNING_KEY: each key must have {SHORTEST_KEY} characters or more")
    return keys


def _receiver(env: Mapping[str, str]) -> str:
    """Return the receiver of a local platform: on the loopback address, and only if the AWS in use is there, too."""
    found = RECEIVER.fullmatch(env.get("WEBHOOK_RECEIVER", ""))
    local = env.get("AWS_ENDPOINT_URL", "").startswith(("http://127.0.0.1:", "http://localhost:"))
    return found[0] if found and local else ""


def _trace_url(env: Mapping[str, str]) -> str:
    url = env.get("TRACE_URL", "")
    if not url or (SHOWS_TRACES.fullmatch(url) and TRACE_PLACE in url):
        return url
    raise ConfigurationError(f"TRACE_URL={url!r}: must be a URL with {TRACE_PLACE} in it")


def _number(env: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = env.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise ConfigurationError(f"{name}={text!r}: must be a number between {low:g} and {high:g}")
    return value


def _shards(env: Mapping[str, str], name: str) -> int:
    allowed = [str(number) for number in SHARDS]
    return int(_one_of(env, name, *allowed))


def _one_of(env: Mapping[str, str], name: str, *allowed: str) -> str:
    value = env.get(name, allowed[0])
    if value not in allowed:
        raise ConfigurationError(f"{name}={value!r}: must be one of {', '.join(allowed)}")
    return value
