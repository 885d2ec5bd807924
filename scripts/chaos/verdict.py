"""Check a soak: wait until all work has ended, then count in the table itself, and compare."""

import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import httpx

from chalicelib.jobs.job import TERMINAL
from chalicelib.jobs.message import parse_message
from infra.local.options import ROOT
from infra.local.state.file import StateFile
from scripts.chaos.site import QUEUES, Events

STEPS = "chaos.steps"
LATEST_KEEP = 15.0
"""Seconds for which a worker may repeat the write that keeps a step: its whole invocation and lease. Until then,
another worker may run the step as well."""
LONGEST_REST = 2_400.0
"""Maximum seconds from the last fault until all work has ended: a wait of 15 minutes, and the work after the wait."""


GLANCE, PAUSE = 2.0, 15.0
"""Seconds between two reads of the queue, and after a read of the table that found unfinished jobs."""
TIMES = ("due_at", "next_attempt_at", "lease_until", "stalled_since", "updated_at")
"""The time fields of a job that explain why it still waits."""
LONGEST_SWEEP = 300.0
"""Maximum seconds until the watchdog has removed a stale message from the dead-letter queue. The watchdog runs each
minute, may have hidden the message for two minutes, and does not receive the message while this program has hidden it.
The remaining seconds are a margin."""
HIDDEN = 600
"""Seconds for which a message is hidden after it was read: longer than it takes to read all messages."""


@dataclass
class Table:
    """The main items of all jobs, and the number of messages."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting: int = 0
    acts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each bulk action changed each job, by the ids of the action and the job."""
    kept: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict)
    """The value of each kept step, and when it was kept (epoch seconds), by the job's line of steps and by name."""


class Auditor:
    """Read the table and the queues directly, without the faulty proxy and the platform's own code."""

    def __init__(
        self,
        variables: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        where: dict[str, Any] = {
            "endpoint_url": variables["AWS_ENDPOINT_URL"],
            "region_name": variables["AWS_REGION"],
            **keys,
        }
        resource: Any = boto3.resource("dynamodb", **where)
        self._table: Any = resource.Table(variables["JOBS_TABLE"])
        self._sqs: Any = boto3.client("sqs", **where)
        self._queues = [variables["QUEUE_URL_PREFIX"] + name for name in QUEUES]

    def look(self) -> Table:
        """Return the present jobs and the number of messages."""
        found = Table()
        start: dict[str, Any] = {}
        while True:
            page = self._table.scan(ConsistentRead=True, **start)
            found.kept |= {
                _step(item): (str(item["value"]).strip('"'), float(item["at"]))
                for item in page["Items"]
                if "#step:" in item["sk"]
            }
            found.jobs |= {item["pk"]: item for item in page["Items"] if item["sk"] == "META"}
            acts = [item for item in page["Items"] if item["sk"] == "META" or item["sk"].startswith("ACT#")]
            found.acts.update((item["bulk"], item["pk"]) for item in acts if item.get("bulk"))
            if "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        found.waiting = self._waiting()
        return found

    def rest(self) -> Table:
        """Wait until every job has ended and the queue is empty, at most 40 minutes; return the final state.

        The emulator blocks while it scans a table, so the table is scanned only when the queue is empty.
        """
        ends = time.monotonic() + LONGEST_REST
        while time.monotonic() < ends:
            time.sleep(GLANCE)
            if self._waiting():
                continue
            found = self.look()
            if not found.waiting and all(job["status"] in TERMINAL for job in found.jobs.values()):
                return found
            time.sleep(PAUSE)
        return self.look()

    def dead(self, found: Table) -> set[tuple[str, int]]:
        """Return id and generation of each message that stays in the dead-letter queue.

        Wait for messages that the watchdog hides. Ignore a message that belongs to no dead letter: the watchdog removes
        stale messages. A FIFO dead-letter queue has no messages: there the record of the job is the evidence.
        """
        url, ends = f"{self._queues[0]}-dlq", self._clock() + LONGEST_SWEEP
        evidence, others, ended = dict[str, tuple[str, int]](), dict[str, tuple[str, int]](), _dead_letters(found)
        while len(evidence) < self._messages(url):
            if self._clock() >= ends:
                return {*evidence.values(), *others.values()}
            for message_id, receipt, key in self._received(url):
                if key in ended:
                    evidence[message_id] = key
                else:
                    others[message_id] = key
                    self._sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0)
            self._sleep(PAUSE)
        return set(evidence.values())

    def _received(self, url: str) -> list[tuple[str, str, tuple[str, int]]]:
        """Return message id, receipt, and the job's id and generation of each visible message, and hide it."""
        told = list[tuple[str, str, tuple[str, int]]]()
        while True:
            answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=HIDDEN)
            if not answer.get("Messages"):
                return told
            for found in answer["Messages"]:
                message = parse_message(found["Body"])
                told.append((found["MessageId"], found["ReceiptHandle"], (message.id, message.gen)))

    def _waiting(self) -> int:
        return sum(map(self._messages, self._queues))

    def _messages(self, url: str) -> int:
        names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)


