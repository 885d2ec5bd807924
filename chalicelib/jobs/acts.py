"""Write an operator's act to a short string in the job, and read it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import replace

from chalicelib.jobs.change import Change, Test
from chalicelib.jobs.constants import LONGEST_BY
from chalicelib.jobs.history import Act
from chalicelib.jobs.job import Job
from chalicelib.jobs.texts.errors import cut

RETRY, EDIT, CANCEL, RUN_NOW, DISCARD = "retry", "edit", "cancel", "run-now", "discard"
"""Acts of operators; EDIT is a retry with another payload."""
LETTERS: Mapping[str, str] = {RETRY: "r", EDIT: "e", CANCEL: "c", RUN_NOW: "n", DISCARD: "d"}
NAMES: Mapping[str, str] = {letter: name for name, letter in LETTERS.items()}
SHAPE = re.compile(r"(?P<letter>[a-z])(?P<gen>\d+)(?P<bulk>[*:])(?P<at>[\d.]+)\|(?P<by>.*)", re.DOTALL)


def written(act: Act) -> str:
    """Return an act as a string: "r2:1764162000.123|ada", with a star instead of the colon for a bulk action."""
    return f"{LETTERS[act.name]}{act.gen}{'*' if act.in_bulk else ':'}{act.at:.3f}|{cut(act.by, LONGEST_BY)}"


def last(job: Job) -> Act | None:
    """Return the last act of an operator on the job; None without an act, or if this version cannot read it."""
    found = SHAPE.fullmatch(job.acted or "")
    if found is None or found["letter"] not in NAMES:
        return None
    name, at, gen = NAMES[found["letter"]], float(found["at"]), int(found["gen"])
    return Act(name, at, found["by"], gen, in_bulk=found["bulk"] == "*", bulk=job.bulk)


def by_operator(change: Change, found: Job, act: Act) -> Change:
    """Return the change with the act; it is refused if an operator has acted on the job since the job was read.

    The earlier act is therefore replaced only after it was read and stored in a separate row.
    """
    tests = (*change.tests, Test("acted", "=", found.acted))
    return replace(change, tests=tests, values={**change.values, "acted": written(act), "bulk": act.bulk})
