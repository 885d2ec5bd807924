"""Draw the requests to AWS of a POST and of a job in their order. A test compares the plans with real requests."""

from collections.abc import Sequence
from dataclasses import dataclass

TEXTS = {"API": "API (Lambda)", "Worker": "Worker (Lambda)", "Poller": "Lambda's poller"}
"""Names of the participants that differ from their short names."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: who sends it, its operation in AWS, its table if it has one, and what it is for."""

    by: str
    service: str
    operation: str
    table: str = ""
    why: str = ""


Round = Sequence[Asked]
"""Requests that are under way at the same time; the next round begins when all of them have ended."""

POST: Sequence[Round] = (
    (
        Asked("API", "SQS", "SendMessage", why="the job's message"),
        Asked("API", "DynamoDB", "UpdateItem", "control", "count the request for the rate limit"),
    ),
    (Asked("API", "DynamoDB", "PutItem", "jobs", "store the job"),),
)
JOB: Sequence[Round] = (
    (Asked("Poller", "SQS", "ReceiveMessage", why="up to ten messages"),),
    (
        Asked("Worker", "SQS", "ChangeMessageVisibility", why="of all messages of the batch"),
        Asked("Worker", "DynamoDB", "UpdateItem", "jobs", "claim the job"),
    ),
    (Asked("Worker", "DynamoDB", "UpdateItem", "jobs", "complete the job"),),
    (Asked("Poller", "SQS", "DeleteMessage", why="of all completed jobs of the batch"),),
)
CALLED = 2
"""Rounds of JOB before the job's function is called."""


def diagrams() -> str:
    """Return both sequences as mermaid diagrams, each with its numbers of requests."""
    post = [*_arrow("Client", "API", "POST /jobs"), *_rounds(POST), *_arrow("API", "Client", "201")]
    calls = [*_arrow("Poller", "Worker", "invoke")]
    function = ["    Note over Worker: the job's function"]
    job = [*_rounds(JOB[:1]), *calls, *_rounds(JOB[1:CALLED]), *function, *_rounds(JOB[CALLED:])]
    return "\n\n".join([
        f"`POST /jobs`: {_numbers(POST)}.",
        _drawn(("Client", "API", "SQS", "DynamoDB"), post),
        f"A job, alone in its batch: {_numbers(JOB)}; {len(JOB[:CALLED])} of them before the job's function is called.",
        _drawn(("Poller", "Worker", "SQS", "DynamoDB"), job),
    ])  # fmt: skip


def _numbers(plan: Sequence[Round]) -> str:
    return f"{sum(map(len, plan))} requests to AWS, of which {len(plan)} follow one another"


def _drawn(who: Sequence[str], lines: Sequence[str]) -> str:
    names = [f"    participant {name} as {TEXTS[name]}" if name in TEXTS else f"    participant {name}" for name in who]
    return "\n".join(["```mermaid", "sequenceDiagram", *names, *lines, "```"])


def _rounds(plan: Sequence[Round]) -> list[str]:
    lines: list[str] = []
    for together in plan:
        for number, one in enumerate(together):
            if len(together) > 1:
                lines.append("    and" if number else "    par at the same time")
            lines += _arrow(one.by, one.service, f"{one.operation}: {one.why}")
        lines += ["    end"] if len(together) > 1 else []
    return lines


def _arrow(source: str, target: str, text: str) -> list[str]:
    return [f"    {source}->>{target}: {text}"]