def judge(found: Table, accepted: Mapping[str, str], runs: Path, events: Events) -> list[str]:
    """Return a line for each job that is lost, duplicated or wrong."""
    ran = Counter(runs.read_text().splitlines()) if runs.exists() else Counter()
    wrong = [f"lost: {job_id} was accepted and is gone" for job_id in accepted if job_id not in found.jobs]
    for job_id, job in found.jobs.items():
        token = f"{job['gen']}.{job.get('claims', 0)}"
        if job["status"] not in TERMINAL:
            wrong.append(f"lost: {job_id} is {job['status']} for ever ({_left(job)})")
        if job["attempts"] > job["max_attempts"]:
            wrong.append(f"wrong: {job_id} took {job['attempts']} attempts")
        if job.get("type") == STEPS:
            continue  # `steps` judges these jobs, whose function notes steps and not attempts
        if job["status"] == "completed" and job.get("result") != f'"{token}"':
            wrong.append(f"wrong: {job_id} completed by attempt {token} with the result {job.get('result')}")
        if job["status"] == "completed" and f"{job_id} {token}" not in ran:
            wrong.append(f"wrong: {job_id} completed without a run of {token}")
        if job["status"] == "dead_letter" and job["attempts"] < job["max_attempts"]:
            spent = f"{job['attempts']} of {job['max_attempts']} attempts"
            wrong.append(f"given up: {job_id} after {spent} ({job.get('error_class')})")
        claims = range(1, 1 + int(job.get("claims", 0)))
        if job["status"] == "dead_letter" and not any(f"{job_id} {job['gen']}.{n}" in ran for n in claims):
            told = f"({job.get('type')}, {job.get('error_class')}, {job.get('claims')} claims)"
            wrong.append(f"unrun: {job_id} is dead-lettered and never ran in run {job['gen']} {told}")
    wrong += [f"doubled: attempt {line} ran {times} times" for line, times in ran.items() if times > 1]
    wrong += [f"doubled: {key} completed {times} times" for key, times in events.completions.items() if times > 1]
    if found.waiting:
        wrong.append(f"left: {found.waiting} messages")
    return wrong


def keys(log: Path) -> list[str]:
    """Return the runs of one key that overlapped. Only runs that were not killed are recorded."""
    told = [line.split() for line in (log.read_text().splitlines() if log.exists() else ())]
    spans = sorted((key, float(began), float(ended), job_id) for key, began, ended, job_id in told)
    return [
        f"doubled: {two[3]} began {one[2] - two[1]:.1f} s before the end of {one[3]}, which has its key {one[0]}"
        for one, two in pairwise(spans)
        if one[0] == two[0] and two[1] < one[2]
    ]


