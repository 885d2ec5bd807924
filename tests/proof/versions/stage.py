"""Run two versions on one stack: their processes, an emulator, and a clock that only the test moves."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from infra.code import declared
from infra.local import deployment, resources
from infra.local.emulator.processes.child import Emulator
from infra.local.lambdas.clients import session
from infra.local.lambdas.events.records import sqs_event
from infra.local.lambdas.events.stream_records import stream_event
from infra.local.lambdas.site import of_host
from infra.local.pauses import open_bulk_actions
from tests.proof.versions.trees import KINDS
from tests.stream_json import as_json

STACK, ORIGIN, TOKEN = "jobflow-dev", "http://localhost:1", "jf_" + 43 * "p"
WATCHDOG, RECOUNT, COUNTERS, API = "watchdog", "recount", "counters", "api"
HANDLERS = {
    WATCHDOG: "chalicelib.entry.watchdog.handler",
    RECOUNT: "chalicelib.entry.recount.handler",
    COUNTERS: "chalicelib.entry.stream.handler",
    **{kind: f"handlers.two_{kind}.handler" for kind in KINDS},
}
TIMEOUT = 60.0
DEATHS = 0.03
"""Share of the invocations and requests in which the process dies."""
TRIES = 6
"""Maximum number of requests that a client makes until it gets an answer."""


class Died(Exception):
    """A version's process died during its work."""


