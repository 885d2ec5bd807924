"""Store batches on the control table: one row for each round, and a row of the list for each batch.

A round's row is written once for each read of the stream that has ends of its members, not once for each member.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import code_of, refused
from chalicelib.adapters.dynamo.tables.due import due_items
from chalicelib.adapters.dynamo.tables.schema import BATCH, BATCHES
from chalicelib.batches.constants import MARKS_KEPT, MOST_FAILED_IDS
from chalicelib.batches.round import Ended, Round
from chalicelib.batches.rule import ON_FAILURE, THEN, counted
from chalicelib.counters.keys import MARK
from chalicelib.counters.keys import ended as has_ended
from chalicelib.errors import UNREADABLE, RowRefused
from chalicelib.jobs.listing import iso
from chalicelib.jobs.signing import Signing
from chalicelib.settings import Settings

KEYS = frozenset({"batch", "number"})
ROUND = "R"
NUMBERED = re.compile(r"R\d{6}")
Item = Mapping[str, Any]


def _kind(hint: Any) -> Any:
    return next(iter(set(get_args(hint)) - {NoneType})) if isinstance(hint, UnionType) else hint


KINDS = {name: _kind(hint) for name, hint in get_type_hints(Round).items()}


class DynamoBatches:
    """See BatchRows."""

    def __init__(self, settings: Settings) -> None:
        self._table = binding.control(settings)
        self._signing = Signing.of(settings)

    def add(self, new: Round) -> Round:
        """See BatchRows. An update and not a put, so that a worker needs no right to replace rows."""
        signed = _signed(self._signing, new)
        values = {one.name: getattr(signed, one.name) for one in fields(Round) if one.name not in KEYS}
        written = self._update(new.batch, new.number, _actions(values), Path("pk").does_not_exist())
        return written or self._found(new.batch, new.number)

    def enlist(self, batch: str, created_at: float, expires_at: float | None) -> None:
        """See BatchRows."""
        end = Path("expires_at")
        listed = end.remove() if expires_at is None else end.set(_typed(round(expires_at)))
        self._table.update_item(
            self._table.name, BATCHES, f"{iso(created_at)}#{batch}", actions=[Path("batch").set(batch), listed]
        )

    def find(self, batch: str, number: int | None = None) -> Round | None:
        """See BatchRows."""
        if number is not None:
            item = self._item(batch, number)
            return None if item is None else _round(item)
        answer = self._table.query(
            self._table.name, BATCH + batch, consistent_read=True, scan_index_forward=False, limit=1
        )  # fmt: skip
        return next(map(_round, answer["Items"]), None)

    def rounds(self, batch: str, most: int) -> Sequence[Round]:
        """See BatchRows."""
        found, start = list[Round](), None
        while True:
            answer = self._table.query(
                self._table.name, BATCH + batch, consistent_read=True, scan_index_forward=False,
                limit=most - len(found), exclusive_start_key=start,
            )  # fmt: skip
            found += map(_round, answer["Items"])
            start = answer.get("LastEvaluatedKey")
            if start is None or len(found) >= most:
                return found[::-1]

    def opened_by(self, batch: str, bulk: str) -> Round | None:
        """See BatchRows. One request for each megabyte of rounds, which are at most 10 KB long."""
        mine, start = Path("bulk") == bulk, None
        while True:
            answer = self._table.query(
                self._table.name, BATCH + batch, filter_condition=mine & Path("closed_at").does_not_exist(),
                consistent_read=True, scan_index_forward=False, exclusive_start_key=start,
            )  # fmt: skip
            if answer["Items"]:
                return _round(answer["Items"][0])
            start = answer.get("LastEvaluatedKey")
            if start is None:
                return None

    def newest(self, limit: int, before: str | None = None) -> tuple[Sequence[str], str | None]:
        """See BatchRows."""
        answer = self._table.query(
            self._table.name, BATCHES, Path("sk") < before if before else None, consistent_read=True,
            scan_index_forward=False, limit=limit,
        )  # fmt: skip
        keys = [item["sk"]["S"] for item in answer["Items"]]
        return [key.partition("#")[2] for key in keys], keys[-1] if keys and answer.get("LastEvaluatedKey") else None

    def count(self, batch: str, number: int, ended: Sequence[Ended], source: str, now: float) -> Round | None:
        """See BatchRows. One read and one write; one read if the ends are counted already."""
        name = f"{MARK}{source}"
        mark = Path([name])
        while True:
            item = self._item(batch, number)
            if item is None:
                return None
            try:
                known, before = item.get(name, {}).get("S", ""), _round(item)
            except UNREADABLE as error:
                raise RowRefused(f"The round {number} of {batch} cannot be read: {error!r}") from error
            new = [one for one in ended if one.sequence > known]
            if not new:
                return before
            added = counted(new)
            numbers = {name: getattr(added, name) for name in ("done", "failed", "cancelled")}
            actions: list[Action] = [
                mark.set(new[-1].sequence),
                Path("updated_at").set(_typed(now)),
                *(Path(field).add(_typed(amount)) for field, amount in numbers.items() if amount),
                *_without_old_marks(item, now),
            ]
            if ids := added.failed_ids[: max(0, MOST_FAILED_IDS - len(before.failed_ids))]:
                path = Path("failed_ids")
                actions.append(path.set((path | {"L": []}).append(_typed(ids))))
            unchanged: Condition = mark == known if known else mark.does_not_exist()
            after = self._update(batch, number, actions, Path("pk").exists() & unchanged)
            if after is not None:
                return after

    def write(
        self, batch: str, number: int, values: Mapping[str, Any], same: Mapping[str, str | None] = {}
    ) -> Round | None:
        """See BatchRows."""
        condition: Condition = Path("pk").exists()
        for name, value in same.items():
            path = Path([name])
            condition &= path.does_not_exist() if value is None else path == value
        return self._update(batch, number, _actions(values), condition)

    def due(self, now: float, most: int) -> Sequence[tuple[str, int]]:
        """See BatchRows. Half a read unit if no round is due. Reads only keys, so an invalid row blocks no other."""
        items = due_items(self._table, BATCHES, now, most, _is_round)
        return [(item["pk"]["S"].removeprefix(BATCH), int(item["sk"]["S"].removeprefix(ROUND))) for item in items]

    def signed(self, found: Round, what: str) -> bool:
        """See BatchRows."""
        return accepted(self._signing, found, what)

    def _item(self, batch: str, number: int) -> Item | None:
        answer = self._table.get_item(self._table.name, BATCH + batch, _sk(number), consistent_read=True)
        item: Item | None = answer.get("Item")
        return item

    def _found(self, batch: str, number: int) -> Round:
        item = self._item(batch, number)
        if item is None:
            raise LookupError(f"{batch}: the round {number} was deleted")
        return _round(item)

    def _update(self, batch: str, number: int, actions: list[Action], condition: Condition) -> Round | None:
        """Write, and return the round after it; None if the condition does not hold."""
        try:
            answer = self._table.update_item(
                self._table.name, BATCH + batch, _sk(number), actions=actions, condition=condition,
                return_values="ALL_NEW",
            )  # fmt: skip
        except UpdateError as error:
            if code_of(error) == "ValidationException":
                raise RowRefused(f"The round {number} of {batch} cannot be written: {error}") from error
            if not refused(error):
                raise
            return None
        return _round(answer["Attributes"])


def _signed(signing: Signing, new: Round) -> Round:
    """Return a round with the signatures of the jobs that it makes; a later round keeps those of the earlier one."""
    marks = [
        signing.batch_mark(named, _signed_texts(new, what)) if mark is None and named is not None else mark
        for named, mark, what in _effects(new)
    ]
    return replace(new, then_mark=marks[0], failure_mark=marks[1])


def _effects(found: Round) -> Sequence[tuple[str | None, str | None, str]]:
    return (found.then, found.then_mark, THEN), (found.on_failure, found.failure_mark, ON_FAILURE)


def _signed_texts(found: Round, what: str) -> Sequence[str]:
    """Return what a signature covers: which batch may make this, for whom, and as a child of which job."""
    made_by = (found.parent or "", found.run or "", found.root or "")
    return (what, found.batch, *made_by, found.principal)


def accepted(signing: Signing, found: Round, what: str) -> bool:
    """Return whether a round may make the job of `then` or `on_failure`."""
    named, mark = next((named or "", mark) for named, mark, one in _effects(found) if one == what)
    return signing.accepts_batch(named, _signed_texts(found, what), found.created_at, mark)


def _is_round(pk: str, sk: str) -> bool:
    return pk.startswith(BATCH) and NUMBERED.fullmatch(sk) is not None


def _sk(number: int) -> str:
    return f"{ROUND}{number:06}"


def _actions(values: Mapping[str, Any]) -> list[Action]:
    """Return the actions that set these fields; the time of the next check is also the key in the index."""
    found = [_set(name, value) for name, value in values.items() if name != "due_at"]
    if "due_at" in values:
        at = values["due_at"]
        found += [_set("due_in", None if at is None else BATCHES), _set("due_at", None if at is None else iso(at))]
    return found


def _set(name: str, value: Any) -> Action:
    path = Path([name])
    action: Action = path.remove() if value is None or value == () else path.set(_typed(value))
    return action


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value.encode("utf-8", "replace").decode()}
    return {"L": [_typed(one) for one in value]} if isinstance(value, tuple) else {"N": str(value)}


def _round(item: Item) -> Round:
    found: dict[str, Any] = {
        "batch": item["pk"]["S"].removeprefix(BATCH), "number": int(item["sk"]["S"].removeprefix(ROUND)),
    }  # fmt: skip
    for name, kind in KINDS.items():
        value = item.get(name)
        if name in KEYS or value is None:
            continue
        if kind in (int, float):
            found[name] = _seconds(value["S"]) if "S" in value else kind(float(value["N"]))
        else:
            found[name] = value["S"] if kind is str else tuple(one["S"] for one in value["L"])
    return Round(**found)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _without_old_marks(item: Item, now: float) -> list[Action]:
    """Return the actions that remove the marks of shards without more changes, if there are many marks."""
    marks = [name for name in item if name.startswith(MARK)]
    if len(marks) < MARKS_KEPT:
        return []
    return [Path([name]).remove() for name in marks if has_ended(name.removeprefix(MARK), now)]
