"""Post events to jobs: an event is stored first, then the job that waits for it is woken."""

import json
from dataclasses import dataclass

from chalicelib.errors import FieldError, InvalidRequest, JobConflict, MoveRefused, NotStored
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import JSON, Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.step import EVENT, NAMES, Step, is_name
from chalicelib.operating.constants import AFTER_THE_REQUEST, LARGEST_EVENT
from chalicelib.operating.dispatch import Dispatcher


@dataclass(frozen=True)
class Posting:
    """Post events for an operator, whose name is `by`."""

    dispatcher: Dispatcher
    by: str = ""

    def post(self, job_id: str, name: str, data: JSON = None) -> tuple[Job, bool]:
        """Store an event of a job, and wake the job if it waits for the event; return the job, and True for a replay.

        Only the first event with a name counts. The same event again is a replay. A replay also wakes the job if it
        still waits, and may come after the job has finished. Raises JobNotFound and InvalidRequest. Raises JobConflict
        for a new event of a finished job, for another event of the same name, and for an event whose wait has timed
        out. Raises NotStored if SQS takes no message: the event is not stored, and the request can be repeated.
        """
        _check(name, data)
        store = self.dispatcher.store
        found = store.get_without_bodies(job_id)
        if found.terminal:
            kept = store.kept_step(found, EVENT + name)
            if kept is not None and not kept.timed_out and kept.value == data:
                return found, True  # a client repeats the request because it has not received the answer
            raise JobConflict(f"Job {job_id} is {found.status}; it takes no events any more.")
        if jobtype.serial(found.type):
            raise JobConflict(f"Jobs of {found.type} wait for no events, because the type has serial_by.")
        # Send the spare message first: if this process dies after the event is stored, that message wakes the job.
        if not self.dispatcher.send_anew(found, AFTER_THE_REQUEST):
            raise NotStored(f"The event {name} is not stored, because SQS did not answer. Send it again.")
        event = Step(EVENT + name, self.dispatcher.now(), data, by=self.by)
        kept = store.keep_step(found, event)
        if kept.timed_out:
            raise JobConflict(f"The event {name} comes too late: its wait timed out at {iso(kept.until or 0.0)}.")
        if kept != event and kept.value != data:
            raise JobConflict(f"The event {name} was posted at {iso(kept.at)} with other data; the first one counts.")
        return self._wake(job_id, event.key), kept != event

    def _wake(self, job_id: str, key: str) -> Job:
        found = self.dispatcher.store.get_without_bodies(job_id)
        if found.status is not Status.SUSPENDED or found.waits != key:
            return found
        try:
            woken = self.dispatcher.wake(found)
        except MoveRefused as refused:
            # a worker was faster: it has found the event, or the wait has ended
            current: Job = refused.current or found
            return current
        return self.dispatcher.send(woken)


def _check(name: str, data: JSON) -> None:
    if not is_name(name):
        raise InvalidRequest("The event has no valid name.", [FieldError(("path", "name"), f"must be {NAMES}")])
    size = len(json.dumps(data).encode())
    if size > LARGEST_EVENT:
        wrong = f"has {size:,} bytes as JSON; at most {LARGEST_EVENT:,}. Store it in S3, and post its key"
        raise InvalidRequest("The event is too large.", [FieldError(("data",), wrong)])
