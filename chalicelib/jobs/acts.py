"""Write what an operator did to a job into one short text of the job, and read it back. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.jobs.change import Change, Test
from chalicelib.jobs.job import Act, Job
from chalicelib.jobs.texts import cut

RETRY, EDIT, CANCEL, RUN_NOW, DISCARD = "retry", "edit", "cancel", "run-now", "discard"
"""Acts of operators; to edit is to retry with another payload."""
LETTERS: Mapping[str, str] = {RETRY: "r", EDIT: "e", CANCEL: "c", RUN_NOW: "n", DISCARD: "d"}
NAMES: Mapping[str, str] = {letter: name for name, letter in LETTERS.items()}
IN_BULK = "*"
LONGEST_BY = 60
"""Bytes of who it was: each change of the job pays for them."""


def written(act: Act) -> str:
    """Return the text of an act: "r*1764162000.123|ada"."""
    return f"{LETTERS[act.name]}{IN_BULK * act.in_bulk}{act.at:.3f}|{cut(act.by, LONGEST_BY)}"


def last(job: Job) -> Act | None:
    """Return what an operator did to the job last; None when nobody did anything.

    Only an operator begins a new run, so the last act belongs to the present one.
    """
    if job.acted is None:
        return None
    head, _, by = job.acted.partition("|")
    at = head[1:].lstrip(IN_BULK)
    return Act(NAMES[head[0]], float(at), by, job.gen, in_bulk=head[1:2] == IN_BULK)


def by_operator(change: Change, found: Job, act: Act) -> Change:
    """Return the change with who asked for it; refused when another operator has acted on the job since it was found.

    So no act takes the place of one that was not read, and written down, before.
    """
    tests = (*change.tests, Test("acted", "=", found.acted))
    return replace(change, tests=tests, values={**change.values, "acted": written(act)})
