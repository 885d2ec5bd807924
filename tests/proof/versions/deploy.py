"""Deploy a version over another while jobs are active, and check the results of the jobs.

The second version finishes jobs that the first version made; in between, both process the same jobs. Nothing here
depends on which of the two versions is older: in the other direction, the deploy is a rollback.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.proof.promises import DIES, VERSIONS, plays
from tests.proof.versions import lasting
from tests.proof.versions.lasting import LastingJobs
from tests.proof.versions.stage import API, COUNTERS, HANDLERS, RECOUNT, WATCHDOG, Player, Stage, stage
from tests.proof.versions.trees import lay

ENDED = frozenset({"completed", "failed", "dead_letter", "cancelled"})
ATTEMPTS = 3
EVERY = 300.0
"""Seconds between two firings."""
MOST_TURNS = 150
COUNTED = {"completed_jobs": "completed", "failed_jobs": "failed", "dead_letter_jobs": "dead_letter"}
SAME = ("status", "gen", "attempts", "payload", "result", "created_at", "finished_at")
"""The data about a job that both versions report."""
RENAMED = ("attempts", "attempta")
DOES: Mapping[str, Sequence[str]] = {
    "ok": [], "errs": ["err", "err"], "dead": ["err"] * ATTEMPTS, "perm": ["perm"], "soon": ["soon", "err"],
    "later": ["later", "err"], "oom": ["oom"], "child": ["child"], "nap": ["nap", "err", "err"],
    "long nap": ["err", "err", "long nap", "err"],
}  # fmt: skip

NAPS = ("nap", "long nap")
"""The function keeps a step and sleeps: the job is suspended, and no attempt is recorded."""
BUSY = (API, WATCHDOG, COUNTERS, "plain", "keyed", "lasting")
"""The functions that both versions must have run."""

plays("V", range(1, 13), (VERSIONS,))
plays("V", (1, 2, 3, 4, 5, 6, 9, 10, 12), (DIES,))


@dataclass
class Play:
    """A deploy. `jobs` has the job id in the answer to each request, by key, and `bodies` the requests."""

    stage: Stage
    first: Player
    second: Player
    of_each: int = 2
    """Jobs of each kind, at each moment."""
    jobs: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    lasting: LastingJobs = field(init=False)
    wrong: list[str] = field(default_factory=list)
    bulk: list[str] = field(default_factory=list)
    keyed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The jobs of each key, in the order of their requests."""

    def __post_init__(self) -> None:
        newest = next(player for player in self.stage.players if player.name == "new")
        self.lasting = LastingJobs(self.stage, newest)

    def run(self) -> Sequence[str]:
        """Run the test; return what is wrong."""
        functions = [API, *HANDLERS]
        self.stage.at_work = {name: [self.first] for name in functions}
        began = self.stage.now
        self._ask("before")
        self.lasting.ask("before")
        self._live(6)
        self.stage.mortal = frozenset({API, WATCHDOG, RECOUNT, COUNTERS})
        for name in self.stage.rng.sample(functions, len(functions)):
            self.stage.at_work[name] = [self.first, self.second]
        self._ask_again(self.second)
        self._ask("meanwhile")
        self.lasting.ask("meanwhile")
        self._live(10)
        self.lasting.post("1 before")
        self._live(10)
        self._stop()
        self._retry_in_bulk(self.first, self.second)
        self._live(8)
        self._retry_in_bulk(self.second, self.first)
        for name in self.stage.rng.sample(functions, len(functions)):
            self.stage.at_work[name] = [self.second]
            self._live(1)
        self._ask_again(self.second)
        self._ask("after")
        self.lasting.ask("after")
        self._stop()
        self.stage.mortal = frozenset()
        self.lasting.post("1 meanwhile")
        for name in ("default", "alone"):
            self.stage.request("POST", f"/schedules/two.planned-{name}/pause")
        stopped = self.stage.now
        self._live(5)
        self.lasting.post()
        self._rest()
        self.wrong += self.lasting.left_alone()
        self.stage.at_work["lasting"] = [self.lasting.newest]
        self._rest()
        self.wrong += [*self.lasting.broken(), *self.stage.errors]
        idle = [name for name in BUSY if len(self.stage.done_by[name]) < 2]
        self.wrong += [f"both versions should work as {idle}"] if idle else []
        self.wrong += [
            *self._each(stopped),
            *self._counted(),
            *self._in_order(),
            *self._fired(began, stopped),
            *self._acted(),
        ]
        return self.wrong

    # ---- what clients and operators do

    def _ask(self, when: str) -> None:
        """Request jobs of every kind, each with a key."""
        for what, does in DOES.items():
            for number in range(self.of_each):
                self._post("plain", f"{what} {number} {when}", does=does)
        self._post("plain", f"large {when}", ballast="x" * 150_000)
        self._post("plain", f"delayed {when}", delay_seconds=1000)
        self._post("plain", f"to be stopped {when}", delay_seconds=40_000)
        for number, does in enumerate((["err"], ["oom"], ["soon"], [], ["oom"], [])):
            key = f"key {number % 2}"
            self.keyed[key].append(self._post("keyed", f"{key}, {number} {when}", does=does, key=key))
        for number in range(2):
            self._post("unique", "the only one", request=f"unique {number} {when}")
            self._post("plain", f"quiet {number} {when}", debounce={"key": "quiet", "seconds": 700})
        self._same("unique", "unique ")
        self._same("debounced", "quiet ")

    def _post(
        self, kind: str, name: str, *, request: str = "", does: Sequence[str] = (), key: str = "", ballast: str = "",
        **fields: Any,
    ) -> str:  # fmt: skip
        payload = {"name": name, "does": does, "ballast": ballast, "key": key}
        self.bodies[request or name] = {"type": f"two.{kind}", "payload": payload, **fields}
        return self._send(request or name)

    def _send(self, request: str, by: Player | None = None) -> str:
        answer = self.stage.request("POST", "/jobs", self.bodies[request], key=request.replace(" ", "-"), by=by)
        if answer["status_code"] not in (200, 201):
            self.wrong.append(f"{request} was answered with {answer}")
        found = str(answer.get("id"))
        if self.jobs.setdefault(request, found) != found:
            self.wrong.append(f"one key made two jobs: {request} {self.jobs[request]} and {found}")
        return found

    def _ask_again(self, by: Player) -> None:
        """Repeat every request at the other version: the answer must be the key's job."""
        for request in list(self.bodies):
            self._send(request, by)

    def _same(self, what: str, prefix: str) -> None:
        """Check that the requests of one moment for one unique job got one job."""
        for when in ("before", "meanwhile", "after"):
            of = {self.jobs[name] for name in self.jobs if name.startswith(prefix) and name.endswith(when)}
            if len(of) > 1:
                self.wrong.append(f"{len(of)} {what} jobs were made {when}")

    def _stop(self) -> None:
        """Stop the jobs that wait for half a day."""
        for request, job_id in self.jobs.items():
            if request.startswith("to be stopped"):
                self.stage.request("POST", f"/jobs/{job_id}/cancel")

    def _retry_in_bulk(self, by: Player, other: Player) -> None:
        """Retry all failed jobs so far: one version begins, and the other one continues."""
        ids = [job_id for request, job_id in self.jobs.items() if not request.startswith("to be stopped")]
        mortal, self.stage.mortal = self.stage.mortal, frozenset()  # such a request has no key
        answer = self.stage.request("POST", "/bulk", {"action": "retry", "ids": sorted(set(ids))}, by=by)
        self.stage.mortal, self.stage.at_work[RECOUNT] = mortal, [other]
        self.bulk.append(answer["id"])
        self._live(4)

    # ---- time

    def _live(self, turns: int) -> None:
        for _ in range(turns):
            self.stage.turn()
            self.stage.advance(self.stage.rng.choice((5, 30, 61, 200)))

    def _rest(self) -> None:
        """Continue until every job has ended, and the watchdog has cleaned up."""
        idle = 0
        for _ in range(MOST_TURNS):
            idle = 0 if self.stage.turn() else idle + 1
            if idle > 3 and self._at_rest():
                break
            self.stage.advance(min(5.0 * 2 ** min(idle, 8), 600.0))
        for _ in range(4):
            self.stage.advance(130)
            self.stage.turn()

    def _at_rest(self) -> bool:
        unfinished = (job["type"] for job in self._listed() if job["status"] not in ENDED)
        if any(map(self.stage.waiting, ("plain", "keyed", "unique", "planned"))) or {*unfinished} - {lasting.TYPE}:
            return False
        return self.lasting.at_rest()

    def _listed(self) -> Sequence[Mapping[str, Any]]:
        found, cursor = list[Mapping[str, Any]](), ""
        while True:
            page = self.stage.request("GET", f"/jobs?limit=100{cursor}")
            found += page["jobs"]
            if not page.get("next_cursor"):
                return found
            cursor = f"&cursor={page['next_cursor']}"

    # ---- what must hold

    def _each(self, stopped: float) -> Iterator[str]:
        """Check that every job ended as its function determined, ran as often as necessary, and is reported equally."""
        runs = Counter(line.split(" ", 1)[0] for line in self.stage.runs.read_text().splitlines())
        self.listed = dict[str, Mapping[str, Any]]()
        for job in self._listed():
            job_id = job["id"]
            one, two = (self.stage.request("GET", f"/jobs/{job_id}", by=by) for by in (self.first, self.second))
            differ = [name for name in SAME if one.get(name) != two.get(name)]
            if differ:
                yield f"{self.first.name} and {self.second.name} differ in {differ} of {job_id}"
            self.listed[job_id] = two
            # a paused schedule cancels the jobs that it has made ahead
            fires_at = _seconds(two["fires_at"]) if two.get("fires_at") else 0.0
            taken_back = two["status"] == "cancelled" and fires_at > stopped - EVERY
            yield from () if taken_back or two["type"] == lasting.TYPE else _ended(two, runs[job_id])
        for request, job_id in self.jobs.items():
            if job_id not in self.listed:
                yield f"{request} ({job_id}) was accepted and is gone"

    def _counted(self) -> Iterator[str]:
        """Check that the counters, which both versions updated, equal a recount."""
        for _ in range(3):
            self.stage.count()
        told = self.stage.request("GET", "/metrics")
        ends = Counter(job["status"] for job in self.listed.values())
        for name, status in COUNTED.items():
            if told.get(name) != ends[status]:
                yield f"{name} is {told.get(name)}, and {ends[status]} jobs are {status}"
        dead = sum(job["status"] == "dead_letter" and job["type"] == "two.plain" for job in self.listed.values())
        if self.stage.waiting("plain", "-dlq") != dead:
            yield f"{self.stage.waiting('plain', '-dlq')} messages are in the dead-letter queue of {dead} dead letters"

    def _in_order(self) -> Iterator[str]:
        """Check that the jobs of a key ran in the order of their requests, each after the previous one had ended."""
        runs = [line.split(" ", 1)[0] for line in self.stage.runs.read_text().splitlines()]
        for key, ids in self.keyed.items():
            order = [job_id for job_id, _ in groupby(job_id for job_id in runs if job_id in ids)]
            if order != ids:
                yield f"the jobs of {key} ran as {order}, and were asked for as {ids}"

    def _fired(self, began: float, stopped: float) -> Iterator[str]:
        """Check that each firing of a schedule has one job."""
        of = defaultdict(list)
        for job in self.listed.values():
            if job["type"] == "two.planned":
                of[job["schedule"]].append(job["fires_at"])
        for schedule, times in of.items():
            if len(times) > len(set(times)):
                yield f"a firing of {schedule} has two jobs: {sorted(times)}"
        least = int((stopped - began) / EVERY) - 1
        if len(of["two.planned-default"]) < least:
            yield f"{len(of['two.planned-default'])} jobs of a schedule in {stopped - began:.0f} s, and not {least}"

    def _acted(self) -> Iterator[str]:
        """Check that a bulk action changed each job at most once, and that its report is true."""
        again = sum(job["gen"] - 1 for job in self.listed.values() if job["id"] not in self._quiet())
        done = 0
        for one in self.bulk:
            told = self.stage.request("GET", f"/bulk/{one}")
            done += told["done"]
            if told["state"] != "done" or told["matched"] != told["done"] + told["skipped"]:
                yield f"a bulk action tells {told}"
        if done != again:
            yield f"bulk actions tell of {done} jobs, and {again} have another run"
        if not done:
            yield "no bulk action found a job"

    def _quiet(self) -> set[str]:
        return {job_id for request, job_id in self.jobs.items() if request.startswith("quiet ")}


