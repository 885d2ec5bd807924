"""Hold one lock for each service when threads call moto in one process, because moto itself has no locks."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock

ALONE = ("dynamodb", "logs", "ses", "sqs", "sts")
SAME_DATA = {"dynamodbstreams": "dynamodb", "sesv2": "ses"}


class ServiceLocks:
    """Locks by service.

    A service that calls others (CloudFormation, EventBridge, S3 with its notifications …) takes all locks, always in
    the same order.
    """

    def __init__(self) -> None:
        self._locks = {service: RLock() for service in (*ALONE, "others")}

    @contextmanager
    def hold(self, service: str) -> Iterator[None]:
        """Hold the locks of all services that a call to `service` may change.

        `service` is the name in the call's signature.
        """
        name = SAME_DATA.get(service, service)
        wanted = [self._locks[name]] if name in ALONE else list(self._locks.values())
        with ExitStack() as held:
            for lock in wanted:
                held.enter_context(lock)
            yield
