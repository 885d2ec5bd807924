"""Give each port its adapter and each service its ports, made once a process at first use.

A test or a tool says `wiring.use(job_store=…, clock=…)`: what it gives is used, the rest is made as always.
`parts` keeps what was made and has the settings, `ports` makes the adapters, `services` what is made of them.
"""

from chalicelib.wiring.parts import clock, reset, settings, use
from chalicelib.wiring.ports import (
    acknowledgements,
    canaries,
    census,
    counter_rows,
    counters,
    job_logs,
    job_queue,
    job_store,
    known_types,
    pauses,
    platform_log,
    rate_windows,
    schedules,
    secret_store,
    token_store,
    uploads,
    watchdog_helpers,
)
from chalicelib.wiring.services import (
    firings,
    history,
    job_reader,
    job_service,
    metrics,
    pausing,
    rate_limiter,
    recount,
    stream_counter,
    tokens,
)

__all__ = [
    "acknowledgements",
    "canaries",
    "census",
    "clock",
    "counter_rows",
    "counters",
    "firings",
    "history",
    "job_logs",
    "job_queue",
    "job_reader",
    "job_service",
    "job_store",
    "known_types",
    "metrics",
    "pauses",
    "pausing",
    "platform_log",
    "rate_limiter",
    "rate_windows",
    "recount",
    "reset",
    "schedules",
    "secret_store",
    "settings",
    "stream_counter",
    "token_store",
    "tokens",
    "uploads",
    "use",
    "watchdog_helpers",
]