def _ended(job: Mapping[str, Any], runs: int) -> Iterator[str]:
    """Report whether a job did not end as its function determined, or did not run as often as necessary."""
    what, does = job["id"], list(job["payload"].get("does") or [])
    name = job["payload"]["name"]
    if name.startswith(("to be stopped", "quiet")):
        wanted = {"to": "cancelled", "qu": "completed"}[name[:2]]
        if (job["status"], runs) != (wanted, int(wanted == "completed")):
            yield f"{what} ({name}) is {job['status']} after {runs} runs, and not {wanted}"
        return
    status, most, taken = "", 0, 0
    for _ in range(job["gen"]):
        status, used = _outcome(does[taken:])
        taken += used
        most = taken
    if (job["status"], runs) != (status, most):
        yield f"{what} ({name}, gen {job['gen']}) is {job['status']} after {runs} runs, and not {status} after {most}"
    naps, deaths = sum(one in NAPS for one in does[:most]), does[:most].count("oom")
    history = job["attempt_history"]
    # An attempt that is suspended is not in the history. One whose process died before its function was called is in it
    # as lost, and did not run: only a job with steps makes a request there, which reads them.
    settled = sum(one["outcome"] != "lost" for one in history)
    if settled + deaths != runs - naps or (len(history) != runs and not naps):
        yield (
            f"{what} ({name}) ran {runs} times, {naps} of them until a nap and {deaths} until its process died, and "
            f"its history has {len(history)} attempts, {settled} of them settled"
        )
    if status == "completed" and job["result"] != f"{name}{job['payload'].get('ballast', '')}":
        yield f"{what} ({name}) has the result of something else: {str(job['result'])[:100]!r}"


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()


