"""Make a batch for a job function: add members, and close the batch with their number. Safe to run in each attempt."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from chalicelib.batches.batches import FIRST, Batches, NewBatch, full
from chalicelib.batches.constants import MOST_MEMBERS
from chalicelib.batches.round import Round
from chalicelib.errors import ConfigurationError, FieldError, InvalidRequest, JobFlowError, StoreUnavailable
from chalicelib.job_types.checks import KEY
from chalicelib.job_types.context import NamedType
from chalicelib.job_types.lineage import Lineage
from chalicelib.jobs.job import Job
from chalicelib.jobs.trace import carried
from chalicelib.worker.enqueue import NOT_WEBHOOKS, Enqueuing, InBatch, are_webhooks

BATCH = "batch of"
"""In the place of a job type in the id of a batch, so that it is never the id of a job: a type's name has no space."""


@dataclass
class MembersOfJob:
    """See Batch in `job_types/context`. `name` is the same in each attempt; `kept_at`: see Enqueuing."""

    enqueuing: Enqueuing
    parent: Job
    name: str
    then: str | None
    on_failure: str | None
    key: str | None
    tags: tuple[str, ...]
    notify: tuple[str, ...] = ()
    kept_at: float | None = None
    _made: InBatch | None = field(default=None, init=False)
    _members: set[str] = field(default_factory=set, init=False)

    @property
    def id(self) -> str:
        """See Batch."""
        return self._open().id

    def __enter__(self) -> Self:
        """Create the batch, or find the one that an earlier attempt has created."""
        batches = self._batches()
        found = self._stored(lambda: batches.create(self._asked(batches))[0])
        self._made = InBatch(found.batch, not found.open)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the batch with the number of its members; after an error, leave that to the next attempt."""
        made = self._open()
        if kind is None:
            batches = self._batches()
            self._stored(lambda: batches.close(made.id, len(self._members)))

    def add(self, type: str | NamedType, payload: Any, *, key: str | None = None, **asked: Any) -> str:
        """See Batch."""
        self._fits(1)
        made = self.enqueuing.make(self.parent, type, payload, key=key, batch=self._open(), **asked)
        self._members.add(made.id)
        return made.id

    def add_many(
        self, type: str | NamedType, payloads: Iterable[Any], *, keys: Iterable[str] | None = None, **asked: Any
    ) -> list[str]:
        """See Batch."""
        payloads = list(payloads)
        self._fits(len(payloads))
        made = self.enqueuing.make_many(self.parent, type, payloads, keys=keys, batch=self._open(), **asked)
        self._members.update(made)
        return list(made)

    def _fits(self, more: int) -> None:
        if len(self._members) + more > MOST_MEMBERS:
            raise ConfigurationError(f"{self.parent.type} adds too many members in ctx.batch: {full()}")

    def _open(self) -> InBatch:
        if self._made is None:
            raise ConfigurationError("ctx.batch(...) is used without `with`, so the batch is not created")
        return self._made

    def _batches(self) -> Batches:
        allowed = self.enqueuing.allowed
        for named in (self.then, self.on_failure):
            if named is not None and named not in allowed:
                known = ", ".join(allowed) or "none"
                raise ConfigurationError(f"{named} is not in enqueues= of {self.parent.type}; declared: {known}")
        if self.enqueuing.batches is None or not allowed:
            raise ConfigurationError(f"{self.parent.type} makes a batch, and has no enqueues=")
        where = []
        if self.key is not None and not KEY.fullmatch(self.key):
            where.append(FieldError(("key",), "must be 1 to 255 visible ASCII characters"))
        if not are_webhooks(self.notify):
            where.append(FieldError(("notify",), NOT_WEBHOOKS))
        if where:
            raise InvalidRequest("The batch cannot be created.", where)
        return self.enqueuing.batches

    def _asked(self, batches: Batches) -> NewBatch:
        return NewBatch(
            self._id(batches), self.then, self.on_failure, self.key, self.tags,
            correlation_id=self.parent.correlation_id, lineage=Lineage.of(self.parent), notify=self.notify,
            trace=carried(self.parent),
        )  # fmt: skip

    def _id(self, batches: Batches) -> str:
        """Return the id of the batch. With kept steps, an earlier run may have made it."""
        gens: Sequence[int] = range(self.parent.gen, 0, -1) if self.kept_at is not None else (self.parent.gen,)
        ids = [Lineage.of(replace(self.parent, gen=gen)).child_id(BATCH, self.name) for gen in gens]
        return next((one for one in ids[1:] if batches.rows.find(one, FIRST) is not None), ids[0])

    def _stored(self, request: Any) -> Round:
        try:
            found: Round = request()
        except JobFlowError:
            raise
        except Exception as error:
            raise StoreUnavailable(f"The batch cannot be written: {type(error).__name__}") from error
        return found


@dataclass
class AsyncMembersOfJob:
    """See AsyncBatch in `job_types/context`."""

    members: MembersOfJob

    @property
    def id(self) -> str:
        """See Batch."""
        return self.members.id

    async def __aenter__(self) -> Self:
        """See MembersOfJob."""
        self.members.__enter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See MembersOfJob."""
        self.members.__exit__(kind, error, trace)

    async def add(self, type: str | NamedType, payload: Any, *, key: str | None = None, **asked: Any) -> str:
        """See Batch."""
        return self.members.add(type, payload, key=key, **asked)

    async def add_many(
        self, type: str | NamedType, payloads: Iterable[Any], *, keys: Iterable[str] | None = None, **asked: Any
    ) -> list[str]:
        """See Batch."""
        return self.members.add_many(type, payloads, keys=keys, **asked)
