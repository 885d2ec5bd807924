"""List the grants of every function. Tests compare them with the real requests of each function."""

from collections.abc import Sequence
from typing import Any

from chalicelib.adapters.dynamo.tables.schema import (
    AUDIT,
    AUTO_PAUSE,
    DUE,
    ERASED,
    ERASING,
    ERASURES,
    EXPIRED,
    LIMIT,
    LIMIT_CHANGES,
    LIMITS,
    LINE,
    RATE,
    REFUSED,
    SCHEDULES,
    SESSIONS,
    SIGN_INS,
    TOKEN_LIST,
    TOKEN_USES,
    VIEWS,
    WEBHOOK_STATES,
    WEBHOOKS,
)
from chalicelib.counters.keys import ACKNOWLEDGED, BULK_ACTIONS, BULK_IDS, ERRORS, PAST_PAUSES, RECOUNT, STEPS, TOTALS
from chalicelib.erasing.constants import PREFIXES
from chalicelib.job_types.constants import DELIVER
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queue import name_in_aws
from chalicelib.job_types.queues import TypeQueue, queues_of, sent_to, that_pause
from chalicelib.limits.ids import named
from infra.definition.iam.allowed import short_forms
from infra.definition.iam.permissions import EVERY_TYPE, TOKENS
from infra.definition.iam.written import OF_SERIAL_WORKER, OF_WORKER

CONSUMING = ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes")
"""Actions on its queue that a worker's role needs: Lambda uses them for the event source mapping, and the worker
changes the visibility of messages."""
SWEEPING = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
BATCH_ROWS = "BATCH*"
"""Partition keys of batches in the control table: of the rounds of each, and of their list."""
RATE_WINDOWS = "RL#*"
"""Partition keys of rate limits in the control table: one row for the window of each address."""
BULK_WORK = "lambda:InvokeFunction:recount"
"""The grant to start the function that processes bulk actions."""
TELLING = "sns:Publish"
"""The grant to send the names of types in trouble to the alarms' topic."""
MOST_NAMED = 8
"""Maximum number of types that a role names one by one. If there are more, a pattern covers them."""
OWN_BODIES = ("GetObject:payloads", "GetObject:results", "PutObject:results")
"""The actions of a worker on the large bodies of its own types."""
LARGE_BODIES = ("s3:GetObject:payloads/*", "s3:GetObject:results/*")
"""Grants to read the parts of jobs that did not fit into DynamoDB; every function that reads jobs needs them."""


def worker(queue: TypeQueue, *, wakes: Sequence[TypeQueue] = ()) -> list[str]:
    """Let a worker read its own queue and log, write jobs, and send to its own queue and those of its `enqueues`.

    `wakes` are the other queues whose jobs wait for the ends of its jobs, or for places of limits that they share: it
    sends their messages, too.
    """
    rated = [kind.name for kind in queue.types if kind.rate is not None]
    return [
        *(f"sqs:{action}:{short}" for short in queue.shorts for action in CONSUMING),
        # A standard queue delivers one message only a limited number of times. If a job raises `RetryLater` more often,
        # the worker sends a new message. A FIFO queue delivers a message as often as SQS allows.
        *(f"sqs:SendMessage:{short}" for short in queue.shorts if not queue.serial),
        *(f"dynamodb:{action}:jobs" for action in ("GetItem", "Query")),  # a query reads the kept steps of a job
        *_writing(queue),
        *(f"s3:{grant}/{folder}*" for folder in _folders(queue.types) for grant in OWN_BODIES),
        # the result of the job that has ended
        *(["s3:GetObject:results/*"] if any(kind.takes_ends for kind in queue.types) else ()),
        *(f"s3:GetObject:results/{folder}*" for folder in _called(queue)),
        f"logs:FilterLogEvents:{queue.short}",
        *_making(queue),
        *(f"sqs:SendMessage:{short}" for other in wakes for short in other.shorts),
        *(grant for name in (rated if len(rated) <= MOST_NAMED else ["*"]) for grant in _pacing(name)),
        *_places(queue.types),
        *(_failures(queue.key) if queue.pause_when is not None else ()),
        *short_forms(queue.access),
    ]


def _called(queue: TypeQueue) -> list[str]:
    """Return the folders with the results of the types that its types call."""
    called = list(dict.fromkeys(name.replace(".", "-") for kind in queue.types for name in kind.calls))
    return [f"{name}/" for name in called] if len(called) <= MOST_NAMED else [""]