def _step(item: Mapping[str, Any]) -> tuple[str, str]:
    line, _, name = item["sk"].rpartition("#step:")
    return f"{item['pk']}/{int(line.rpartition('#')[2])}", name


def _line(job_id: str, job: Mapping[str, Any]) -> str:
    return f"{job_id}/{job.get('line', 1)}"


def steps(found: Table, log: Path, posted: Mapping[str, bool], stopped: Collection[str] = ()) -> Iterator[str]:
    """Yield steps that ran after they were kept, changed values, events with two outcomes, and wrong results of calls.

    Also the jobs in `stopped` that were cancelled and have not undone their first step.
    """
    lines = [line.split() for line in (log.read_text().splitlines() if log.exists() else ())]
    for what, place, name, value, at in lines:
        kept = found.kept.get((place, name))
        if kept is None:
            if what == "got":
                yield f"lost: {place} got {value} from step {name}, which is not kept"
        elif what == "got" and value != kept[0]:
            yield f"doubled: {place} got {value} from step {name}, and {kept[0]} is kept"
        elif what == "run" and value != kept[0] and float(at) > kept[1] + LATEST_KEEP:
            yield f"doubled: step {name} of {place} ran {float(at) - kept[1]:.1f} s after it was kept"
    called = defaultdict[str, list[Mapping[str, Any]]](list)
    for job in found.jobs.values():
        if job.get("parent"):
            called[str(job["parent"])].append(job)
    for job_id, job in found.jobs.items():
        if job.get("type") != STEPS:
            continue
        place = _line(job_id, job)
        if job["status"] == "completed":
            yield from _completed(found, job_id, job, called[job_id], posted.get(job_id))
        undoes = job["status"] == "cancelled" and job_id in stopped and not job.get("discarded_at")
        if undoes and (place, "one") in found.kept and (place, "undo") not in found.kept:
            yield f"wrong: {job_id} was cancelled, and its first step is not undone"


def _completed(
    found: Table, job_id: str, job: Mapping[str, Any], called: Sequence[Mapping[str, Any]], posted: bool | None
) -> Iterator[str]:
    place = _line(job_id, job)
    one, two, parts, came = str(job.get("result")).strip('"').split(" ", 3)
    if (one, two) != tuple(found.kept.get((place, name), ("",))[0] for name in ("one", "two")):
        yield f"wrong: {job_id} completed with {one} and {two}, which are not the kept values"
    if posted is not None and posted != (came == "came"):
        yield f"wrong: the event of {job_id} was {'accepted' if posted else 'refused'}, and its wait: {came}"
    got = [] if parts == "-" else parts.split(",")
    ended = Counter(str(one.get("result")).strip('"') for one in called if one["status"] == "completed")
    if Counter(got) - ended:
        yield f"wrong: {job_id} got {got} from its calls, and the called jobs have {dict(ended)}"
    if len(called) > len(got) * int(job["gen"]):
        yield f"doubled: {job_id} got {len(got)} results in {job['gen']} runs, and has called {len(called)} jobs"