def _outcome(does: Sequence[str]) -> tuple[str, int]:
    """Return how one run ends, and after how many starts of its function."""
    spent = 0
    for number, one in enumerate([*does, "ok"], start=1):
        if one in ("ok", "perm"):
            return {"ok": "completed", "perm": "failed"}[one], number
        # after a kept step, earlier attempts are not counted
        spent = 0 if one in NAPS else spent + (one not in ("soon", "later"))
        if spent == ATTEMPTS:
            return "dead_letter", number
    raise AssertionError("a run without an end")


def judged(folder: Path, commit: str, seed: int, *, back: bool, of_each: int = 2) -> tuple[str, list[str]]:
    """Deploy the code on disk over a commit, or in reverse (`back`); return the result as a line, and what is wrong.

    Without a commit, the older version is the code on disk with another name for one field of a job.
    """
    trees = {name: lay(folder / name, of) for name, of in (("old", commit), ("new", ""))}
    with stage(folder, trees, seed, {} if commit else {"old": RENAMED}) as ready:
        first, second = reversed(ready.players) if back else ready.players
        play = Play(ready, first, second, of_each)
        wrong = list(play.run())
        deaths = sum(player.deaths for player in ready.players)
    what = f"rollback to {commit[:8]}" if back else f"deploy over {commit[:8]}"
    return f"{what}: {len(play.listed)} jobs, {deaths} processes died; {len(wrong)} violations", wrong