def _folders(types: Sequence[JobType[Any, Any]]) -> list[str]:
    """Return the folders with the large bodies of these types: one by one, or all folders for many types."""
    return [f"{kind.slug}/" for kind in types] if len(types) <= MOST_NAMED else [""]


def _writing(queue: TypeQueue) -> list[str]:
    """Let a worker change the job attributes that its moves write.

    A worker with `enqueues` may write all attributes.
    """
    if queue.enqueues:
        return [f"dynamodb:{action}:jobs" for action in ("PutItem", "UpdateItem")]
    return [f"dynamodb:UpdateItem:jobs/{OF_SERIAL_WORKER if queue.serial else OF_WORKER}"]


def _making(queue: TypeQueue) -> list[str]:
    """Let a worker make jobs of the types in its `enqueues`: store payloads of any size, and send messages."""
    made = [name.replace(".", "-") for name in queue.enqueues]
    folders = [f"{name}/" for name in made] if len(made) <= MOST_NAMED else [""]
    return [
        *(f"sqs:SendMessage:{name_in_aws(key)}" for key in sent_to(queue.enqueues)),
        # `ctx.enqueue_many` looks for jobs that were made before, and adds the others to the parent's list
        *(f"dynamodb:{action}:jobs" for action in ("BatchGetItem", "BatchWriteItem") if made),
        *(f"s3:PutObject:payloads/{folder}*" for folder in folders),
        *(_batches("GetItem") if queue.enqueues else ()),
    ]


def _pacing(name: str) -> list[str]:
    """Let a worker of a type with a rate plan the starts of this type, and read jobs before it claims them.

    `*` is every type.
    """
    plan = f"control/{RATE}{name}"
    return [f"dynamodb:GetItem:{plan}", f"dynamodb:UpdateItem:{plan}", "dynamodb:BatchGetItem:jobs"]


def _places(types: Sequence[JobType[Any, Any]]) -> list[str]:
    """Let a worker take and leave places of these types' limits, and read and wake the jobs that wait for them."""
    limits = {named(kind.name, one): one.by is not None for kind in types for one in kind.limits}
    if not limits:
        return []
    few = len(limits) <= MOST_NAMED
    ids = [f"{name}.*" if by else name for name, by in limits.items()] if few else ["*"]
    lines = [f"{name}.*" if by else f"{name}#*" for name, by in limits.items()] if few else ["*"]
    shared = any(one.shared is not None for kind in types for one in kind.limits)
    return [
        *_giving(ids, lines),
        *_waiting(lines),
        *(f"dynamodb:Query:control/{LINE}{one}" for one in lines),
        f"dynamodb:Query:control/{LIMIT_CHANGES}",
        *([f"dynamodb:Query:control/{TOTALS}"] if shared else ()),  # the pauses of types that share the limit
    ]


def _giving(ids: Sequence[str] = ("*",), lines: Sequence[str] = ("*",)) -> list[str]:
    """Let a function that may query the lines leave places of limits with these ids, and give them to other jobs."""
    return [
        *(f"dynamodb:{action}:control/{LIMIT}{one}" for one in ids for action in ("GetItem", "UpdateItem")),
        *(f"dynamodb:DeleteItem:control/{LINE}{one}" for one in lines),
        "dynamodb:BatchGetItem:jobs",
    ]


def _waiting(lines: Sequence[str] = ("*",)) -> list[str]:
    """Let a function put jobs into these lines."""
    return [*(f"dynamodb:UpdateItem:control/{LINE}{one}" for one in lines), f"dynamodb:UpdateItem:control/{LIMITS}"]


def _failures(name: str) -> list[str]:
    """Let a worker or the API read and write the failures of a queue that pauses automatically."""
    return [f"dynamodb:{action}:control/{AUTO_PAUSE}{name}" for action in ("GetItem", "UpdateItem")]


ERASING_JOBS = [
    *(f"dynamodb:{action}:jobs" for action in ("ConditionCheckItem", "DeleteItem")),
    *(
        f"s3:{action}:{prefix}/*" for prefix in PREFIXES
        for action in ("DeleteObjectVersion", "ListBucketVersions")
    ),
]  # fmt: skip
"""What the removal of erased jobs needs. No other function may delete jobs one by one, or their payloads
and results; a function that makes jobs has `BatchWriteItem`, which IAM cannot limit to writes without deletes."""
READING_WEBHOOKS = [f"dynamodb:Query:control/{rows}" for rows in (WEBHOOKS, WEBHOOK_STATES)]
EDITING_WEBHOOKS = [
    *(f"dynamodb:{action}:control/{WEBHOOKS}" for action in ("DeleteItem", "PutItem")),
    *(f"dynamodb:{action}:control/{WEBHOOK_STATES}" for action in ("PutItem", "UpdateItem")),
    *(f"secretsmanager:{action}:webhooks/*" for action in (
        "CreateSecret", "DeleteSecret", "GetSecretValue", "PutSecretValue", "TagResource",
    )),
]  # fmt: skip
"""What the API needs to register webhooks. It reads a secret only to keep it valid for a day when it is rotated."""


