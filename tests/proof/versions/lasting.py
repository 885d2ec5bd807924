"""Follow jobs with steps that sleep, and wait for events, while a version is deployed over another, or rolled back."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.proof.versions.stage import Player, Stage

LASTING = "lasting"
TYPE = f"two.{LASTING}"
BEFORE, SINCE = "2", "3"
"""The versions of the runs that each of the two versions begins: see `lasting_note`."""
STEPS: Mapping[str, list[str]] = {BEFORE: ["first", "second", "third"], SINCE: ["first", "second", "new", "third"]}
NAPS = (30, 1000, 9000)
"""Seconds: within one moment of the deploy, into the next one, and beyond both."""
REMOVED = "VersionRemoved"
ENDED = frozenset({"completed", "failed", "dead_letter", "cancelled"})


@dataclass
class LastingJobs:
    """The jobs; `newest` is the version of the code that can continue all of their runs."""

    stage: Stage
    newest: Player
    jobs: dict[str, str] = field(default_factory=dict)
    """The ids, by name."""
    posted: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def ask(self, when: str) -> None:
        """Request jobs; the event of the first one comes before the job waits for it."""
        for place, nap in enumerate(NAPS):
            name = f"{LASTING} {place} {when}"
            body = {"type": TYPE, "payload": {"name": name, "nap": nap}}
            answer = self.stage.request("POST", "/jobs", body, key=name.replace(" ", "-"))
            self.jobs[name] = str(answer.get("id"))
        self.post(f"0 {when}")

    def post(self, of: str = "") -> None:
        """Post the events of the jobs with these names that have none yet."""
        for name, job_id in self.jobs.items():
            if of in name and name not in self.posted:
                answer = self.stage.request("POST", f"/jobs/{job_id}/events/approved", {"data": {"by": "ada"}})
                self.posted.add(name)
                if answer["status_code"] not in (200, 202):
                    self.wrong.append(f"the event of {name} was answered with {answer}")

    def at_rest(self) -> bool:
        """Return whether each job has ended, or waits for a version that the present code does not know."""
        return all(job["status"] in ENDED or self._refused(job) for job in self._found())

    def left_alone(self) -> Iterator[str]:
        """Check what a rollback leaves behind: runs of the newer version wait, and none of them was called or lost."""
        versions = self._versions()
        for job in self._found():
            if job["status"] not in ENDED and (not self._refused(job) or versions[job["id"]] != {SINCE}):
                yield f"{job['id']} of version {versions[job['id']]} is {job['status']} ({job['error_class']})"
            if job["status"] not in ENDED and job["attempts"]:
                yield f"{job['id']} has spent {job['attempts']} attempts on code that cannot run it"

    def broken(self) -> Iterator[str]:
        """Check at the end that each run kept its version, ran each step once, and got its event."""
        yield from self.wrong
        steps, versions = defaultdict[str, Counter[str]](Counter), self._versions()
        for job_id, what, name, by in self._lines():
            if what == "step":
                steps[job_id][name] += 1
            elif name == SINCE and by == "old":
                yield f"{job_id} of version {name} was called by the code before it"
        names = {job_id: name for name, job_id in self.jobs.items()}
        for job in self._found():
            name, [version, *others] = names[job["id"]], sorted(versions[job["id"]]) or [""]
            wanted = STEPS.get(version, [])
            if others:
                yield f"{name} was run in the versions {version} and {others}"
            if (job["status"], job["result"]) != ("completed", f"{name}: {' '.join(wanted)} ada"):
                yield f"{name} is {job['status']} ({job['error_class']}) with the result {job['result']!r}"
            if steps[job["id"]] != Counter(wanted):
                yield f"{name} has run its steps {dict(steps[job['id']])} times"
        if {*map(tuple, versions.values())} != {(BEFORE,), (SINCE,)}:
            yield f"runs of both versions should be on their way, not {set(map(tuple, versions.values()))}"

    def _refused(self, job: Mapping[str, Any]) -> bool:
        unknown = self.newest not in self.stage.at_work[LASTING] and SINCE in self._versions()[job["id"]]
        return unknown and job["error_class"] == REMOVED

    def _found(self) -> list[Mapping[str, Any]]:
        return [self.stage.request("GET", f"/jobs/{job_id}") for job_id in self.jobs.values()]

    def _versions(self) -> dict[str, set[str]]:
        found = defaultdict[str, set[str]](set)
        for job_id, what, name, _ in self._lines():
            if what == "version":
                found[job_id].add(name)
        return found

    def _lines(self) -> Iterator[list[str]]:
        for line in self.stage.runs.read_text().splitlines():
            words = line.split(" ")
            if len(words) == 4:
                yield words