def ended(url: str, token: str, started: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
    """Return the report of each bulk action, after waiting up to 40 minutes until all of them have ended.

    After a fault, a bulk action may be unfinished. It continues after the end of its lease, or after a wait of up to 15
    minutes.
    """
    ends, told = time.monotonic() + LONGEST_REST, dict[str, Mapping[str, Any]]()
    left = list(started)
    while left:
        for one in left:
            with suppress(httpx.TransportError):
                answer = httpx.get(
                    f"{url}/bulk/{one}", headers={"Authorization": f"Bearer {token}"}, timeout=10, trust_env=False
                )
                told |= {one: answer.json()} if answer.is_success else {}
        left = [one for one in left if not told.get(one, {}).get("finished_at")]
        if time.monotonic() >= ends:
            break
        time.sleep(GLANCE if left else 0.0)
    return told


def bulk(
    found: Table, started: Mapping[str, tuple[str, int]], reports: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Yield the jobs on which a bulk action acted more than once, and the actions that do not end or report wrongly."""
    for (one, job), n in found.acts.items():
        if n > 1:
            yield f"doubled: the bulk action {one} acted {n} times on {job}"
    acted = Counter(one for one, _ in found.acts)
    for one, (action, listed) in started.items():
        told = reports.get(one, {})
        if not told.get("finished_at"):
            yield f"left: the bulk action {one} has not ended: {told}"
            continue
        numbers = told["state"], told["matched"], told["done"] + told["skipped"]
        if numbers != ("done", listed, listed) or (action == "retry" and told["done"] != acted[one]):
            yield f"wrong: the bulk action {one} changed {acted[one]} of {listed} jobs and tells {told}"


def evidence(found: Table, dead: set[tuple[str, int]]) -> list[str]:
    """Return dead letters without a message, and messages without a dead letter."""
    ended = _dead_letters(found)
    lacking = [
        f"evidence: {key} has no message ({job.get('type')}, {job.get('error_class')})"
        for key, job in ended.items()
        if key not in dead and _needs(job)
    ]
    return lacking + [f"evidence: the message {key} has no dead letter" for key in dead if key not in ended]


def _dead_letters(found: Table) -> Mapping[tuple[str, int], Mapping[str, Any]]:
    return {(i, int(j["gen"])): j for i, j in found.jobs.items() if j["status"] == "dead_letter"}


def stop_firing(url: str, token: str) -> None:
    """Pause the schedule, so that no new jobs are made and all work can end."""
    where = f"{url}/schedules/chaos.planned-default/pause"
    answer = httpx.post(where, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False)
    answer.raise_for_status()


def counters(url: str, token: str, found: Table) -> list[str]:
    """Return the differences between the platform's counters and a recount, at most a minute after the end."""
    wanted = Counter(str(job["status"]) for job in found.jobs.values())
    names = {"completed_jobs": "completed", "failed_jobs": "failed", "dead_letter_jobs": "dead_letter"}
    for _ in range(60):
        answer = httpx.get(f"{url}/metrics", headers={"Authorization": f"Bearer {token}"}, timeout=10, trust_env=False)
        shown = answer.json() if answer.is_success else {}
        differ = [
            f"counters: {name} is {shown.get(name)}, a recount gives {wanted[status]}"
            for name, status in names.items()
            if shown.get(name) != wanted[status]
        ]
        if shown.get("total_jobs") != len(found.jobs):
            differ.append(f"counters: total_jobs is {shown.get('total_jobs')}, a recount gives {len(found.jobs)}")
        if not differ:
            return []
        time.sleep(1)
    return differ


def recount(state: Mapping[str, Any], folder: Path) -> list[str]:
    """Return the differences that `scripts.recount` finds, for every type and state."""
    StateFile(folder).write(state)
    ran = subprocess.run(
        [sys.executable, "-m", "scripts.recount"],
        cwd=ROOT,
        env={**os.environ, "JOBFLOW_STATE_DIR": str(folder), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    title = next((line.strip() for line in ran.stdout.splitlines() if "numbers differ" in line), "it did not run")
    print(f"recount: {title}")
    clean = ran.returncode == 0 and ", 0 numbers differ" in title
    return [] if clean else [f"counters: {line}" for line in (ran.stdout + ran.stderr).splitlines()]


def _left(job: Mapping[str, Any]) -> str:
    now = time.time()
    counts = ", ".join(f"{name} {job.get(name, 0)}" for name in ("attempts", "claims", "resends"))
    times = ", ".join(f"{name} in {float(job[name]) - now:.0f} s" for name in TIMES if job.get(name) is not None)
    return f"{'sent' if job.get('sent') else 'not sent'}, {counts}, {times}"


def _needs(job: Mapping[str, Any]) -> bool:
    # the messages of the other types are in dead-letter queues that are not read here
    return job.get("error_class") != "Undeliverable" and job.get("type", "chaos.note") == "chaos.note"