def api(queues: Sequence[TypeQueue] = ()) -> list[str]:
    """Let the API look up tokens by their hashes, store jobs and schedules, send messages, read depths, pause workers.

    It lists the hashes of tokens, and stores the sessions of people who sign in. It cannot receive messages, scan
    tables, or write tokens.
    """
    return [
        f"dynamodb:GetItem:control/{TOKENS}",
        f"dynamodb:Query:control/{TOKEN_LIST}",
        *(f"dynamodb:{action}:control/{SESSIONS}" for action in ("GetItem", "Query")),
        *([f"dynamodb:UpdateItem:control/{AUTO_PAUSE}*"] if that_pause(queues) else ()),
        *(f"dynamodb:{action}:jobs" for action in ("BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem")),
        *(f"dynamodb:Query:jobs/index/{index}" for index in ("active", "all", "failures")),
        *(f"dynamodb:{action}:control" for action in ("GetItem", "Query")),
        "dynamodb:Query:jobs/index/members",
        *_batches(),
        *_giving(),
        *_waiting(),
        *_updating(RATE_WINDOWS, TOTALS, f"{PAST_PAUSES}*", ACKNOWLEDGED, BULK_ACTIONS, BULK_IDS),
        *_updating(f"{AUDIT}*", f"{REFUSED}*", TOKEN_USES, SESSIONS, SIGN_INS, ERASURES, ERASING),
        f"dynamodb:DeleteItem:control/{ERASING}",  # a deletion that was refused
        f"dynamodb:Query:control/index/{DUE}",  # the changes of one job
        *(
            f"dynamodb:{action}:control/{rows}"
            for rows in (LIMIT_CHANGES, SCHEDULES, VIEWS)
            for action in ("DeleteItem", "PutItem")
        ),
        f"sqs:SendMessage:{EVERY_TYPE}",
        f"sqs:GetQueueAttributes:{EVERY_TYPE}",
        f"sqs:GetQueueAttributes:{EVERY_TYPE}-dlq",
        *LARGE_BODIES,
        "s3:PutObject:payloads/*",
        "s3:PutObject:uploads/*",
        f"logs:FilterLogEvents:{EVERY_TYPE}",
        f"lambda:UpdateEventSourceMapping:{EVERY_TYPE}",
        BULK_WORK,
        *(EDITING_WEBHOOKS if any(kind.name == DELIVER for queue in queues for kind in queue.types) else ()),
    ]


def types_for_ends(types: Sequence[JobType[Any, Any]]) -> list[JobType[Any, Any]]:
    """Return the types whose jobs can be made when another job or a batch has ended: they are named, or deliveries."""
    return [kind for kind in types if kind.takes_ends or kind.takes_batch_ends or kind.name == DELIVER]


def followup(types: Sequence[JobType[Any, Any]]) -> list[str]:
    """Let the function `followup` read the stream, count batches, and make jobs of these types only.

    It stores which jobs have expired, and removes nothing.
    """
    shorts = [short for queue in queues_of(types) for short in queue.shorts]
    queues = shorts if len(types) <= MOST_NAMED else [EVERY_TYPE]
    return [
        *_stream(),
        *(f"dynamodb:{action}:jobs" for action in ("BatchGetItem", "GetItem", "PutItem", "UpdateItem")),
        *_batches("GetItem"),
        *_updating(EXPIRED),
        *(f"sqs:SendMessage:{queue}" for queue in queues),
        *(READING_WEBHOOKS if any(kind.name == DELIVER for kind in types) else ()),
    ]


def _batches(*reading: str) -> list[str]:
    """Let a function write the rounds of batches and their list, and read them in these ways."""
    return [f"dynamodb:{action}:control/{BATCH_ROWS}" for action in (*reading, "UpdateItem")]


