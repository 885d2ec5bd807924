"""Process the messages of one invocation: in which order, how long, and which messages must come again."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from chalicelib import cold_start
from chalicelib.errors import MalformedMessage
from chalicelib.job_types import jobtype
from chalicelib.job_types.queue import name_in_aws, urgent_key
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.message import parse_message
from chalicelib.jobs.message_fate import Drop, Hold, unavailable
from chalicelib.jobs.port import JobQueue
from chalicelib.pausing.circuit_breaker import AlwaysClosed, CircuitBreaker
from chalicelib.side_by_side import Beside, Wait, at_once
from chalicelib.telemetry import events
from chalicelib.telemetry.logger import within_invocation
from chalicelib.worker.constants import APART, CLAIM_GUARD, TRIM_SLACK
from chalicelib.worker.context import LambdaContext
from chalicelib.worker.crew import Crew, OneByOne
from chalicelib.worker.start import StartPolicy


def nothing(*_: object) -> None:
    """Wait for nothing. See Wait."""


class Handles(Protocol):
    """Handle the messages of one job type, or the messages that no type of the queue can handle."""

    starts: StartPolicy

    @property
    def name(self) -> str:
        """Return the name of the job type, for log lines."""

    @property
    def serial(self) -> bool:
        """Return whether the queue is a FIFO queue."""

    @property
    def needed(self) -> float:
        """Return the seconds that must be left before a message is handled."""

    def lost(self, delivery: Delivery) -> bool:
        """Return whether the last attempt of the job may have ended with its process."""

    def sent_anew(self, delivery: Delivery, delay: int) -> bool:
        """Send a fresh message, visible in `delay` seconds, if the job needs this one and it has no receive left.

        Returns whether it was sent: the delivered message is then no longer needed.
        """

    def handle(
        self, delivery: Delivery, context: LambdaContext, *, cold: bool, trimmed: Wait, alone: bool
    ) -> Drop | Hold:
        """Handle a message, and return what to do with it. `cold`: this is the process's first invocation.

        `trimmed` waits until the visibility timeout of the messages is set; code of a job type runs after it. `alone`:
        no other job runs in this process until this one has ended.
        """


@dataclass
class Messages:
    """Process the messages of one queue, a batch in each invocation; `name` is the queue's name.

    `type_of` returns the job type that a message names. `known` has what handles the messages of the types that this
    process has imported; `load` imports another type. `beside` sets the visibility timeout of the messages while the
    first job is claimed. `crew` returns what runs the jobs of a batch, as many at the same time as there are `threads`.
    """

    name: str
    queue: JobQueue
    spread: Callable[[float, float], float]
    type_of: Callable[[Delivery], str]
    known: Mapping[str, Handles]
    load: Callable[[str], Handles]
    breaker: CircuitBreaker | AlwaysClosed
    cold: bool = True
    beside: Beside = at_once
    threads: int = 1
    crew: Callable[[int], Crew] = lambda _: OneByOne()
    refused: bool = False
    """True if a message of this batch could not be handled because a request to AWS failed."""
    running: Crew = field(default_factory=OneByOne)
    """What runs the jobs of this batch."""
    trimmed: Wait = nothing
    """Waits until the visibility timeout of this batch's messages is set, or the request has failed."""
    apart: bool = False
    """True if a job of this batch could not run beside the others."""

    def work(self, event: Mapping[str, Any], context: LambdaContext) -> list[str]:
        """Process the event's messages; return the ids of the messages that must be delivered again."""
        # A thread that a job leaves running may write lines after the invocation. With `keep`, they have the
        # invocation's id.
        with within_invocation(context.aws_request_id, keep=cold_start.IN_LAMBDA):
            try:
                return self._work(event, context)
            except Exception:
                self.trimmed()  # a request that Lambda freezes with the process could go on in a later invocation
                raise

    def _work(self, event: Mapping[str, Any], context: LambdaContext) -> list[str]:
        deliveries = sorted(map(Delivery.of, event["Records"]), key=self._rank)
        whole = seconds_left(context)
        self.trimmed = self._trim(deliveries, whole)
        self.breaker.begin(whole)
        again: list[str] = []
        self.refused, self.apart, self.running = False, False, self.crew(min(self.threads, len(deliveries)))
        try:
            late = self._begin_each(deliveries, context, whole, again)
            if late:
                again += self._give_back(late)
        finally:
            self.running.join()  # a job that Lambda freezes with the process could go on in a later invocation
        self.trimmed()
        self.cold = False
        return again

    def _begin_each(
        self, deliveries: Sequence[Delivery], context: LambdaContext, whole: float, again: list[str]
    ) -> list[Delivery]:
        """Begin to process the messages; return those for which too little time is left.

        A message that must be delivered again is added to `again` when it is processed.
        """
        found, begun, jobs = dict(self.known), set[str](), set[str]()
        late: list[Delivery] = []
        for number, delivery in enumerate(deliveries):
            name = self.type_of(delivery)
            if name in found:
                # A message that is late before a thread is free returns to the queue while the others run.
                if not self.running.room(seconds_left(context) - found[name].needed - CLAIM_GUARD):
                    late.append(delivery)
                    continue
            else:
                self.running.join()
            before = seconds_left(context)
            # An import may take long, and may even end the process. So it begins only while most of the time is left.
            if name not in found and number > 0 and before < whole / 2:
                late.append(delivery)
                continue
            handles = found.get(name) or found.setdefault(name, self._loaded(name, context))
            alone = self.threads == 1 or len(deliveries) == 1
            if not alone and self._runs_alone(delivery, handles, jobs):
                alone = self.apart = True
            if alone:
                self.running.join()
            left = seconds_left(context)
            # Always process the first message: if a batch gave back all messages, there would be no progress. After a
            # slow import, the next batch of this process brings the progress.
            if (number > 0 or before - left > CLAIM_GUARD) and left < handles.needed + CLAIM_GUARD:
                late.append(delivery)
                continue
            if name not in begun:
                begun.add(name)
                handles.starts.begin([one for one in deliveries[number:] if self.type_of(one) == name])
            work = partial(self._process, delivery, handles, context, again, alone=alone)
            if alone:
                work()
            else:
                self.running.begin(work)
        return late

    def _runs_alone(self, delivery: Delivery, handles: Handles, jobs: set[str]) -> bool:
        """Return whether no other job of the batch may run beside the job of this message; add the job to `jobs`.

        If the process ends, all jobs that run in it have used up an attempt. So a job that has lost an attempt, which
        may have ended the process, runs alone: the others lose one attempt to it at most. If the first receive of a
        message does not show that, the claim does, and the message comes again.

        Two messages of one job are handled one after the other. Else each of them could take the other one's claim for
        its own, if its own claim gets no answer, and the attempt would run twice.
        """
        job_id = _job_of(delivery)
        if job_id in jobs:
            return True
        jobs.add(job_id)
        return delivery.receive_count > 1 and handles.lost(delivery)

    def _process(
        self, delivery: Delivery, handles: Handles, context: LambdaContext, again: list[str], *, alone: bool
    ) -> None:
        if not self._acknowledged(delivery, handles, context, alone=alone):
            again.append(delivery.message_id)

    def _rank(self, delivery: Delivery) -> tuple[int, float, float]:
        """Return the key for the order of the messages in a batch.

        The messages that were received most often come first, because they have the fewest receives left. After an
        invocation that ended too early, for example because a job used up the memory, all its messages come again: so
        jobs that need less time come before others, and files are imported last, in another order each time. Messages
        with the same key keep their order, because none of them was received more often than an earlier one.
        """
        handles = self.known.get(self.type_of(delivery))
        if handles is None:
            return -delivery.receive_count, math.inf, self.spread(0, 1)
        return -delivery.receive_count, handles.needed, 0.0

    def _loaded(self, name: str, context: LambdaContext) -> Handles:
        before, threads = self.breaker, self.threads
        self.trimmed()  # an import runs code of the job type, which may end the process
        handles = self.load(name)
        self.running = self.running if self.threads == threads else self.crew(self.threads)
        if self.breaker is not before:  # the first type that is imported has brought the queue's breaker
            self.breaker.begin(seconds_left(context))
        return handles

    def _trim(self, deliveries: list[Delivery], left: float) -> Wait:
        """Begin to shorten the visibility timeout of the messages; return what waits for it.

        The queue's timeout also covers the time in which Lambda throttles the function. Now the end of the invocation
        is known, so a shorter timeout is enough. The claim of a job does not depend on it. If the process dies before
        the timeout is shorter, the messages come again when the queue's timeout ends.
        """
        receipts: dict[str, list[str]] = {}
        for delivery in deliveries:
            if not delivery.probe:
                receipts.setdefault(key_of(delivery, self.name), []).append(delivery.receipt)
        if not receipts:
            return nothing

        def shorten() -> None:
            try:
                for key, some in receipts.items():
                    self.queue.set_visibility(key, some, int(left) + TRIM_SLACK)
            except Exception as error:
                events.store_failed(self.name, error)

        return self.beside(shorten)

    def _give_back(self, rest: list[Delivery]) -> list[str]:
        events.out_of_time(self.name, len(rest))
        again = list[str]()
        for delivery in rest:
            # If AWS refused a request for an earlier message, it would refuse the same request for these messages. Hide
            # them for longer, because each receive brings a message closer to the dead-letter queue.
            refused = unavailable(delivery.receive_count, self.spread).seconds if self.refused else None
            wait = round(self.spread(0, APART if self.apart else 3)) if refused is None else refused
            # A job that runs alone uses up the time in which the others would have run beside it, perhaps in one
            # invocation after the other. That must not bring their messages to the dead-letter queue.
            handles = self.known.get(self.type_of(delivery)) if self.threads > 1 else None
            if handles is not None and handles.sent_anew(delivery, wait):
                continue
            self._hold(delivery, self.name, wait)
            again.append(delivery.message_id)
        return again

    def _acknowledged(self, delivery: Delivery, handles: Handles, context: LambdaContext, *, alone: bool) -> bool:
        def handle() -> Drop | Hold:
            return handles.handle(delivery, context, cold=self.cold, trimmed=self.trimmed, alone=alone)

        try:
            end = self.breaker.call(handle)
        except Exception as error:
            events.store_failed(delivery.named(handles.name), error)
            self.refused = True
            end = unavailable(delivery.receive_count, self.spread)
        handles.starts.after(delivery, end)
        # In a FIFO queue, the message of a dead-lettered job would be delivered again and again before the others of
        # its key. So it is acknowledged, and only the job's row shows the failure.
        if isinstance(end, Drop) or (end.over and handles.serial):
            return True
        if end.seconds is not None and not delivery.probe:
            self._hold(delivery, handles.name, end.seconds)
        return False

    def _hold(self, delivery: Delivery, job_type: str, seconds: int) -> None:
        self.trimmed()  # else it could replace this timeout
        try:
            self.queue.set_visibility(key_of(delivery, self.name), [delivery.receipt], seconds)
        except Exception as error:
            events.store_failed(delivery.named(job_type), error)


def key_of(delivery: Delivery, first: str) -> str:
    """Return the key of the queue that a message came from: `first`, or the urgent queue of this type.

    The name of a type with an urgent queue does not end with `urgent`, so its first queue's name does not, either.
    """
    second = urgent_key(first)
    return second if jobtype.urgent(first) and delivery.queue.endswith(f"-{name_in_aws(second)}") else first


def _job_of(delivery: Delivery) -> str:
    """Return the id of the message's job; of a message that cannot be read, the message's own id."""
    try:
        return parse_message(delivery.body).id
    except MalformedMessage:
        return delivery.message_id


def seconds_left(context: LambdaContext) -> float:
    """Return the seconds until the invocation ends."""
    return context.get_remaining_time_in_millis() / 1000
