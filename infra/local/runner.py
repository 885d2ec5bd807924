"""Start the platform and follow edits (`make dev`).

Ctrl-C stops the parts in order; a second Ctrl-C stops all at once.
"""

import json
import os
import queue
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from chalicelib.job_types.constants import DELIVER
from infra.cloud.package import own_code
from infra.local import descriptions
from infra.local.code import settings_file
from infra.local.code.edits import Watcher
from infra.local.errors import BrokenCode, CannotRun
from infra.local.options import Options
from infra.local.platform import Platform
from infra.local.state.file import StateFile
from infra.local.terminal import Terminal

TICK_SECONDS = 0.5
ECHO_SECONDS = 0.5
INTERRUPTED = 130


class Stop(BaseException):
    """A request to end the run. It is a BaseException, so that no `except Exception` catches it."""


def run() -> int:
    """Run until a signal; return the exit code."""
    try:
        options = Options.from_env()
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 1
    descriptions.share()  # the runner creates new clients after each edit
    signals = Signals()
    terminal = Terminal(options.stack)
    try:
        Runner(options, terminal).run()
    except Stop:
        return 0
    except (CannotRun, BrokenCode) as error:
        terminal.say(str(error), "bold red")
        return 1
    finally:
        signals.shut()
        terminal.close()


class Signals:
    """Raise Stop in the main thread at the first SIGINT, SIGTERM or SIGHUP; end this process at once at the next.

    No child process continues to run, because each child ends when its standard input, a pipe from this process,
    closes. The same signal may arrive twice, from the terminal and from a wrapper, so a second signal counts only after
    a moment. SIGHUP (the terminal was closed) never counts as a second signal, and is ignored if it was ignored before
    (`nohup`).
    """

    def __init__(self) -> None:
        self._first: float | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._handle)

    def shut(self) -> None:
        """Ignore further signals, so that no exception interrupts the end of the run."""
        self._first = self._first or time.monotonic()

    def _handle(self, number: int, frame: Any) -> None:  # noqa: ARG002
        now = time.monotonic()
        if self._first is None:
            self._first = now
            raise Stop
        if number != signal.SIGHUP and now - self._first > ECHO_SECONDS:
            os._exit(INTERRUPTED)


class Runner:
    """One run."""

    def __init__(self, options: Options, terminal: Terminal) -> None:
        self._options = options
        self._terminal = terminal
        self._state = StateFile(options.state_dir)
        self._platform = Platform(options, terminal)
        self._edits: queue.SimpleQueue[set[Path]] = queue.SimpleQueue()
        self._packages = own_code.packages(options.root)

    def run(self) -> NoReturn:
        """Start, follow edits, and on Stop or a fatal error stop everything."""
        self._state.claim()
        try:
            self._platform.start()
            self._watch()
            self._state.write(self._platform.state())
            self._terminal.say(banner(self._platform.state(), self._platform.described.types))
            self._tell(self._platform.notes)
            try:
                self._follow()
            finally:
                self._watcher.close()
        finally:
            self._state.remove()
            self._terminal.say("Stopping …", "dim")
            self._platform.close()

    def _follow(self) -> NoReturn:
        while True:
            try:
                edited = self._edits.get(timeout=TICK_SECONDS)
            except queue.Empty:
                self._attempt(self._platform.keep_alive)
                self._platform.obey_pauses()
                self._platform.work_off_bulk_actions()
                self._tell(self._platform.news())
            else:
                self._take(edited)
            self._follow_packages()
            self._state.write(self._platform.state())

    def _watch(self) -> None:
        self._watcher = Watcher(self._options.root, self._edits.put, self._options.settings)
        self._watcher.wait_until_watching()

    def _follow_packages(self) -> None:
        """Follow edits of a new package beside `handlers/`: its folder was not watched before it existed."""
        settings = self._options.settings
        there = own_code.packages(settings.parent if settings else self._options.root)
        if there == self._packages:
            return
        changed, self._packages = set(there) ^ set(self._packages), there
        if settings is None or self._attempt(lambda: settings_file.take(settings)):
            self._watcher.close()
            self._watch()
            self._reload({Path(name) for name in changed})

    def _take(self, edited: set[Path]) -> None:
        settings = self._options.settings
        if settings is not None and settings in edited:
            if self._attempt(lambda: settings_file.take(settings)):
                self._terminal.say(
                    f"Read: {settings.name} (built-in types; the rest counts at the next deploy)", "green"
                )
            edited = edited - {settings}
        if edited:
            self._reload(edited)

    def _reload(self, edited: set[Path]) -> None:
        names = ", ".join(sorted(self._name(path) for path in edited)[:5])
        if self._attempt(self._platform.reload):
            self._terminal.say(f"Reloaded: {names}", "green")
            self._tell(self._platform.notes)

    def _name(self, path: Path) -> str:
        """Return a file's path in the tree; for a file outside of the tree, only its name."""
        root = self._options.root
        return str(path.relative_to(root)) if path.is_relative_to(root) else path.name

    def _tell(self, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            self._terminal.say(sentence, "yellow")

    def _attempt(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except BrokenCode as error:
            self._terminal.say(f"\n{error}\nThe code before this edit still runs; queued jobs wait.\n", "bold red")
            return False
        return True


def banner(state: Mapping[str, Any], types: Mapping[str, Any]) -> str:
    """Return the text shown at the start: addresses, the token, and a command to paste."""
    # the example of a queue of Celery names no task of the application, so its job would fail
    working = {name: example for name, example in types.items() if not name.startswith("celery.")}
    name, example = next(iter((working or types).items()), ("", {}))
    body = json.dumps({"type": name, "payload": example}).replace("'", "'\\''")
    webhooks = "`jobflow webhooks listen` receives and prints what is delivered"
    if DELIVER not in types:
        webhooks = f"to try them, declare {DELIVER} (docs/webhooks.md#enable-it), then `jobflow webhooks listen`"
    rows = [
        f"JobFlow is up in {state['ready_seconds']} s",
        f"  API        {state['api']}   (docs: {state['api']}/docs)",
        f"  Console    {state['dashboard'] or 'not built: cd dashboard && npm ci && npm run build'}",
        f"  AWS        {state['aws']}   ({state['backend']})",
        f"  Token      {state['token']}",
        f"  Job types  {', '.join(types)}",
        f"  Webhooks   {webhooks}",
        "",
        f"  curl -sS {state['api']}/jobs -H 'Authorization: Bearer {state['token']}' \\",
        f"    -H 'Content-Type: application/json' -d '{body}'",
        "",
    ]
    return "\n".join(rows)
