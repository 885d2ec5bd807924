"""Define for each kind of row in the two tables whether a restore copies it, and copy the rows beside the jobs.

A row is copied if a promise depends on it. For example, without the row of a key, the next request with this key would
make a second job. No existing row is overwritten.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

SEGMENTS = 8
"""Parts of a table that are read at the same time."""
Item = dict[str, Any]


class How(Enum):
    """Choose what a restore does with a kind of row."""

    WITH_ITS_JOB = auto()
    """The row is written again when its job is added (`Copying`)."""
    AS_IT_IS = auto()
    """The row is copied unchanged, if no row has its key."""
    BEFORE = auto()
    """Like AS_IT_IS, before anything else: the row says which jobs must not be restored."""
    BY_ITSELF = auto()
    """The row is copied by a separate function (`copying.schedules`, `copying.batches`)."""
    NOT = auto()
    """The row is not copied: no promise depends on it, or the platform makes it again."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of row: its table, the form of its keys, how a restore treats it, and why.

    For AS_IT_IS rows: `begins` is the key attribute and the prefix by which the rows are found, `without` names
    attributes that are not copied, and a row without the attribute `having` is not copied. The attribute `from_now` is
    set to the time of the restore.
    """

    name: str
    table: str
    pk: str
    sk: str
    how: How
    why: str
    begins: tuple[str, str] = ("", "")
    without: tuple[str, ...] = ()
    having: str = "pk"
    from_now: str = ""

    def fits(self, item: Item) -> bool:
        """Return whether a row is of this kind."""
        return bool(re.fullmatch(self.pk, item["pk"]["S"]) and re.fullmatch(self.sk, item["sk"]["S"]))


JOB, ANY = r"[0-9a-f-]{36}", r".+"
KEY = "KeyLockRow"
OF_RUNS = (
    "held", "waits", "job_types", "closing", "closed_by", "slot_by", "changed_at", "asked", "kept_slot", "clock_0",
    "clock_1", "clock_2",
)  # fmt: skip
"""Attributes of a limit's row that are of jobs which run or wait."""
KINDS = (
    Kind("JobRow", "jobs", JOB, "META", How.WITH_ITS_JOB, "it is the job"),
    Kind("AttemptRow", "jobs", JOB, r"ATT#.+", How.WITH_ITS_JOB, "an attempt of the job"),
    Kind("ActRow", "jobs", JOB, r"ACT#.+", How.WITH_ITS_JOB, "what an operator did to the job"),
    Kind("StepRow", "jobs", JOB, r"STEP#.+", How.WITH_ITS_JOB, "what a function has already done, and its events"),
    Kind("BodyRow", "jobs", JOB, r"(PAYLOAD|RESULT|PAST)#.+", How.WITH_ITS_JOB, "a payload or a result of the job"),
    Kind("ChildRow", "jobs", JOB, r"SUB#.+", How.WITH_ITS_JOB, "tells the parent which jobs it made"),
    Kind(
        KEY, "jobs", JOB, "KEY", How.AS_IT_IS, "requests for one thing make one job; a key finds its job",
        ("sk", "KEY"),
    ),
    Kind(
        "ClearingRow", "jobs", r"CLEAR#\d", ANY, How.AS_IT_IS, "a payload is removed when its type says so",
        ("pk", "CLEAR#"),
    ),
    Kind("clearing", "jobs", "CLEAR", "LEASE", How.NOT, "who removes such payloads just now"),
    Kind("canary", "jobs", r"CANARY#.+", "CANARY", How.NOT, "a recount writes it, and looks for it within minutes"),
    Kind("ScheduleRow", "control", "SCHEDULES", ANY, How.BY_ITSELF, "a schedule that was stored through the API"),
    Kind(
        "WebhookRow", "control", "WEBHOOKS", ANY, How.AS_IT_IS, "who is told; rotate a secret that was deleted",
        ("pk", "WEBHOOKS"), from_now="told_since",  # the nightly check must not tell what happened without it
    ),
    Kind(
        "WebhookStateRow", "control", "WEBHOOKSTATES", ANY, How.AS_IT_IS, "a receiver that wants no messages gets none",
        # without the failures of other receivers, which may have been mended since
        ("pk", "WEBHOOKSTATES"), having="disabled_at",
    ),
    Kind(
        "AuditRow", "control", r"AUDIT#(NAMED#)?\d{4}-\d\d", ANY, How.AS_IT_IS,
        "who changed what, also before the restore", ("pk", "AUDIT#"),
    ),
    Kind(
        "RefusalRow", "control", r"REFUSED#\d{4}-\d\d", ANY, How.AS_IT_IS, "who was refused before the restore",
        ("pk", "REFUSED#"),
    ),
    Kind(
        "ErasureRow", "control", "ERASURES", ANY, How.BEFORE, "what it erased must not come back", ("pk", "ERASURES"),
        without=("hand", "position"),
    ),
    Kind("ErasedRow", "control", "ERASED", ANY, How.BEFORE, "a deleted job must not come back", ("pk", "ERASED")),
    Kind("DeletionRow", "control", "ERASING", ANY, How.BEFORE, "its job is not restored", ("pk", "ERASING")),
    Kind(
        "MarkRow", "control", "CNT", r"ERASE#.+", How.AS_IT_IS, "a deletion or an erasure that was under way goes on",
        ("sk", "ERASE#"), without=("lease_until",), having="open",
    ),
    Kind("ExpiredRow", "control", "EXPIRED", ANY, How.NOT, "what is left of expired jobs, which are not restored"),
    Kind("ViewRow", "control", "VIEWS", ANY, How.AS_IT_IS, "a filter with a name", ("pk", "VIEWS")),
    Kind(
        "QuotaRow", "control", r"CAP#.+", r"\d+", How.AS_IT_IS, "a day's quota is not taken twice", ("pk", "CAP#")
    ),
    Kind(
        "PlanRow", "control", r"RATE#.+", "PLAN", How.AS_IT_IS, "no window has more starts than the type's rate allows",
        ("pk", "RATE#"), ("turns_to",),  # leave out the turns: some of their jobs are restored as failed
    ),
    Kind(
        "places", "control", r"LIMIT#.+", "PLACES", How.AS_IT_IS,
        "no window has more starts than a rate in `limits` allows; the runs that had places have ended",
        # the names, the mark and the clocks are of jobs that take their places anew
        ("pk", "LIMIT#"), OF_RUNS,
        "slots_to",
    ),
    Kind(
        "ChangedLimitRow", "control", "LIMITCHANGES", ANY, How.AS_IT_IS,
        "a limit that an operator has lowered stays low", ("pk", "LIMITCHANGES"),
    ),
    Kind("tenants", "control", r"LIMIT#.+", r"TENANT#.+", How.NOT, "a restored job gets its position anew"),
    Kind("limits", "control", "LIMITS", ANY, How.NOT, "the list of limits for which jobs wait, which wait anew"),
    Kind("line", "control", r"LINE#.+", ANY, How.NOT, "a restored job takes its places anew"),
    Kind("TokenRow", "control", r"TOK#.+", ANY, How.NOT, "tokens are made anew: a copy would let in whoever had one"),
    Kind("ListedRow", "control", "TOKENS", ANY, How.NOT, "the list of tokens, which are made anew"),
    Kind("UseRow", "control", "TOKENUSES", ANY, How.NOT, "when a token was last used, and tokens are made anew"),
    Kind("SessionRow", "control", "SESSIONS", r"SESSION#.+", How.NOT, "people sign in anew: a copy undoes a logout"),
    Kind("RevokedRow", "control", "SESSIONS", r"REVOKED#.+", How.NOT, "counts for hours, and no session is copied"),
    Kind("SignInRow", "control", "SIGNINS", ANY, How.NOT, "a sign-in that was used; its ID token has expired since"),
    Kind("WindowRow", "control", r"RL#.+", ANY, How.NOT, "the requests of an address within a minute"),
    Kind("totals", "control", "CNT", r"(TYPE#.+|DEPLOYS|MOVES|TROUBLES)", How.NOT, "counters are recounted"),
    Kind("pause", "control", "CNT", r"PAUSE#.+", How.NOT, "a stage says itself which types it pauses"),
    Kind("OpenRow", "control", "CNT", r"BULK#.+", How.NOT, "a bulk action that was under way is started again"),
    Kind("BulkRow", "control", "BULK", ANY, How.NOT, "a bulk action that was under way is started again"),
    Kind("IdsRow", "control", "BULKIDS", ANY, How.NOT, "a bulk action that was under way is started again"),
    Kind("rounds", "control", r"BATCH#.+", r"R\d+", How.BY_ITSELF, "a batch ends when its restored members have ended"),
    Kind("batches", "control", "BATCHES", ANY, How.BY_ITSELF, "the list of the batches"),
    Kind("bucket", "control", r"[MHD]#.+", ANY, How.NOT, "numbers by time are recounted, or begin anew"),
    Kind("errors", "control", "ERR", ANY, How.NOT, "groups of errors are recounted, or begin anew"),
    Kind("recount", "control", "RECOUNT", ANY, How.NOT, "the next recount begins anew"),
    Kind("AcknowledgedRow", "control", "ACK", ANY, How.NOT, "a mark on a group of errors, which begins anew"),
    Kind("PastPauseRow", "control", r"PAUSES#.+", ANY, How.NOT, "a pause that has ended"),
    Kind("AutoPauseRow", "control", r"AUTOPAUSE#.+", ANY, How.NOT, "the last failures of a type, which come anew"),
)  # fmt: skip


