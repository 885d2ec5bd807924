"""Record which grants a process's requests to AWS need, to compare them with a role."""

import functools
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from botocore.history import BaseHistoryHandler, get_global_history_recorder

from chalicelib.jobs.constants import FIFO_ENDING
from infra.definition.iam.permissions import EVERY_TYPE
from infra.definition.iam.written import KINDS

ACTIONS = {
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "DeleteMessageBatch": "DeleteMessage",
    "DeleteObjects": "DeleteObjectVersion",
    "HeadObject": "GetObject",
    "Invoke": "InvokeFunction",
    "ListObjectVersions": "ListBucketVersions",
    "SendMessageBatch": "SendMessage",
}
"""Operations that have no IAM action: the action of another operation allows them."""

TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem",
              "Get": "GetItem"}  # fmt: skip
"""IAM has no action for a transaction: each of its items needs the action of its own operation."""


def grants_of(stack: str, service: str, operation: str, params: Mapping[str, Any]) -> list[str]:
    """Return the grants that one request needs, in the notation of `permissions`."""
    if "TransactItems" in params:
        items = [(TRANSACTED[kind], item) for one in params["TransactItems"] for kind, item in one.items()]
        return [grant for kind, item in items for grant in grants_of(stack, service, kind, item)]
    action = ACTIONS.get(operation, operation)
    places = [f":{where.replace(f'{stack}-', '', 1)}" for where in _places(service, params)]
    name = "ses" if service == "sesv2" else service
    return [f"{name}:{action}{place}" for place in places or [""]]


def _places(service: str, params: Mapping[str, Any]) -> list[str]:
    """Yield the resources of the request, by physical names."""
    match service:
        case "dynamodb" if "RequestItems" in params:
            return list(params["RequestItems"])
        case "dynamodb":
            return [params["TableName"] + _part(params)]
        case "sqs":
            return [params["QueueUrl"].rpartition("/")[2].removesuffix(FIFO_ENDING)]
        case "s3":
            if "Delete" in params or "Prefix" in params:  # many objects, of one of the top prefixes
                key = params["Prefix"] if "Prefix" in params else params["Delete"]["Objects"][0]["Key"]
                return [f"{key.partition('/')[0]}/*"]
            prefix, _, rest = params.get("Key", "").partition("/")
            # the key of a job's body begins with the name of its type, then the id of the job
            of_a_type = prefix in ("payloads", "results") and rest.count("/") > 1
            return [f"{prefix}/{rest.partition('/')[0]}/*" if of_a_type else f"{prefix}/*"]
        case "secretsmanager":
            # <stack>/webhooks/<id>
            return [f"{(params.get('SecretId') or params['Name']).split('/')[-2]}/*"]
        case "logs" | "lambda":
            named = params.get("UUID") or params.get("FunctionName") or params["logGroupName"]
            return [named.rpartition("/")[2]]
    return []


def _part(params: Mapping[str, Any]) -> str:
    """Return the index or the partition key that a request to a table names; empty if it names neither."""
    if "IndexName" in params:
        return f"/index/{params['IndexName']}"
    key = params.get("Key") or params.get("Item")
    return f"/{key['pk']['S']}" if key else ""


def allows(granted: str, needed: str) -> bool:
    """Return whether a grant covers a request. A grant on a table covers each of its rows, but none of its indexes."""
    if granted.endswith(f":{EVERY_TYPE}") and needed.endswith("-dlq"):
        return False
    table, _, part = needed.partition("/")
    if granted == table and part.startswith("TOK"):
        return False  # a grant on the control table does not include the rows of tokens: see `permissions`
    place, _, kind = granted.rpartition("/")
    granted = place if kind in KINDS else granted  # ignore the kind (`of-worker`): a test of `written` checks it
    return fnmatchcase(needed, granted) or (granted == table and not part.startswith("index/"))


class Recorder:
    """Record every request of this process to AWS, from any client, under the function that acts."""

    def __init__(self, stack: str) -> None:
        self._stack = stack
        self._actor: str | None = None
        self.needed: dict[str, Counter[str]] = {}
        self._lock = threading.RLock()

    def note(self, service: str, operation: str, params: Mapping[str, Any]) -> None:
        """Record one request."""
        actor = self._actor
        if actor is not None:
            needed = grants_of(self._stack, service, operation, params)
            with self._lock:  # functions send requests from several threads
                self.needed.setdefault(actor, Counter()).update(needed)

    @contextmanager
    def acting_as(self, actor: str) -> Iterator[None]:
        """Record the requests in the block as requests of that function."""
        before, self._actor = self._actor, actor
        try:
            yield
        finally:
            self._actor = before


R = TypeVar("R", bound=Recorder)


class _Tap(BaseHistoryHandler):
    """The one handler of this process in botocore's history, where handlers can be added but not removed."""

    def __init__(self) -> None:
        self.recorders: list[Recorder] = []
        get_global_history_recorder().add_handler(self)

    def emit(self, event_type: str, payload: Any, source: str) -> None:  # noqa: ARG002 - botocore's signature
        """Receive an event. Botocore calls this method for every event of a client."""
        if event_type == "API_CALL":
            for recorder in self.recorders:
                recorder.note(payload["service"], payload["operation"], payload["params"])


_tap = functools.cache(_Tap)


@contextmanager
def recording(recorder: R) -> Iterator[R]:
    """Record while the block runs."""
    _tap().recorders.append(recorder)
    get_global_history_recorder().enable()
    try:
        yield recorder
    finally:
        get_global_history_recorder().disable()
        _tap().recorders.remove(recorder)
