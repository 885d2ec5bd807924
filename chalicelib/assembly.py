"""Give each port its adapter and each service its ports. The only reader of the environment.

Each part is made when it is first asked for, and what it needs is imported then: a process pays for what it uses.
"""

import random
import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from chalicelib.errors import ConfigurationError
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from chalicelib.access.port import RateWindows
    from chalicelib.access.rate_limit import RateLimiter
    from chalicelib.access.reads import ReadLimiter
    from chalicelib.access.tokens import Tokens, TokenStore
    from chalicelib.adapters.cloudwatch_logs import JobLogs
    from chalicelib.adapters.s3.uploads import Uploads
    from chalicelib.bulk.background import BulkWork
    from chalicelib.bulk.port import Background, BulkAction, BulkActionRows
    from chalicelib.bulk.request import BulkActions
    from chalicelib.counters.history import History
    from chalicelib.counters.port import Acknowledgements, Canaries, Census, Counters, CounterTable, Deploys
    from chalicelib.counters.recounting.recount import Recount
    from chalicelib.counters.snapshot import MetricsReader
    from chalicelib.counters.stream import StreamCounter
    from chalicelib.job_types.jobtype import JobType
    from chalicelib.job_types.port import SecretStore
    from chalicelib.jobs.port import Helpers, JobQueue, JobStore, PlatformLog
    from chalicelib.limits.port import Turns
    from chalicelib.operating.reading import JobReader
    from chalicelib.pausing.port import AutoPauses, Consumers, PastPauses, Pauses, Prober
    from chalicelib.pausing.switch import Pausing
    from chalicelib.producing.service import JobService
    from chalicelib.schedules.firings import Firings
    from chalicelib.schedules.port import Schedules
    from chalicelib.worker.consume import Worker

T = TypeVar("T")
THREADS = 8
"""Jobs that a bulk action acts on at a time, and portions of due schedules that are made side by side."""
_making = threading.RLock()


class Part(cached_property[T]):
    """A cached property that is made once, by however many threads it is first asked for at once."""

    def __get__(self, assembly: Any, owner: type[Any] | None = None) -> T:  # type: ignore[override]
        """Return the part."""
        with _making:
            return cast("T", super().__get__(assembly, owner))