def kinds_of(table: str, item: Item) -> list[Kind]:
    """Return the kinds of a table's row: exactly one."""
    return [kind for kind in KINDS if kind.table == table and kind.fits(item)]


def keys(client: Any, tables: Mapping[str, tuple[str, str]], now: float, named: Callable[[str], bool]) -> Counter[str]:
    """Restore the row of each key for whose job `named` returns True. See bring_back."""
    return _bring_back(client, tables, now, [kind for kind in KINDS if kind.name == KEY], named)


def erasures(client: Any, tables: Mapping[str, tuple[str, str]], now: float) -> Counter[str]:
    """Copy what was erased and when, before anything is restored. See bring_back."""
    return _bring_back(client, tables, now, [kind for kind in KINDS if kind.how is How.BEFORE], lambda _: True)


def bring_back(client: Any, tables: Mapping[str, tuple[str, str]], now: float) -> Counter[str]:
    """Copy each row that is restored unchanged, except keys; return the numbers by kind.

    May be stopped anywhere and run again. `tables`: the names of the source and the target table, for jobs and for
    control. A row that has expired at `now` (epoch seconds) is skipped.
    """
    kinds = [kind for kind in KINDS if kind.how is How.AS_IT_IS and kind.name != KEY]
    return _bring_back(client, tables, now, kinds, lambda _: True)


