"""Refuse requests that the role of the calling function does not allow, before they reach the emulator."""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from chalicelib.job_types.queue import PREFIX, first_key
from chalicelib.jobs.constants import FIFO_ENDING
from infra.local.emulator.serving import unsigned
from infra.local.emulator.serving.server import Reply, Request
from infra.local.roles.asked import Asked, asked, signer
from infra.local.roles.policy import Statement, about, decide

MOST_REMEMBERED = 1_000
"""Maximum number of pairs of action and resource to remember; each object of a bucket is a resource."""


class Roles:
    """The statements of each function's role.

    A function is known by the access key with which its process signs: its name. A request with another key is not
    checked: the runner, the API and a person's own tools have all permissions of the account.
    """

    def __init__(self) -> None:
        self._statements: dict[str, Sequence[Statement]] = {}
        self._about = lru_cache(MOST_REMEMBERED)(self._find)

    def replace(self, statements: Mapping[str, Sequence[Statement]]) -> None:
        """Replace all known roles by these."""
        self._statements = dict(statements)
        self._about.cache_clear()

    def refusal(self, request: Request) -> Reply | None:
        """Return a refusal if the role of the signer does not allow the request; None for any other request."""
        if not self._statements or "authorization" not in request.headers:
            return None
        function, service = signer(request.headers["authorization"])
        if function not in self._statements:
            return None
        for one in asked(service, request.method, request.target, request.headers, request.body):
            if not decide(self._about(function, one.action, one.resource), one.facts):
                return _refused(request, service, sentence(function, one, self._statements))
        return None

    def _find(self, function: str, action: str, resource: str) -> Sequence[Statement]:
        return about(self._statements[function], action, resource)


def sentence(function: str, one: Asked, functions: Collection[str] = ()) -> str:
    """Return a sentence about the refused request, with the line that would allow it.

    `functions` are the names of all functions.
    """
    where = f" on {one.resource}" if one.resource else ""
    added = made(function, one, functions) or f"access=AwsAccess(grants=({grant(function, one)},))"
    place = "Queue(…)" if shared_queue(function) and not added.startswith("enqueues") else "@job"
    return f"The role of {function} does not allow {one.action}{where}. Add to its {place}: {added}"


def shared_queue(name: str) -> str:
    """Return the name of the shared queue of a function or queue in AWS; empty for one of a single type."""
    short = name.split("-", 2)[-1]
    return short.removeprefix(PREFIX) if short.startswith(PREFIX) else ""


def made(function: str, one: Asked, functions: Collection[str] = ()) -> str | None:
    """Return the declaration that would allow a refused send to another type's queue; None for any other request."""
    stack = "-".join(function.split("-")[:2])
    resource = one.resource.removesuffix(FIFO_ENDING)
    queue = resource.rpartition(":")[2].removeprefix(f"{stack}-")
    ours = resource.endswith(f":{stack}-{queue}") and not queue.endswith("-dlq")
    if one.action != "sqs:SendMessage" or not ours:
        return None
    shared = shared_queue(f"{stack}-{queue}")
    if f"{stack}-{queue}" not in functions:  # not a type's own queue: the urgent queue of a type
        queue = first_key(queue)
    return f"enqueues= with the type of the queue {shared}" if shared else f'enqueues=("{queue.replace("-", ".")}",)'


def grant(function: str, one: Asked) -> str:
    """Return the grant that would allow the request: the short form for the stack's own resources, else an `Allow`."""
    stack = "-".join(function.split("-")[:2])
    service, _, action = one.action.partition(":")
    name = one.resource.rpartition(":")[2]
    if service == "s3" and name.startswith(f"{stack}-files-") and "/" in name:
        return f'"s3:{action}:{name.split("/")[1]}/*"'
    if service == "dynamodb" and name.startswith(f"table/{stack}-"):
        return f'"dynamodb:{action}:{name.removeprefix(f"table/{stack}-")}"'
    if service == "ses":
        return '"ses:SendEmail"'
    parts = one.resource.split(":", 5)
    if len(parts) == 6 and parts[3]:
        parts[3:5] = "*", "*"
    resource = ":".join(parts).replace("-AbCdEf", "-??????") or "*"
    return f'Allow("{one.action}", "{resource}")'


def _refused(request: Request, service: str, said: str) -> Reply:
    if service == "s3":
        return unsigned.refused("AccessDenied", said)
    status = 400 if "x-amz-target" in request.headers else 403
    body = json.dumps({"__type": "AccessDeniedException", "message": said}).encode()
    headers = [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-ErrorType", "AccessDeniedException")]
    return Reply(status, headers, body)