def watchdog(queues: Sequence[TypeQueue] = (), budgets: Sequence[TypeQueue] = ()) -> list[str]:
    """Let the watchdog fire schedules, move overdue jobs, send messages, sweep dead letters, and begin bulk actions.

    It also writes canaries, and reads whether the counters have seen them.
    """
    return [
        *_switching(that_pause(queues)),
        *_switching_off(budgets),
        *_updating(TOTALS),  # the row of the types in trouble
        *(f"dynamodb:{action}:jobs" for action in ("BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem")),
        "dynamodb:Query:jobs/index/active",
        "dynamodb:Query:control",
        f"dynamodb:Query:control/index/{DUE}",
        "dynamodb:Query:jobs/index/members",
        *_batches("GetItem"),
        # also without limits: jobs may wait for a place of a limit that a deployment has removed
        *_giving(),
        *_waiting(),
        f"dynamodb:DeleteItem:control/{LIMITS}",
        *(f"dynamodb:{action}:control/{SCHEDULES}" for action in ("DeleteItem", "GetItem", "PutItem")),
        *(f"dynamodb:GetItem:control/{key}" for key in (BULK_ACTIONS, ERASURES, RECOUNT)),
        BULK_WORK,
        *LARGE_BODIES,
        f"sqs:SendMessage:{EVERY_TYPE}",
        f"sqs:GetQueueAttributes:{EVERY_TYPE}",
        *(f"sqs:{action}:{EVERY_TYPE}-dlq" for action in SWEEPING),
        "lambda:InvokeFunction:watchdog",
        TELLING,
    ]


def _switching(queues: Sequence[TypeQueue]) -> list[str]:
    """Let the watchdog store and end pauses, enable and disable these queues' mappings, and invoke their workers."""
    switching = [f"lambda:InvokeFunction:{where}" for where in _named(queues)]
    switching += _enabling(queues)
    return [*_failures("*"), *_updating(f"{PAST_PAUSES}*"), *switching] if queues else []


def _switching_off(queues: Sequence[TypeQueue]) -> list[str]:
    """Let the watchdog pause and resume these queues, and store ended pauses."""
    return [*_updating(f"{PAST_PAUSES}*"), *_enabling(queues)] if queues else []


def _enabling(queues: Sequence[TypeQueue]) -> list[str]:
    """Let the watchdog enable and disable the event source mappings of these queues."""
    second = [f"{queue.short}/urgent" for queue in queues if queue.urgent] if len(queues) <= MOST_NAMED else []
    return [f"lambda:UpdateEventSourceMapping:{where}" for where in (*_named(queues), *second)]


def _named(queues: Sequence[TypeQueue]) -> list[str]:
    return [queue.short for queue in queues] if len(queues) <= MOST_NAMED else [EVERY_TYPE]


def counters() -> list[str]:
    """Let the counters read the table's stream and add to the control table."""
    return [
        *_stream(),
        "dynamodb:GetItem:control",
        *_updating(TOTALS, ERRORS, RECOUNT, *(f"{step}#*" for step in STEPS.values())),
    ]


def _stream() -> list[str]:
    """Let a function read the stream of the jobs table."""
    return [
        *(f"dynamodb:{action}:jobs/stream" for action in ("DescribeStream", "GetRecords", "GetShardIterator")),
        "dynamodb:ListStreams:jobs/streams",
    ]


def recount() -> list[str]:
    """Let the recount read each job, write canaries, repair counters, process bulk actions, and remove erased jobs."""
    return [
        *(f"dynamodb:{action}:jobs" for action in ("BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem")),
        *(f"dynamodb:Query:jobs/index/{index}" for index in ("active", "all", "failures")),
        *(f"dynamodb:{action}:control" for action in ("GetItem", "Query")),
        "dynamodb:Query:jobs/index/members",
        *_batches(),
        *_giving(),
        *_waiting(),
        *_updating(TOTALS, RECOUNT, BULK_ACTIONS, BULK_IDS, ERASURES, ERASED, EXPIRED),
        *(f"dynamodb:DeleteItem:control/{rows}" for rows in (ERASING, EXPIRED)),
        *ERASING_JOBS,
        f"sqs:SendMessage:{EVERY_TYPE}",
        *LARGE_BODIES,
        "s3:PutObject:payloads/*",
    ]


def _updating(*keys: str) -> list[str]:
    """Allow writing rows of the control table with these partition keys.

    Rows of tokens, which contain roles, are refused.
    """
    return [f"dynamodb:UpdateItem:control/{key}" for key in keys]
