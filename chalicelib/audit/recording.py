"""Record a change: nothing is done before its entry is stored."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from chalicelib.audit import events
from chalicelib.audit.constants import MOST_NAMED, NAMED_AT_ONCE
from chalicelib.audit.port import Recorder
from chalicelib.audit.rule import End, Entry, Outcome, Thing, cut, entry_id, known_target, named
from chalicelib.errors import NotAudited
from chalicelib.side_by_side import side_by_side

RANDOM_BYTES = 6


@dataclass(frozen=True, slots=True)
class Change:
    """A change to record: the action, what it changes, who asks for it, from where and why. See Entry.

    `named` are things under which the change is also found, if there are at most MOST_NAMED.
    """

    action: str
    kind: str
    target: str
    principal: str
    label: str = ""
    ip: str = ""
    correlation_id: str = ""
    reason: str = ""
    bulk: str = ""
    version: str = ""
    named: Sequence[Thing] = ()


@dataclass(slots=True)
class Recorded:
    """A change that is under way; `answered` sets its end, which is otherwise `done`."""

    outcome: Outcome = Outcome.DONE
    status: int | None = None
    error: str | None = None
    target: str | None = None

    def answered(self, outcome: Outcome, status: int, error: str | None = None, target: str | None = None) -> None:
        """Set the end."""
        self.outcome, self.status, self.error, self.target = outcome, status, error, target


@contextmanager
def recorded(log: Recorder, clock: Callable[[], float], change: Change) -> Iterator[Recorded]:
    """Store an entry, let the block make the change, and store the outcome.

    Raises NotAudited before the block if the entry cannot be stored: an unrecorded change is not made. If the process
    dies in the block, or the outcome cannot be stored, the entry stays `begun`: the change may be done or not.
    """
    at = clock()
    entry = Entry(
        entry_id(at, secrets.token_hex(RANDOM_BYTES)), at, change.action, change.kind,
        known_target(change.kind, change.target), cut(change.principal), cut(change.label), cut(change.ip),
        cut(change.correlation_id), cut(change.reason), bulk=change.bulk, version=cut(change.version),
    )  # fmt: skip
    _begin(log, entry, change.named, clock)
    said = Recorded()
    try:
        yield said
    except BaseException:
        if said.outcome is Outcome.DONE:
            said.outcome = Outcome.FAILED
        _end(log, entry, End(said.outcome, clock(), said.status, said.error, said.target))
        raise
    _end(log, entry, End(said.outcome, clock(), said.status, said.error, said.target))


def _begin(log: Recorder, entry: Entry, things: Sequence[Thing], clock: Callable[[], float]) -> None:
    """Store the entry, and those of the named things; raises NotAudited."""
    begun = False
    try:
        log.begin(entry)
        begun = True
        if len(things) <= MOST_NAMED:
            side_by_side(log.begin, named(entry, things), NAMED_AT_ONCE)
    except Exception as error:
        events.not_recorded(entry, error)
        if begun:
            _end(log, entry, End(Outcome.REFUSED, clock(), error="not-audited"))
        raise NotAudited from error


def _end(log: Recorder, entry: Entry, end: End) -> None:
    try:
        log.end(entry, end)
    except Exception as error:
        # The change is made, or refused: the caller gets this answer.
        events.outcome_lost(entry, str(end.outcome), error)
