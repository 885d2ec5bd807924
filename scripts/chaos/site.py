"""Start the stack under test: the real platform with only the soak's job types, behind the faulty proxy."""

import shutil
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from infra.local.lambdas.invocation import InvokeResult
from infra.local.lambdas.logs import LogLine
from infra.local.options import ROOT, Options
from infra.local.platform import Platform
from infra.local.terminal import parse
from scripts.chaos.wire import LAMBDA, Weather, Wire

COPIED = ("chalicelib", "infra")
"""Folders that are copied into the soak's tree, not linked, so that an edit during the soak has no effect on it."""
LINKED = ("app.py", ".chalice", "scripts", "requirements.txt")
TYPES = ("note", "keyed", "capped", "planned")
"""Ends of the names of the job types that `note.py` defines. `steps.py` defines another one."""
QUEUES = ("chaos-note", "chaos-keyed.fifo", "chaos-capped", "chaos-planned", "chaos-steps")
WORKERS = ("chaos-note", "chaos-keyed", "chaos-capped", "chaos-planned", "chaos-steps")
"""Ends of the names of the soak's workers."""
KILLED = (*WORKERS, "recount")
"""Ends of the names of the functions that are killed. The last one also processes bulk actions."""
COUNTED = frozenset(
    {
        "attempt.started", "attempt.completed", "attempt.error", "attempt.takeover", "attempt.late", "watchdog.ran",
        "watchdog.resent", "watchdog.redelivered",
        "job.stalled", "sweeper.removed", "claim.duplicate", "message.dropped", "dispatch.deferred", "job.give_up",
    }
)  # fmt: skip


class Events:
    """A sink that counts the platform's events, and completions by job and generation."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.completions: Counter[tuple[str, int]] = Counter()

    def __call__(self, line: LogLine) -> None:
        """Take a line of a function."""
        fields = parse(line.message) or {}
        name = str(fields.get("message"))
        if name in COUNTED:
            self.seen[name] += 1
        if name == "attempt.completed":
            self.completions[str(fields["job_id"]), int(fields["gen"])] += 1
        if "Runtime exited" in line.message or "Task timed out" in line.message:
            self.seen["environment lost"] += 1


Invoke = Callable[[str, Any], Coroutine[Any, Any, InvokeResult]]


def throttled(invoke: Invoke, weather: Weather) -> Invoke:
    """Return a version of `invoke` that refuses the worker's invocations while Lambda is unavailable."""

    async def invoke_or_refuse(name: str, event: Any) -> InvokeResult:
        if not name.endswith(WORKERS) or not weather.refuses(LAMBDA):
            return await invoke(name, event)
        error = {"errorType": "TooManyRequestsException", "errorMessage": "Rate Exceeded."}
        return InvokeResult(ok=False, request_id="", error=error)

    return invoke_or_refuse


class Stack(Platform):
    """The platform, whose functions and pollers reach the emulator through the faulty proxy."""

    def __init__(self, options: Options, events: Events, weather: Weather) -> None:
        super().__init__(options, events)
        self._weather = weather
        self._closing = threading.Event()

    def _emulate_and_describe(self) -> None:
        super()._emulate_and_describe()
        self.direct = self.aws
        wire = Wire(self.emulator.url, self._weather)
        self._parts.callback(wire.close)
        self.aws = {**self.aws, "AWS_ENDPOINT_URL": wire.url}

    def start(self) -> None:
        """Start every part, as Platform does."""
        super().start()
        service: Any = self._service
        service.invoke_async = throttled(service.invoke_async, self._weather)
        threading.Thread(target=self._go_on_with_bulk_actions, name="bulk", daemon=True).start()
        self._parts.callback(self._closing.set)

    def _go_on_with_bulk_actions(self) -> None:
        """Continue open bulk actions every second, as `make dev` does."""
        while not self._closing.wait(1.0):
            self.work_off_bulk_actions()

    def workers(self) -> list[tuple[str, int]]:
        """Return the function's name and the process id of every execution environment."""
        return [(name, pid) for name, pids in self._service.pids().items() for pid in pids]

    def api_pid(self) -> int | None:
        """Return the process id of the API."""
        return self._api.pid

    def variables(self) -> dict[str, str]:
        """Return the functions' environment variables, without the faulty proxy."""
        return {**self._variables, **self.direct}


def options(folder: Path) -> Options:
    """Make a tree with the soak's job types in `folder`; return options for the platform: free ports, no rate limit."""
    root = folder / "tree"
    (root / "handlers").mkdir(parents=True)
    (root / "handlers" / "__init__.py").touch()
    for name in TYPES:
        shutil.copy(Path(__file__).with_name("note.py"), root / "handlers" / f"chaos_{name}.py")
    shutil.copy(Path(__file__).with_name("steps.py"), root / "handlers" / "chaos_steps.py")
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in LINKED:
        if (ROOT / name).exists():
            (root / name).symlink_to(ROOT / name)
    environment = {
        "JOBFLOW_STATE_DIR": str(folder), "API_PORT": "0", "AWS_PORT": "0", "DASHBOARD_PORT": "0",
        "JOBFLOW_CONCURRENCY": "4", "JOBFLOW_DUPLICATE_RATE": "0.05",
        "RATE_LIMIT_MAX": "0",
    }  # fmt: skip
    return Options.from_env(environment, root)
