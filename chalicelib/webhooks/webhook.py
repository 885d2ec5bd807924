"""Define a webhook, which administrators register, and the state of its receiver. Pure."""

from dataclasses import dataclass

EVERY_TYPE = "*"
DELETED = "Its deletion has begun: if it does not end, repeat it. To keep the webhook, rotate its secret and enable it."
"""The reason for which a webhook is disabled from the beginning of its deletion."""
GONE = "It is deleted, with its secret."
"""The reason in the answer to a deletion."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A registered receiver. Times in seconds since the epoch.

    It gets the ends of the jobs that name it in `notify`, and of all jobs of `types` (`*` is every type) that have
    all `tags`. `statuses` limits both; empty: every status. It also gets the ends of the batches that name it, whatever
    its filters. `registration` differs if a webhook is deleted and registered again under its name: earlier deliveries
    do not go to the new receiver. `told_since`: the nightly check delivers only ends after this time, because before it
    the filter was different, or the webhook was disabled. `rotating_since`: a request gives it another secret since
    then. `writer` names the last write.
    """

    name: str
    url: str
    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    registration: str = ""
    created_at: float = 0.0
    updated_at: float = 0.0
    created_by: str = ""
    rotated_at: float = 0.0
    told_since: float = 0.0
    rotating_since: float | None = None
    writer: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """Hold what deliveries have found about the receiver of one registration.

    `failures` in a row, the first of them at `failing_since`; no delivery is tried before `closed_until`. `disabled_at`
    and `why`: the webhook is disabled. `number` counts the changes: a change is written only if nobody else has written
    since the state was read. `writer` names the last write.
    """

    failures: int = 0
    failing_since: float | None = None
    closed_until: float | None = None
    disabled_at: float | None = None
    why: str | None = None
    number: int = 0
    writer: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """A webhook with its state."""

    webhook: Webhook
    state: State = State()