class Assembly:
    """The ports with their adapters, and the services over them; a part can be assigned, too."""

    def replace(self, **given: Any) -> None:
        """Forget every part, and use these from now on; raises ConfigurationError for one that there is not."""
        unknown = sorted(name for name in given if not isinstance(vars(Assembly).get(name), Part))
        if unknown:
            raise ConfigurationError(f"the assembly has no {', '.join(unknown)}")
        with _making:
            vars(self).clear()
            vars(self).update(given)

    def reset(self) -> None:
        """Forget every part, the settings too: the environment is read again."""
        self.replace()

    @Part
    def settings(self) -> Settings:
        """Return the environment."""
        return Settings.from_env()

    @Part
    def clock(self) -> Callable[[], float]:
        """Return the clock, in seconds since the epoch."""
        return time.time

    @Part
    def job_store(self) -> "JobStore":
        """Return the store of jobs."""
        from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore

        return DynamoJobStore(self.settings, self.clock, self._unfinished_types)

    def _unfinished_types(self) -> list[str]:
        from chalicelib.counters.known import unfinished_types
        from chalicelib.job_types import jobtype

        return unfinished_types(jobtype.names(), lambda: self.counters)

    @Part
    def job_queue(self) -> "JobQueue":
        """Return the queues."""
        from chalicelib.adapters.sqs import SqsJobQueue

        return SqsJobQueue(self.settings)

    @Part
    def rate_windows(self) -> "RateWindows":
        """Return the counts of requests per address."""
        from chalicelib.adapters.dynamo.control.rate_windows import DynamoRateWindows

        return DynamoRateWindows(self.settings)

    @Part
    def counters(self) -> "Counters":
        """Return the counters, to read."""
        from chalicelib.adapters.dynamo.counting.counters import DynamoCounters

        return DynamoCounters(self.settings)

    @property
    def counters_seen(self) -> "Counters":
        """Return the counters for people: with the pauses by themselves as they are at this moment."""
        from chalicelib.job_types import jobtype
        from chalicelib.pausing.seen import PausesSeen

        def types() -> list[str]:
            return [kind.name for kind in jobtype.all_types() if kind.pause_when is not None]

        return PausesSeen(self.counters, lambda: self.auto_pauses, types)

    @property
    def counter_rows(self) -> "CounterTable":
        """Return the counters, to write: the same rows that `counters` reads."""
        return cast("CounterTable", self.counters)

    @property
    def pauses(self) -> "Pauses":
        """Return the pauses: kept beside the counters, so that one request reads both."""
        return cast("Pauses", self.counters)

    @property
    def deploys(self) -> "Deploys":
        """Return where deployments of the stage are written down: beside the counters."""
        return cast("Deploys", self.counters)

    @Part
    def past_pauses(self) -> "PastPauses":
        """Return the pauses that have ended."""
        from chalicelib.pausing.dynamo import DynamoPastPauses

        return DynamoPastPauses(self.settings)

    @Part
    def census(self) -> "Census":
        """Return every job there is."""
        from chalicelib.adapters.dynamo.counting.census import DynamoCensus

        return DynamoCensus(self.settings)

    @Part
    def canaries(self) -> "Canaries":
        """Return the items that show how far the stream is."""
        from chalicelib.adapters.dynamo.counting.canaries import DynamoCanaries

        return DynamoCanaries(self.settings)

    @Part
    def watchdog_helpers(self) -> "Helpers | None":
        """Return what starts further runs of the watchdog; None on a laptop."""
        from chalicelib.adapters.invocations import helpers

        return helpers(self.settings)

    @Part
    def token_store(self) -> "TokenStore":
        """Return the store of tokens."""
        from chalicelib.adapters.dynamo.control.tokens import DynamoTokenStore

        return DynamoTokenStore(self.settings)

    @Part
    def bulk_rows(self) -> "BulkActionRows":
        """Return the bulk actions that the platform works off."""
        from chalicelib.bulk.dynamo import DynamoBulkActions

        return DynamoBulkActions(self.settings)

    @Part
    def background(self) -> "Background":
        """Return what invokes the function that works off bulk actions."""
        from chalicelib.adapters.invocations import background

        return background(self.settings)

    @Part
    def schedules(self) -> "Schedules":
        """Return the store of schedules."""
        from chalicelib.schedules.dynamo import DynamoSchedules

        return DynamoSchedules(self.settings)

    @Part
    def turns(self) -> "Turns":
        """Return the plan of the starts of job types with a rate."""
        from chalicelib.limits.dynamo import DynamoTurns

        return DynamoTurns(self.settings)

    @Part
    def auto_pauses(self) -> "AutoPauses":
        """Return what is known of failures of job types that are paused by themselves."""
        from chalicelib.pausing.dynamo import DynamoAutoPauses

        return DynamoAutoPauses(self.settings)

    @Part
    def prober(self) -> "Prober":
        """Return what hands a message to a worker whose queue is switched off."""
        from chalicelib.pausing.probes import prober

        return prober(self.settings)

    @Part
    def consumers(self) -> "Consumers":
        """Return the switches of the queues."""
        from chalicelib.pausing.event_sources import consumers

        return consumers(self.settings)

    @Part
    def acknowledgements(self) -> "Acknowledgements":
        """Return the marks on groups of errors."""
        from chalicelib.adapters.dynamo.control.acknowledgements import DynamoAcknowledgements

        return DynamoAcknowledgements(self.settings)

    @Part
    def uploads(self) -> "Uploads":
        """Return the permissions to upload files."""
        from chalicelib.adapters.s3.uploads import uploads

        return uploads(self.settings)

    @Part
    def platform_log(self) -> "PlatformLog":
        """Return the reader of what Lambda writes about an invocation."""
        from chalicelib.adapters.platform_log import CloudWatchPlatformLog

        return CloudWatchPlatformLog(self.settings)

    @Part
    def secret_store(self) -> "SecretStore":
        """Return the store of the job types' secrets."""
        from chalicelib.adapters.secret_store import AwsSecretStore

        return AwsSecretStore(self.settings)

    @Part
    def job_logs(self) -> "JobLogs":
        """Return the reader of the workers' log lines."""
        from chalicelib.adapters.cloudwatch_logs import job_logs

        return job_logs(self.settings)

    @Part
    def stream_counter(self) -> "StreamCounter":
        """Return what counts the table's stream; it remembers what it has tidied."""
        from chalicelib.counters.stream import StreamCounter

        return StreamCounter(self.counter_rows, self.clock)

    @Part
    def recount(self) -> "Recount":
        """Return a recount of the jobs."""
        from chalicelib.counters.recounting.recount import Recount

        return Recount(self.census, self.canaries, self.counters, self.counter_rows, self.clock)

    @Part
    def pausing(self) -> "Pausing":
        """Return the switch of each job type's queue."""
        from chalicelib.pausing.switch import Pausing

        return Pausing(self.pauses, self.consumers, self.counters, self.past_pauses, self.clock, self._by_itself)

    def _by_itself(self, name: str) -> "AutoPauses | None":
        from chalicelib.job_types import jobtype

        return self.auto_pauses if jobtype.get(name).pause_when is not None else None

    @Part
    def tokens(self) -> "Tokens":
        """Return the tokens."""
        from chalicelib.access.tokens import Tokens

        return Tokens(self.token_store, self.clock)

    @Part
    def job_service(self) -> "JobService":
        """Return the use cases over jobs."""
        from chalicelib.producing.service import JobService

        return JobService(self.job_store, self.job_queue, self.settings.cursor_secret, self.clock)

    @Part
    def job_reader(self) -> "JobReader":
        """Return what reads a job with its explanation."""
        from chalicelib.operating.reading import JobReader

        return JobReader(self.job_store, self.counters_seen, self.clock)

    @Part
    def read_limiter(self) -> "ReadLimiter":
        """Return the limit of what a token reads."""
        from chalicelib.access.reads import ReadLimiter

        limit, window = self.settings.read_units_max, self.settings.rate_limit_window
        return ReadLimiter(self.rate_windows, limit, window, self.clock)

    @Part
    def rate_limiter(self) -> "RateLimiter":
        """Return the rate limiter of POST requests."""
        from chalicelib.access.rate_limit import RateLimiter

        limit, window = self.settings.rate_limit_max, self.settings.rate_limit_window
        return RateLimiter(self.rate_windows, limit, window, self.clock)

    @Part
    def metrics(self) -> "MetricsReader":
        """Return the numbers of `GET /metrics`."""
        from chalicelib.counters.snapshot import MetricsReader

        return MetricsReader(self.counters_seen, self.job_queue, self.clock, self._planned_to)

    def _planned_to(self, job_type: str) -> float:
        return self.turns.taken(job_type).turns_to

    @Part
    def history(self) -> "History":
        """Return series, groups of errors and findings; it remembers the dead letters that it has looked at."""
        from chalicelib.counters.history import DeadLetters, History

        return History(self.counters_seen, self.acknowledgements, self.clock, DeadLetters(self.job_store, self.clock))

    @Part
    def firings(self) -> "Firings":
        """Return what makes the jobs of schedules; it remembers that it has followed the code."""
        from chalicelib.schedules.declared import Declared
        from chalicelib.schedules.firings import Firings

        return Firings(self.schedules, self.job_service, Declared(self.schedules, self.job_service.dispatcher), THREADS)

    @Part
    def bulk_work(self) -> "BulkWork":
        """Return what starts and works off bulk actions."""
        from chalicelib.bulk.background import BulkWork

        return BulkWork(self.bulk_rows, self._acting, self.background, self.clock)

    def _acting(self, bulk: "BulkAction") -> "BulkActions":
        from chalicelib.bulk.request import BulkActions
        from chalicelib.operating.operations import Operations

        operations = Operations(
            self.job_service.dispatcher, bulk.by, bulk.reason or "", in_bulk=True, bulk=bulk.id,
            bulk_since=bulk.started_at,
        )  # fmt: skip
        return BulkActions(self.job_store, operations, self.settings.cursor_secret, self.clock, THREADS)

    def worker(self, kind: "JobType[Any, Any]") -> "Worker":
        """Return what works off messages of the job type."""
        from chalicelib.job_types.retry import no_jitter
        from chalicelib.pausing.circuit_breaker import AlwaysClosed, CircuitBreaker
        from chalicelib.worker.consume import Worker
        from chalicelib.worker.declared_secrets import DeclaredSecrets
        from chalicelib.worker.start import start_policy

        settings, rule = self.settings, kind.pause_when
        return Worker(
            kind, self.job_store, self.job_queue, self.clock,
            no_jitter if settings.jitter == "none" else random.uniform,
            fault_rate=settings.fault_rate,
            platform_log=self.platform_log,
            secrets=DeclaredSecrets.of(kind, settings.stage, lambda: self.secret_store),
            starts=start_policy(kind, self.job_store, lambda: self.turns, self.clock),
            service=self.job_service if kind.enqueues else None,
            breaker=AlwaysClosed() if rule is None else CircuitBreaker(kind.name, rule, self.auto_pauses, self.clock),
        )  # fmt: skip


parts = Assembly()
"""The process's own."""
