"""Write to the person who runs the command: with colours and a progress bar on a terminal, as plain lines in a log."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from infra.cloud.stack.changes import Change, summary
from infra.cloud.stack.events import Event
from infra.program import VARIABLE, spoken

COLOURS = {"add": "green", "modify": "yellow", "replace": "red", "remove": "red", "import": "green"}


class Terminal:
    """Print a deployment's messages; secrets go to standard output, everything else to standard error."""

    def __init__(self, console: Console | None = None, answers: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._answers = answers or Console(highlight=False)

    @property
    def private(self) -> bool:
        """Return whether standard output is a terminal, and not a log or a file."""
        return self._answers.is_terminal

    def say(self, text: str) -> None:
        """Print a line that names commands as the user typed them."""
        said = spoken(text, os.environ.get(VARIABLE, ""))
        self._console.print(Text(said), soft_wrap=True)

    def secret(self, text: str, value: str) -> None:
        """Print a value that is shown once; only the value goes to standard output."""
        self.say(text)
        self._answers.print(Text(value), soft_wrap=True)

    def diff(self, changes: Sequence[Change], costs: Mapping[str, float] | None = None) -> None:
        """Print what a change set would do; `costs` are in dollars a month, by logical id."""
        for change in changes:
            line = change.line((costs or {}).get(change.logical_id, 0.0))
            self._console.print(Text(line, style=COLOURS[change.kind]), soft_wrap=True)
        self.say(summary(changes))

    def table(self, title: str, rows: Mapping[str, str]) -> None:
        """Print names and values."""
        self._console.print(Text(title, style="bold"))
        width = max(map(len, rows))
        for name, value in rows.items():
            # print complete lines even on a narrow terminal, because users copy addresses from these lines
            self._console.print(Text(f"  {name:<{width}}  {value}"), soft_wrap=True)

    def ask(self, question: str) -> str:
        """Return the person's answer; an empty text if nobody can answer."""
        if not sys.stdin.isatty():
            return ""
        try:
            return self._console.input(Text(question)).strip()
        except EOFError:
            return ""

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Show that an operation takes a while."""
        with self._console.status(f"{text} …"):
            yield

    @contextmanager
    def progress(self, total: int) -> Iterator[Callable[[Event], None]]:
        """Show a bar that moves with every finished resource; failures are printed above it."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task("Changing the stack", total=total)
            done: set[str] = set()

            def seen(event: Event) -> None:
                bar.update(task, description=f"{event.resource} {event.status.lower().replace('_', ' ')}")
                if event.failed:
                    bar.console.print(Text(f"{event.resource}: {event.reason}", style="red"))
                if event.status.endswith("_COMPLETE"):
                    done.add(event.resource)
                    bar.update(task, completed=min(len(done), total))

            yield seen
