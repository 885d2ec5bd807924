"""List the promises, check them one by one, and report for each the observation, the time and the cost."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.usage.constants import MILLION
from infra.cloud.acceptance import aws, web, work
from infra.cloud.acceptance.stand import NotKept, NotTried, Stand
from infra.cloud.cost.calculation import ALONE, per_million, total
from infra.cloud.errors import CloudError, refusal
from infra.cloud.smoke.problem import SmokeFailed

KEPT, BROKEN, LEFT_OUT = "kept", "NOT KEPT", "not tried"


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise, and the check that returns what it observed.

    `short` is the promise's name in `--only` and `--without`.
    """

    short: str
    text: str
    check: Callable[[Stand], str]


PROMISES: Sequence[Promise] = (
    Promise("gateway", "API Gateway's own answers are problem documents", web.gateway_answers),
    Promise("revocation", "a revoked token stops working within ten seconds", web.revocation),
    Promise(
        "console", "CloudFront serves the console with its headers, and nothing else reaches the bucket", web.console
    ),
    Promise("partial", "a job that fails takes none of its batch along", work.partial_batches),
    Promise("workers", "workers come when jobs do", work.workers_come),
    Promise("mail", "SES takes the mails of email.send", work.mail),
    Promise("redrive", "SQS makes a dead letter after as many receives as were set", aws.redrive),
    Promise("fair", "a quiet tenant does not wait behind a noisy one's messages", aws.fair_queues),
    Promise("alarm", "an alarm reaches who subscribed to its topic", aws.alarm_reaches),
    Promise("metrics", "AWS/SQS tells of a queue within ten minutes", work.queue_metrics),
    Promise("cold", "every function starts within five seconds", web.cold_starts),
    Promise("restore", "the jobs table can be restored to a second", aws.restore),
    Promise("shift", "CodeDeploy moves the API's traffic step by step", aws.shifting),
)
"""The promises of docs/deploy.md that only a real account can show; the slow checks are at the end."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one promise: `state` is KEPT, BROKEN or LEFT_OUT, with the seconds and dollars."""

    promise: str
    state: str
    seen: str
    seconds: float
    dollars: float

    def as_json(self) -> dict[str, Any]:
        """Return the result for a file."""
        return asdict(self)


def check(stand: Stand, promises: Sequence[Promise]) -> Iterator[Result]:
    """Check each promise. A broken promise, or a request that AWS refuses, does not prevent the other checks."""
    for promise in promises:
        start, before = stand.clock(), stand.made
        state, seen = _seen(promise, stand)
        dollars = (stand.made - before) * total(per_million(ALONE.of_one_job())) / MILLION
        yield Result(promise.text, state, seen, round(stand.clock() - start, 1), dollars)


def _seen(promise: Promise, stand: Stand) -> tuple[str, str]:
    try:
        return KEPT, promise.check(stand)
    except NotTried as why:
        return LEFT_OUT, str(why)
    except (NotKept, SmokeFailed, CloudError) as why:
        return BROKEN, str(why)
    except Exception as error:
        if (refused := refusal(error)) is None:
            raise
        return BROKEN, refused
