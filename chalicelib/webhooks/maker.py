"""Make the deliveries of ends: from the changes of the stream, and for ends that the stream did not deliver.

A delivery is a job of the type `webhook.deliver`. Its id is derived from the run that ended, the status and the
webhook, so an end that is delivered again makes no second one. The end of a delivery makes no delivery. The end of a
batch's round has no run: the id of its delivery is derived from the batch, the round and the webhook.
"""

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.ends.maker import ended_still, groups, removed, to_check
from chalicelib.errors import IdempotencyMismatch, InvalidPayload, JobFlowError, NotStored
from chalicelib.job_types.constants import DELIVER, OF_BATCH
from chalicelib.job_types.lineage import Lineage
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job
from chalicelib.jobs.trace import carried
from chalicelib.keys.rule import Submitted
from chalicelib.producing.batch import submit_many
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission, key_of_place
from chalicelib.webhooks import events
from chalicelib.webhooks.constants import MOST_IN_INVOCATION, SIDE_BY_SIDE
from chalicelib.webhooks.payload import Delivery, body_of, body_of_round
from chalicelib.webhooks.port import Webhooks
from chalicelib.webhooks.rule import is_told
from chalicelib.webhooks.webhook import Registered, Webhook


@dataclass(frozen=True, slots=True)
class Owed:
    """A delivery that is owed for an end; `number`: the end's position in the stream."""

    job: Job
    webhook: Webhook
    has_result: bool
    number: str = ""


@dataclass(frozen=True)
class DeliveryMaker:
    """Make one delivery for each end and webhook; `side_by_side`: how many are stored at the same time."""

    service: JobService
    webhooks: Webhooks
    side_by_side: int = SIDE_BY_SIDE

    def follow(self, changes: Sequence[JobChanged], given_back: Collection[str] = ()) -> set[str]:
        """Make the deliveries of each end; return the sequence numbers of the changes that must be delivered again.

        `given_back`: those that must be delivered again in any case. Raises the errors of a store that does not answer.
        """
        ends = [(change, job) for change in changes if (job := _ended(change))]
        if not ends:
            return set()
        registered, again = self.webhooks.all(), set()
        owed: list[Owed] = []
        for place, (change, job) in enumerate(ends):
            if len(owed) >= MOST_IN_INVOCATION:
                again |= {later.sequence for later, _ in ends[place:]}
                break
            _log_unknown(job, registered)
            owed += [Owed(job, one, change.has_result, change.sequence) for one in _told(registered, job)]
        gone = removed(self.service.store, [one.job for one in owed], self.service.now())
        for some in groups([one for one in owed if one.job.id not in gone]):
            answers = self._make(some)
            again |= {one.number for one, answer in zip(some, answers, strict=True) if isinstance(answer, NotStored)}
        _log_not_told(changes, again | set(given_back), registered)
        return again

    def tell_round(self, end: Submission, names: Sequence[str], at: float) -> None:
        """Make the delivery of a batch's round to each of these webhooks, whatever their filters.

        `end` is the request for a job with the end as its payload; its key names the batch and the round. Repeating the
        call makes no second delivery. Raises NotStored and the errors of a store.
        """
        payload: Any = end.payload
        batch, registered = payload["batch"], {one.webhook.name: one for one in self.webhooks.all()}
        wanted = [one for name, one in registered.items() if name in names]  # each once, whatever a forged row says
        if missing := sorted(set(names) - registered.keys()):
            events.unknown_of_batch(batch, missing)
        told = [one.webhook for one in wanted if one.state.disabled_at is None]
        answers = submit_many(self.service, [_of_round(end, one, at) for one in told])
        for webhook, answer in zip(told, answers, strict=True):
            if isinstance(answer, NotStored):
                raise answer
            # a mismatch: the delivery exists with other numbers, because members were counted since
            if isinstance(answer, JobFlowError) and not isinstance(answer, IdempotencyMismatch):
                events.refused_of_batch(batch, webhook.name, answer)
            elif isinstance(answer, Submitted) and answer.outcome.written:
                events.made_of_batch(webhook.name, answer.job)
        if len(told) < len(wanted):
            events.not_told(len(wanted) - len(told))

    def repair(self, ended: Sequence[Job]) -> int:
        """Make the deliveries that the stream did not make, of ends between an hour and three days old.

        Raises no errors, so that the caller continues; the next night tries again.
        """
        now, made = self.service.now(), 0
        due = [job for job in ended if job.type != DELIVER and to_check(job, now)]
        try:
            registered = self.webhooks.all() if due else []
        except Exception as error:
            events.repair_failed(error)
            return 0
        owed = [
            Owed(job, one, has_result=False) for job in due for one in _told(registered, job, at=job.finished_at or 0.0)
        ]
        for some in groups(owed):
            try:
                made += self._repair(some)
            except Exception as error:
                events.repair_failed(error)
        if made:
            events.made_up_for(made)
        return made

    def _repair(self, some: Sequence[Owed]) -> int:
        ids = {delivery_id(one): one for one in some}
        known = {job.id for job in self.service.store.get_many(list(ids))}
        present = [self._present(one) for id_, one in ids.items() if id_ not in known]
        answers = self._make([one for one in present if one is not None])
        return sum(isinstance(answer, Submitted) and answer.outcome.written for answer in answers)

    def _present(self, seen: Owed) -> Owed | None:
        """Return the end with all of its data; None if the job was deleted, runs again, or cannot be read."""
        job = ended_still(self.service.store, seen.job, events.repair_failed)
        if job is None:
            return None
        found = Owed(job, seen.webhook, job.result is not None or job.result_ref is not None)
        return found if delivery_id(found) == delivery_id(seen) else None

    def _make(self, owed: Sequence[Owed]) -> Sequence[Submitted | JobFlowError]:
        answers = submit_many(self.service, [_asked(one) for one in owed], self.side_by_side)
        for one, answer in zip(owed, answers, strict=True):
            if isinstance(answer, NotStored):
                continue
            if isinstance(answer, JobFlowError):
                events.refused(one.job, one.webhook.name, answer)  # the other deliveries must not wait
            elif answer.outcome.written:
                events.made(one.job, one.webhook.name, answer.job)
        return answers