def _bring_back(
    client: Any, tables: Mapping[str, tuple[str, str]], now: float, kinds: list[Kind], named: Callable[[str], bool]
) -> Counter[str]:
    back: Counter[str] = Counter()
    for kind in kinds:
        source, target = tables[kind.table]
        with ThreadPoolExecutor(SEGMENTS) as pool:
            counts = pool.map(partial(_part, client, source, target, kind, now, named), range(SEGMENTS))
            back[kind.name] += sum(counts)
    return +back


def _part(
    client: Any, source: str, target: str, kind: Kind, now: float, named: Callable[[str], bool], part: int
) -> int:
    back = 0
    for item in _found(client, source, kind, part, now):
        if "registration" in item:
            _stays_disabled(client, target, item)
        if "job" not in item or named(item["job"]["S"]):
            back += _added(client, target, item)
    return back


def _found(client: Any, source: str, kind: Kind, part: int, now: float) -> Iterator[Item]:
    key, begins = kind.begins
    pages = client.get_paginator("scan").paginate(
        TableName=source, Segment=part, TotalSegments=SEGMENTS, ConsistentRead=True,
        FilterExpression="begins_with(#key, :begins) AND (attribute_not_exists(#end) OR #end >= :now)",
        ExpressionAttributeNames={"#key": key, "#end": "expires_at"},
        ExpressionAttributeValues={":begins": {"S": begins}, ":now": {"N": str(now)}},
    )  # fmt: skip
    for page in pages:
        for item in page["Items"]:
            if kind.fits(item) and kind.having in item:
                changed = {kind.from_now: {"N": str(now)}} if kind.from_now else {}
                yield {name: value for name, value in item.items() if name not in kind.without} | changed


def _stays_disabled(client: Any, target: str, webhook: Item) -> None:
    """Keep the state of a webhook that was deleted after the restored moment.

    It would expire within a day, and the restored webhook would be enabled without a person.
    """
    with suppress(client.exceptions.ConditionalCheckFailedException):
        client.update_item(
            TableName=target, Key={"pk": {"S": "WEBHOOKSTATES"}, "sk": webhook["registration"]},
            UpdateExpression="REMOVE expires_at", ConditionExpression="attribute_exists(disabled_at)",
        )  # fmt: skip


def _added(client: Any, target: str, item: Item) -> bool:
    try:
        client.put_item(TableName=target, Item=item, ConditionExpression="attribute_not_exists(pk)")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True
