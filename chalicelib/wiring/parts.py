"""Keep the parts that the wiring has made, each once a process. The only reader of the environment."""

import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar, cast

from chalicelib.errors import ConfigurationError
from chalicelib.settings import Settings

T = TypeVar("T")
Clock = Callable[[], float]

NAMES = frozenset(
    {
        "settings", "clock", "job_store", "job_queue", "rate_windows", "counters", "token_store", "tokens",
        "job_service", "job_reader", "rate_limiter", "metrics", "uploads", "job_logs", "census", "canaries", "pausing",
        "watchdog_helpers", "stream_counter", "history", "acknowledgements", "platform_log", "secret_store",
        "bulk_rows", "background", "past_pauses",
        "schedules", "firings", "turns",
    }
)  # fmt: skip
made: dict[str, Any] = {}
_lock = threading.RLock()


def use(**parts: Any) -> None:
    """Forget everything made so far and use these parts instead; raises ConfigurationError for an unknown name."""
    unknown = sorted(parts.keys() - NAMES)
    if unknown:
        raise ConfigurationError(f"wiring knows no {', '.join(unknown)}; it knows {', '.join(sorted(NAMES))}")
    with _lock:
        made.clear()
        made.update(parts)


def reset() -> None:
    """Forget everything made so far, the settings too: the next call reads the environment again."""
    use()


def settings() -> Settings:
    """The environment, read once."""
    return once("settings", Settings.from_env)


def clock() -> Clock:
    """Return the clock, in seconds since the epoch."""
    return once("clock", lambda: time.time)


def once(name: str, make: Callable[[], T]) -> T:
    """Return the part of that name; make it when it is first asked for."""
    part = made.get(name)
    if part is None:
        with _lock:
            part = made.get(name)
            if part is None:
                part = made[name] = make()
    return cast("T", part)


def adapter(module: str, name: str) -> Any:
    """Import an adapter when it is first asked for: a process pays for what it uses."""
    return getattr(import_module(f"chalicelib.adapters.{module}"), name)(settings())