def _ended(change: JobChanged) -> Job | None:
    """Return the job whose end may make deliveries: the end of a delivery makes none."""
    job = change.ended
    return None if job is None or job.type == DELIVER else job


def asked(one: Owed) -> Submission:
    """Return the request for a delivery: the same for the same end and webhook, however often it is made."""
    webhook = one.webhook
    payload = Delivery(
        webhook=webhook.name,
        registration=webhook.registration,
        body=body_of(one.job, has_result=one.has_result),
        message=None,
    )
    return Submission(
        DELIVER,
        payload.model_dump(mode="json"),
        tags=(f"ended:{_status(one.job)}",),
        idempotency_key=_key(one),
        correlation_id=one.job.correlation_id,
        lineage=Lineage.of(one.job),
        of_end=True,
        trace=carried(one.job),
    )


def _of_round(end: Submission, webhook: Webhook, at: float) -> Submission:
    """Return the request for the delivery of a round's end to a webhook: its id comes from both."""
    payload: Any = end.payload
    body = body_of_round(payload, at)
    told = Delivery(webhook=webhook.name, registration=webhook.registration, body=body, message=None)
    return replace(
        end, type=DELIVER, payload=told.model_dump(mode="json"), tags=(f"{OF_BATCH}{payload['batch']}",),
        idempotency_key=f"{webhook.registration} {end.idempotency_key}",
    )  # fmt: skip


def _asked(one: Owed) -> Submission | JobFlowError:
    try:
        return asked(one)
    except ValueError as error:  # only a faulty or forged write makes such a row
        return InvalidPayload(type(error).__name__)


def delivery_id(one: Owed) -> str:
    """Return the id of a delivery, which is the webhook-id of its message."""
    return Lineage.of(one.job).child_id(DELIVER, _key(one))


def _key(one: Owed) -> str:
    # it contains a space, so it is never equal to a key of `ctx.enqueue`
    return key_of_place(f"{one.webhook.registration} {_status(one.job)}", one.job.gen)


def _status(job: Job) -> str:
    return job.ended_as or str(job.status)


def _told(registered: Sequence[Registered], job: Job, at: float | None = None) -> list[Webhook]:
    """Return the webhooks that get this end. `at` (epoch seconds): only those whose filter was the same then."""
    return [
        one.webhook for one in registered
        if one.state.disabled_at is None and is_told(one.webhook, job, _status(job))
        and (at is None or one.webhook.told_since <= at)
    ]  # fmt: skip


def _log_not_told(changes: Sequence[JobChanged], again: Collection[str], registered: Sequence[Registered]) -> None:
    """Log how many ends disabled webhooks do not get. All changes from the first of `again` on are counted later."""
    done = itertools.takewhile(lambda change: change.sequence not in again, changes)
    jobs = [job for change in done if (job := _ended(change))]
    disabled = [one.webhook for one in registered if one.state.disabled_at is not None]
    if missed := sum(is_told(webhook, job, _status(job)) for job in jobs for webhook in disabled):
        events.not_told(missed)


def _log_unknown(job: Job, registered: Sequence[Registered]) -> None:
    if missing := sorted(set(job.notify) - {one.webhook.name for one in registered}):
        events.unknown(job, missing)
