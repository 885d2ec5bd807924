"""Print results: JSON lines for programs, tables for people. Control codes in the texts of jobs have no effect."""

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import typer

from jobflow.plain import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

COLOURS = {
    "completed": "green",
    "failed": "red",
    "dead_letter": "red",
    "cancelled": "dim",
    "processing": "cyan",
    "retrying": "yellow",
    "suspended": "magenta",
    "blocked": "magenta",
    "scheduled": "blue",
}
"""The colour of each status; other statuses have none."""
Column = tuple[str, Callable[[Any], Any]]
LEAST_LAST = 20
"""Width, in characters, that the last column of a table has before the other columns are folded."""
BETWEEN = 2
"""Width, in characters, of the space behind each column."""


class Printer:
    """Print to standard output. `as_json`: each object is one line of JSON, with all its fields."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    @cached_property
    def console(self) -> "Console":
        """Return the console, which prints to the terminal."""
        from rich.console import Console

        class Piped(Console):
            def on_broken_pipe(self) -> None:  # such as `jobflow jobs show @last | head`; rich would exit with 1
                raise BrokenPipeError

        return Piped(highlight=False, soft_wrap=True)

    def rows(self, rows: Iterable[Any], columns: Sequence[Column], empty: str) -> None:
        """Print objects of one kind; if there are none, print `empty` instead of a table.

        The last column has the longest texts, so it gets the remaining width. If too little remains, all columns are
        folded between words, so that no text is cut, and an id can be copied. If the words do not fit side by side,
        each object has a line for each of its texts. A column without any text is left out.
        """
        if self.as_json:
            for row in rows:
                self.line(row)
            return
        found = list(rows)
        if not found:
            typer.echo(empty)
            return
        from rich.table import Table

        texts = [[shown(value(row)) for row in found] for _, value in columns]
        kept = [number for number, column in enumerate(texts) if any(column)]
        table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
        cells = [(columns[n][0], *texts[n]) for n in kept]
        widths = [max(len(line) for text in cell for line in text.split("\n")) for cell in cells]
        fits_in = sum(widths[:-1]) + BETWEEN * len(widths) + min(widths[-1], LEAST_LAST) <= self.console.width
        folded = None if fits_in else narrowed(widths, list(map(longest_word, cells)), self.console.width)
        if not fits_in and folded is None:
            self._one_below_another([[cell[n] for cell in cells] for n in range(len(found) + 1)])
            return
        for at, number in enumerate(kept):
            whole = fits_in and number != kept[-1]
            table.add_column(columns[number][0], overflow="fold", no_wrap=whole, width=folded[at] if folded else None)
        for row in zip(*(texts[number] for number in kept), strict=True):
            table.add_row(*map(self._cell, row))
        self.console.print(table)

    def _one_below_another(self, rows: Sequence[Sequence[str]]) -> None:
        """Print each row, after the first one with the headers, as lines of a header and a text."""
        from rich.table import Table

        headers, *others = rows
        for number, row in enumerate(others):
            table = Table.grid(padding=(0, BETWEEN, 0, 0))
            table.add_column(no_wrap=True, style="bold")
            table.add_column(overflow="fold")
            for header, text in zip(headers, row, strict=True):
                if text:
                    table.add_row(header, self._cell(text))
            if number:
                self.console.print()
            self.console.print(table)

    def newest(
        self, rows: Iterable[Any], limit: int, columns: Sequence[Column], empty: str, more: str = "--limit"
    ) -> None:
        """Print the first rows up to a limit; if there may be more, a table says so."""
        found = list(islice(rows, limit))
        self.rows(found, columns, empty)
        if len(found) == limit and not self.as_json:
            self.note(f"These are the newest {limit}. There may be more: {more} prints them.")

    def facts(self, thing: Any, facts: Iterable[tuple[str, Any]]) -> None:
        """Print one object: as JSON with all its fields, or as these facts, except None and empty texts."""
        if self.as_json:
            self.line(thing)
            return
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in facts:
            if value is not None and value != "":
                table.add_row(name, self._cell(shown(value)))
        self.console.print(table)

    def line(self, thing: Any) -> None:
        """Print one object as a line of JSON."""
        text = json.dumps(plain(thing), ensure_ascii=False)
        typer.echo(text if fits(text) else json.dumps(plain(thing)))

    def say(self, text: str) -> None:
        """Print a message for people; if a program reads standard output, the message goes to standard error."""
        typer.echo(safe(text), err=self.as_json)

    def note(self, text: str) -> None:
        """Print to standard error, also on a terminal: a message about what was done."""
        typer.echo(safe(text), err=True)

    def busy(self, text: str) -> "AbstractContextManager[Status]":
        """Show on the terminal that something takes time; show nothing if standard error is not a terminal."""
        from rich.console import Console

        return Console(stderr=True).status(text)

    @contextmanager
    def progress(self, text: str, total: int | None) -> "Iterator[Callable[[int, int | None], None]]":
        """Show a bar on the terminal. The yielded function takes the finished and the total number.

        In a pipe, nothing is shown.
        """
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(safe(text), total=total)
            yield lambda done, of: bar.update(task, completed=done, total=of)

    def _cell(self, text: str) -> Any:
        from rich.text import Text

        return Text(text, style=COLOURS.get(text, ""))


def longest_word(texts: Iterable[str]) -> int:
    """Return the length of the longest word in several texts."""
    return max((len(word) for text in texts for word in text.split()), default=0)


def narrowed(widths: Sequence[int], least: Sequence[int], most: int) -> list[int] | None:
    """Return widths of columns that fit into `most` characters, the widest ones narrowed; None if they cannot.

    `least` are the smallest widths.
    """
    found = list(widths)
    while sum(found) + BETWEEN * len(found) > most:
        wider = [number for number, width in enumerate(found) if width > least[number]]
        if not wider:
            return None
        found[max(wider, key=found.__getitem__)] -= 1
    return found


def fits(text: str) -> bool:
    """Return whether standard output can encode a text: some encodings lack letters."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def shown(value: Any) -> str:
    """Return a value as text for people."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, dict | list):
        return safe(json.dumps(plain(value), ensure_ascii=False, indent=2))
    return safe(str(value))


def safe(text: str) -> str:
    """Return text without control codes and direction overrides: an error message must not control the terminal."""
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} else "\ufffd" for c in text)