class Player:
    """The process of one version; if it dies, a new process replaces it."""

    def __init__(self, root: Path, name: str, variables: Mapping[str, str], log: Path, renamed: Sequence[str]) -> None:
        self.name, self.deaths = name, 0
        self._root, self._log = root, log
        self._variables = {
            **of_host(), **variables, "PYTHONPATH": str(root), "PROOF_VERSION": name, "TZ": ":UTC",
            "PROOF_RENAMED": json.dumps(renamed), "LOG_LEVEL": "ERROR", "POWERTOOLS_METRICS_DISABLED": "true",
        }  # fmt: skip
        self._process: subprocess.Popen[str] | None = None

    def ask(self, what: str, ahead: float, **asked: Any) -> dict[str, Any]:
        """Let the process do something; raises Died if the process died."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"what": what, "ahead": ahead, **asked}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            self.close()
            self.deaths += 1
            raise Died(self.name)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _start(self) -> "subprocess.Popen[str]":
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).with_name("player.py"))], cwd=self._root,
                env=self._variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise RuntimeError(f"{self.name} does not start: {self._log.read_text()[-3000:]}")
        return self._process


@dataclass
class Stage:
    """The emulator, the processes, and which of them may now do the work of each function."""

    emulator: Emulator
    players: Sequence[Player]
    rng: random.Random
    variables: Mapping[str, str]
    runs: Path
    ahead: float = 0.0
    at_work: dict[str, Sequence[Player]] = field(default_factory=dict)
    watched_at: float = 0.0
    done_by: dict[str, set[str]] = field(default_factory=dict)
    """The versions that did the work of each function."""
    errors: list[str] = field(default_factory=list)
    """The errors that functions raised."""
    mortal: frozenset[str] = frozenset()
    """The functions whose processes die now and then."""

    def __post_init__(self) -> None:
        clients = session(self.emulator.environment())
        self.sqs, self.dynamodb, self._streams = (
            clients.client("sqs"),
            clients.client("dynamodb"),
            clients.client("dynamodbstreams"),
        )
        self._position = self._stream = ""
        # As AWS names a shard. The emulator's own name says that the shard began in 2018, and the counters drop the
        # marks of a shard that has ended, so that a batch that is delivered again would be counted twice.
        self._shard = f"shardId-{self.now * 1000:020.0f}-proof"

    @property
    def now(self) -> float:
        """Return the time of the stage."""
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        told = {"advance": seconds}
        httpx.post(f"{self.emulator.url}/_jobflow/clock", json=told, timeout=10, trust_env=False).raise_for_status()
        self.ahead += seconds

    def request(self, method: str, path: str, body: Any = None, *, key: str = "", by: Player | None = None) -> Any:
        """Make a request, and repeat it until it gets an answer; return its JSON, with its status as `status_code`."""
        headers = {"authorization": f"Bearer {TOKEN}", **({"idempotency-key": key} if key else {})}
        for _ in range(TRIES):
            try:
                answer = self._ask(API, "request", by=by, method=method, path=path, headers=headers, body=body)
            except Died:
                continue
            if answer["status"] < 500:
                return {**(answer["json"] or {}), "status_code": answer["status"]}
        raise RuntimeError(f"{method} {path} got no answer in {TRIES} tries: {answer}")

    def invoke(self, function: str, event: Any) -> Any:
        """Invoke a function; return its answer, or None if its process died or it raised."""
        try:
            told = self._ask(function, "invoke", handler=HANDLERS[function], event=event, seconds=TIMEOUT)
        except Died:
            return None
        self.errors += [f"{function} raised {told['error']}"] if "error" in told else []
        return told.get("answer")

    def _ask(self, function: str, what: str, *, by: Player | None = None, **asked: Any) -> dict[str, Any]:
        player = by or self.rng.choice(self.at_work[function])
        self.done_by.setdefault(function, set()).add(player.name)
        dies = function in self.mortal and self.rng.random() < DEATHS
        last = {"dies": self.rng.randint(1, 20) if dies else 0, "after": self.rng.random() < 0.5}
        answer = player.ask(what, self.ahead, **last, **asked)
        slept = answer.pop("ahead", self.ahead) - self.ahead
        if slept > 0:
            self.advance(slept)
        return answer

    def turn(self) -> int:
        """Let each queue, the watchdog, the bulk actions and the stream have a turn.

        Return the number of received messages.
        """
        received = sum(map(self._poll, KINDS))
        if self.now >= self.watched_at + 60:
            self.watched_at = self.now
            self.invoke(WATCHDOG, {})
            if open_bulk_actions(self.dynamodb, self.variables["CONTROL_TABLE"]):
                self.invoke(RECOUNT, {"bulk": True})
        self.count()
        return received

    def _poll(self, kind: str) -> int:
        url = self.queue(kind)
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=5, AttributeNames=["All"]).get(
            "Messages", []
        )
        if not found:
            return 0
        answer = self.invoke(kind, sqs_event(found, f"arn:aws:sqs:us-east-1:123456789012:two-{kind}"))
        if answer is not None:
            again = {failed["itemIdentifier"] for failed in answer["batchItemFailures"]}
            for message in found:
                if message["MessageId"] not in again:
                    self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(found)

    def count(self) -> None:
        """Pass the stream to the counters."""
        if not self._position:
            table = self.variables["JOBS_TABLE"]
            self._stream = self._streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
            told = self._streams.describe_stream(StreamArn=self._stream)["StreamDescription"]
            shard = told["Shards"][0]["ShardId"]
            begin = self._streams.get_shard_iterator(
                StreamArn=self._stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
            )
            self._position = begin["ShardIterator"]
        found = self._streams.get_records(ShardIterator=self._position)
        event = {**stream_event(as_json(list(found["Records"])), self._stream), "shardId": self._shard}
        if not found["Records"] or self.invoke(COUNTERS, event):
            self._position = found["NextShardIterator"]

    def queue(self, kind: str, dead: str = "") -> str:
        """Return the URL of the queue of a job type, or of its dead-letter queue."""
        ending = ".fifo" if kind == "keyed" else ""
        return f"{self.variables['QUEUE_URL_PREFIX']}two-{kind}{dead}{ending}"

    def waiting(self, kind: str, dead: str = "") -> int:
        """Return how many messages are in a queue, visible or not."""
        told = self.sqs.get_queue_attributes(QueueUrl=self.queue(kind, dead), AttributeNames=["All"])["Attributes"]
        return (
            int(told["ApproximateNumberOfMessages"])
            + int(told["ApproximateNumberOfMessagesNotVisible"])
            + int(told["ApproximateNumberOfMessagesDelayed"])
        )


def _environment(root: Path) -> dict[str, str]:
    """Return the variables that a version gives its functions, read with the version's own program."""
    [found] = (root / "infra").glob("**/code/describe.py")
    module = ".".join(found.relative_to(root).with_suffix("").parts)
    variables = {**of_host(), "PYTHONPATH": str(root), "AWS_DEFAULT_REGION": "us-east-1"}
    told = subprocess.run(
        [sys.executable, "-P", "-m", module, STACK, ORIGIN], cwd=root, env=variables, capture_output=True, check=True,
        timeout=120,
    )  # fmt: skip
    environment: dict[str, str] = json.loads(told.stdout.splitlines()[-1])["environment"]
    return environment


@contextmanager
def stage(folder: Path, trees: Mapping[str, Path], seed: int, renamed: Mapping[str, Sequence[str]]) -> Iterator[Stage]:
    """Create the stack as the version on disk describes it, and return a process of each version, by its name.

    The stack is the new one, because a deploy changes the tables before the functions, and a rollback does not change
    them back. `renamed` is the field for which a version has another name.
    """
    log, runs = folder / "players.txt", folder / "runs.txt"
    runs.touch()
    with ExitStack() as opened:
        emulator = opened.enter_context(Emulator.start(log_path=folder / "emulator.txt"))
        aws = emulator.environment()
        described = declared.describe(trees["new"], STACK, ORIGIN)
        place = resources.deploy(described, STACK, aws)
        players, variables = [], dict[str, str]()
        for name, root in trees.items():
            own = replace(described, environment=_environment(root))
            variables = {**deployment.environment(own, place, {"RATE_LIMIT_MAX": "0"}), **aws, "PROOF_RUNS": str(runs)}
            players.append(Player(root, name, variables, log, renamed.get(name, ())))
            opened.callback(players[-1].close)
        ready = Stage(emulator, players, random.Random(seed), variables, runs)
        players[-1].ask("store", 0.0, token=TOKEN)
        yield ready
