"""Store the progress of a recount on the control table, so that the next invocation continues it."""

import base64
import json
import zlib
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from chalicelib.counters import keys
from chalicelib.counters.port import Additions, CounterTable, Row
from chalicelib.counters.recounting.drift import Tally

RUN = Row(keys.RECOUNT, "RUN")
SOURCE = "run"


class Phase(StrEnum):
    """The phase with which a recount continues."""

    IDLE = "idle"
    COUNTING = "counting"
    WAITING = "waiting"
    """Waiting for the stream to pass the canaries."""


@dataclass(frozen=True, slots=True)
class Run:
    """One recount. Times in seconds since the epoch; a process works on it until `busy_until`."""

    version: int = 0
    phase: Phase = Phase.IDLE
    began: float = 0.0
    released: float = 0.0
    busy_until: float = 0.0

    @property
    def id(self) -> str:
        """Return the run's name, which sorts by its start: 13 digits of milliseconds."""
        return _stamp(self.began)

    @property
    def canaries(self) -> str:
        """Return the name of the run's canaries.

        A second set of canaries gets another name, so that the two sets are not added up.
        """
        return _stamp(self.released)


@dataclass(slots=True)
class Part:
    """One part of the census: its counts, and the position."""

    number: int
    pages: int = 0
    position: str | None = None
    done: bool = False
    found: Tally = field(default_factory=dict)


@dataclass
class Progress:
    """Read and write the progress; refuse a write by a process if another process has written since."""

    rows: CounterTable

    def load(self) -> Run:
        """Return the stored run, or an idle one if there is none."""
        kept = self.rows.read(RUN)
        if not kept:
            return Run()
        times = {name: float(kept[name]) for name in ("began", "released", "busy_until")}
        return Run(int(kept["version"]), Phase(kept["phase"]), **times)

    def save(self, run: Run) -> Run | None:
        """Store the run with the next version; return it, or None if another process was faster."""
        later = replace(run, version=run.version + 1)
        place = f"{later.version:012}"
        facts = {**asdict(later), "phase": str(later.phase)}
        return later if self.rows.add(RUN, Additions(facts=facts), SOURCE, place, place) is None else None

    def part(self, run: Run, number: int) -> Part:
        """Return the run's progress in a part."""
        kept = self.rows.read(_row(number))
        if kept.get("run") != run.id:
            return Part(number)
        return Part(number, int(kept["pages"]), kept["position"] or None, bool(kept["done"]), _unpacked(kept["found"]))

    def keep(self, run: Run, part: Part) -> bool:
        """Store a part with all counts so far, in one write; False if another process has stored a later state."""
        facts = {
            "run": run.id,
            "pages": part.pages,
            "position": part.position or "",
            "done": int(part.done),
            "found": _packed(part.found),
        }
        place = f"{run.id}#{part.pages:09}#{int(part.done)}"
        return self.rows.add(_row(part.number), Additions(facts=facts), SOURCE, place, place) is None


def _stamp(at: float) -> str:
    return f"{round(at * 1000):013}"


def _row(number: int) -> Row:
    return Row(keys.RECOUNT, f"PART#{number}")


def _packed(found: Tally) -> str:
    """Compress the numbers: those of 100 types with a week's backlog have 250 KB, and a row has at most 400 KB."""
    return base64.b64encode(zlib.compress(json.dumps(found, separators=(",", ":")).encode())).decode()


def _unpacked(text: str) -> Tally:
    found = json.loads(zlib.decompress(base64.b64decode(text)))
    return {job_type: Counter(numbers) for job_type, numbers in found.items()}
