"""Connect each port with its adapter and each service with its ports. No other module reads the environment.

Each part is made at its first use and imports its dependencies then, so a process loads only what it uses.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from chalicelib.errors import ConfigurationError
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from chalicelib.access.last_use import LastUses
    from chalicelib.access.port import RateWindows
    from chalicelib.access.rate_limit import RateLimiter
    from chalicelib.access.reads import ReadLimiter
    from chalicelib.access.tokens import Tokens, TokenStore
    from chalicelib.adapters.cloudwatch_logs import JobLogs
    from chalicelib.adapters.s3.uploads import Uploads
    from chalicelib.audit.port import AuditLog
    from chalicelib.audit.refusals import Refusals
    from chalicelib.batches.batches import Batches
    from chalicelib.batches.port import BatchRows
    from chalicelib.bulk.background import BulkWork
    from chalicelib.bulk.port import BulkAction, BulkActionRows
    from chalicelib.bulk.request import BulkActions
    from chalicelib.counters.error_jobs import ErrorJobs
    from chalicelib.counters.history import History
    from chalicelib.counters.port import Acknowledgements, Canaries, Census, Counters, CounterTable, Deploys, TroubleRow
    from chalicelib.counters.recounting.recount import Recount
    from chalicelib.counters.snapshot import MetricsReader
    from chalicelib.counters.stream import StreamCounter
    from chalicelib.ends.maker import EndMaker
    from chalicelib.erasing.clearing import Clearer
    from chalicelib.erasing.leftovers import Leftovers
    from chalicelib.erasing.port import ErasureRows, Removal
    from chalicelib.erasing.work import Erasing
    from chalicelib.job_types.jobtype import JobType
    from chalicelib.job_types.port import SecretStore
    from chalicelib.jobs.job import Job
    from chalicelib.jobs.port import Helpers, JobQueue, JobStore, PlatformLog, Teller
    from chalicelib.limits.port import LimitStore, Turns
    from chalicelib.operating.port import Background
    from chalicelib.operating.reading import JobReader
    from chalicelib.operating.tried import Tried
    from chalicelib.pausing.circuit_breaker import AlwaysClosed, CircuitBreaker
    from chalicelib.pausing.port import AutoPauses, Consumers, PastPauses, Pauses, Prober
    from chalicelib.pausing.switch import Pausing
    from chalicelib.producing.service import JobService
    from chalicelib.producing.submission import Submission
    from chalicelib.schedules.firings import Firings
    from chalicelib.schedules.port import Schedules
    from chalicelib.sessions.id_token import Verifier
    from chalicelib.sessions.port import SessionStore
    from chalicelib.sessions.sessions import Sessions
    from chalicelib.traces.export import SpanExporter
    from chalicelib.usage.days import UsageReader
    from chalicelib.usage.dearest import Dearest
    from chalicelib.views.port import Views
    from chalicelib.webhooks.deliver import Deliverer
    from chalicelib.webhooks.editing import WebhookService
    from chalicelib.webhooks.maker import DeliveryMaker
    from chalicelib.webhooks.port import Webhooks, WebhookSecrets
    from chalicelib.webhooks.post import Poster
    from chalicelib.worker.consume import Worker
    from chalicelib.worker.shared import SharedWorker

T = TypeVar("T")
_making = threading.RLock()


class Part(cached_property[T]):
    """A cached property that is made once, even if several threads ask for it at the same time."""

    def __get__(self, assembly: Any, owner: type[Any] | None = None) -> T:  # type: ignore[override]
        """Return the part."""
        with _making:
            return cast("T", super().__get__(assembly, owner))


class Assembly:
    """The ports with their adapters, and the services over them. A part can also be assigned."""

    def replace(self, **given: Any) -> None:
        """Delete every part, and use the given parts from now on; raises ConfigurationError for an unknown part."""
        unknown = sorted(name for name in given if not isinstance(vars(Assembly).get(name), Part))
        if unknown:
            raise ConfigurationError(f"the assembly has no {', '.join(unknown)}")
        with _making:
            vars(self).clear()
            vars(self).update(given)

    def reset(self) -> None:
        """Delete every part and the settings, so that the environment is read again."""
        self.replace()

    @Part
    def settings(self) -> Settings:
        """Return the settings, read from the environment."""
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
        """Return the counters for reading."""
        from chalicelib.adapters.dynamo.counting.counters import DynamoCounters

        return DynamoCounters(self.settings)

    @property
    def counters_seen(self) -> "Counters":
        """Return the counters for display, with the current state of automatic pauses."""
        from chalicelib.job_types import jobtype
        from chalicelib.job_types.queues import queues_of, that_pause
        from chalicelib.pausing.seen import PausesSeen

        def keys() -> list[str]:
            return [queue.key for queue in that_pause(queues_of(jobtype.all_types()))]

        return PausesSeen(self.counters, lambda: self.auto_pauses, keys)

    @property
    def counter_rows(self) -> "CounterTable":
        """Return the counters for writing: the same rows that `counters` reads."""
        return cast("CounterTable", self.counters)

    @property
    def pauses(self) -> "Pauses":
        """Return the pauses, which are stored next to the counters, so that one request reads both."""
        return cast("Pauses", self.counters)

    @property
    def deploys(self) -> "Deploys":
        """Return the record of deployments, which is stored next to the counters."""
        return cast("Deploys", self.counters)

    @property
    def trouble_row(self) -> "TroubleRow":
        """Return the row of the types in trouble, which is stored next to the counters."""
        return cast("TroubleRow", self.counters)

    @Part
    def alarm_topic(self) -> "Teller | None":
        """Return the sender of messages to the alarms' topic; None on a laptop."""
        from chalicelib.adapters.alarm_topic import alarm_topic

        return alarm_topic(self.settings)

    @Part
    def past_pauses(self) -> "PastPauses":
        """Return the ended pauses."""
        from chalicelib.pausing.dynamo import DynamoPastPauses

        return DynamoPastPauses(self.settings)

    @Part
    def census(self) -> "Census":
        """Return the reader of every job."""
        from chalicelib.adapters.dynamo.counting.census import DynamoCensus

        return DynamoCensus(self.settings, every_end=self._has_webhooks)

    @property
    def _has_webhooks(self) -> bool:
        from chalicelib.job_types import jobtype
        from chalicelib.job_types.constants import DELIVER

        return jobtype.is_declared(DELIVER)

    @Part
    def canaries(self) -> "Canaries":
        """Return the canaries, which show up to which change the stream has been counted."""
        from chalicelib.adapters.dynamo.counting.canaries import DynamoCanaries

        return DynamoCanaries(self.settings)

    @Part
    def watchdog_helpers(self) -> "Helpers | None":
        """Return the invoker of more runs of the watchdog; None on a laptop."""
        from chalicelib.adapters.invocations import helpers

        return helpers(self.settings)

    @Part
    def token_store(self) -> "TokenStore":
        """Return the store of tokens."""
        from chalicelib.adapters.dynamo.control.tokens import DynamoTokenStore

        return DynamoTokenStore(self.settings)

    @Part
    def session_store(self) -> "SessionStore":
        """Return the store of sessions."""
        from chalicelib.sessions.dynamo import DynamoSessions

        return DynamoSessions(self.settings)

    @Part
    def issuer_documents(self) -> Callable[[str], bytes]:
        """Return what fetches a document of the identity provider."""
        from chalicelib.sessions.fetch import fetch

        return fetch

    @Part
    def bulk_rows(self) -> "BulkActionRows":
        """Return the bulk actions of the platform."""
        from chalicelib.bulk.dynamo import DynamoBulkActions

        return DynamoBulkActions(self.settings)

    @Part
    def erasure_rows(self) -> "ErasureRows":
        """Return the store of deletions and erasures."""
        from chalicelib.erasing.dynamo import DynamoErasures

        return DynamoErasures(self.settings, self.clock)

    @Part
    def removal(self) -> "Removal":
        """Return what removes the rows and objects of jobs."""
        from chalicelib.erasing.dynamo import DynamoRemoval

        return DynamoRemoval(self.settings, self.clock, self._unfinished_types)

    @Part
    def batch_rows(self) -> "BatchRows":
        """Return the rounds of batches."""
        from chalicelib.batches.dynamo import DynamoBatches

        return DynamoBatches(self.settings)

    @Part
    def background(self) -> "Background":
        """Return the invoker of the function that processes bulk actions."""
        from chalicelib.adapters.invocations import background

        return background(self.settings)

    @Part
    def schedules(self) -> "Schedules":
        """Return the store of schedules."""
        from chalicelib.schedules.dynamo import DynamoSchedules

        return DynamoSchedules(self.settings)

    @Part
    def webhooks(self) -> "Webhooks":
        """Return the store of webhooks."""
        from chalicelib.webhooks.dynamo import DynamoWebhooks

        return DynamoWebhooks(self.settings)

    @Part
    def webhook_secrets(self) -> "WebhookSecrets":
        """Return the store of the webhooks' secrets."""
        from chalicelib.webhooks.secret_store import AwsWebhookSecrets

        return AwsWebhookSecrets(self.settings)

    @Part
    def poster(self) -> "Poster":
        """Return what posts messages to webhooks."""
        from chalicelib.webhooks.post import Poster

        return Poster(self.settings.webhook_receiver)

    @Part
    def turns(self) -> "Turns":
        """Return the plans of starts, for job types with a rate."""
        from chalicelib.limits.dynamo import DynamoTurns

        return DynamoTurns(self.settings)

    @Part
    def place_store(self) -> "LimitStore":
        """Return the places of limits."""
        from chalicelib.limits.dynamo import DynamoPlaces

        return DynamoPlaces(self.settings, self.clock)

    @Part
    def tried(self) -> "Tried":
        """Return what finds the jobs of paused types that may be tried, in the lines of their limits."""
        from chalicelib.operating.tried import Tried

        return Tried(self.job_service.dispatcher, self.place_store)

    @Part
    def auto_pauses(self) -> "AutoPauses":
        """Return the failures and pauses of job types that pause automatically."""
        from chalicelib.pausing.dynamo import DynamoAutoPauses

        return DynamoAutoPauses(self.settings)

    @Part
    def prober(self) -> "Prober":
        """Return the sender that gives a message to a worker whose queue is disabled."""
        from chalicelib.pausing.lambda_prober import prober

        return prober(self.settings)

    @Part
    def consumers(self) -> "Consumers":
        """Return the switches of the queues."""
        from chalicelib.pausing.event_sources import consumers

        return consumers(self.settings)

    @Part
    def acknowledgements(self) -> "Acknowledgements":
        """Return the marks of error groups."""
        from chalicelib.adapters.dynamo.control.acknowledgements import DynamoAcknowledgements

        return DynamoAcknowledgements(self.settings)

    @Part
    def views(self) -> "Views":
        """Return the views that everybody on the stage shares."""
        from chalicelib.views.dynamo import DynamoViews

        return DynamoViews(self.settings)

    @Part
    def audit(self) -> "AuditLog":
        """Return the audit log."""
        from chalicelib.adapters import aws
        from chalicelib.audit.dynamo import DynamoAudit

        return DynamoAudit(self.settings, briefly=not aws.emulated())

    @Part
    def refusals(self) -> "Refusals":
        """Return the counter of refused requests; it remembers what it has not stored yet."""
        from chalicelib.audit.refusals import Refusals

        return Refusals(self.audit, self.clock)

    @Part
    def uploads(self) -> "Uploads":
        """Return the maker of permissions to upload files."""
        from chalicelib.adapters.s3.uploads import uploads

        return uploads(self.settings)

    @Part
    def platform_log(self) -> "PlatformLog":
        """Return the reader of Lambda's own log lines about an invocation."""
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
        """Return the consumer of the table's stream; it remembers which rows it has cleaned."""
        from chalicelib.counters.constants import TENANTS_AT_ONCE
        from chalicelib.counters.stream import StreamCounter

        return StreamCounter(self.counter_rows, self.clock, self.settings.usage_by_tenant, TENANTS_AT_ONCE)

    @Part
    def recount(self) -> "Recount":
        """Return a recount of the jobs."""
        from chalicelib.counters.recounting.recount import Recount

        def ended(jobs: "Sequence[Job]") -> int:
            made = self.end_maker.repair([job for job in jobs if job.on_end is not None])
            return made + (self.delivery_maker.repair(jobs) if self._has_webhooks else 0)

        return Recount(self.census, self.canaries, self.counters, self.counter_rows, self.clock, ended=ended)

    @Part
    def pausing(self) -> "Pausing":
        """Return the switch of each job type's queue."""
        from chalicelib.pausing.switch import Pausing

        return Pausing(self.pauses, self.consumers, self.counters, self.past_pauses, self.clock, self._by_itself)

    def _by_itself(self, name: str) -> "AutoPauses | None":
        from chalicelib.job_types import jobtype

        return self.auto_pauses if jobtype.get(name).pause_when is not None else None

    @Part
    def sessions(self) -> "Sessions":
        """Return the sessions of people who have signed in; it remembers those that it has checked."""
        from chalicelib.adapters import aws
        from chalicelib.sessions.provider import provider_of
        from chalicelib.sessions.sessions import Sessions

        provider = provider_of(self.settings.sign_in, local=aws.emulated())
        return Sessions(self.session_store, self.clock, provider, lambda: self.id_tokens)

    @Part
    def id_tokens(self) -> "Verifier":
        """Return what verifies ID tokens; it remembers the issuer's keys."""
        from chalicelib.adapters import aws
        from chalicelib.sessions.id_token import Verifier
        from chalicelib.sessions.keys import IssuerKeys

        provider = self.sessions.provider
        keys = IssuerKeys(provider.issuer, self.issuer_documents, self.clock, local=aws.emulated())
        return Verifier(provider, keys.find, self.clock)

    @Part
    def tokens(self) -> "Tokens":
        """Return the tokens."""
        from chalicelib.access.tokens import Tokens

        return Tokens(self.token_store, self.clock)

    @Part
    def last_uses(self) -> "LastUses":
        """Return what stores when a token was last used."""
        from chalicelib.access.last_use import LastUses

        return LastUses(self.token_store, self.clock)

    @Part
    def job_service(self) -> "JobService":
        """Return the use cases over jobs."""
        from chalicelib.producing.service import JobService

        return JobService(
            self.job_store, self.job_queue, self.settings.cursor_secret, self.clock, places=lambda: self.place_store,
            traced=self.settings.traced,
        )  # fmt: skip

    @Part
    def job_reader(self) -> "JobReader":
        """Return the reader of a job with its explanation."""
        from chalicelib.operating.reading import JobReader

        return JobReader(self.job_store, self.counters_seen, self.clock, lambda: self.place_store)

    @Part
    def read_limiter(self) -> "ReadLimiter":
        """Return the limit of a token's reads."""
        from chalicelib.access.reads import ReadLimiter

        limit, window = self.settings.read_units_max, self.settings.rate_limit_window
        setting = self.settings.where_set("READ_UNITS_MAX", "ReadUnitsMax")
        return ReadLimiter(self.rate_windows, limit, window, self.clock, setting)

    @Part
    def rate_limiter(self) -> "RateLimiter":
        """Return the limiter of writing requests per address or token."""
        from chalicelib.access.rate_limit import RateLimiter

        limit, window = self.settings.rate_limit_max, self.settings.rate_limit_window
        setting = self.settings.where_set("RATE_LIMIT_MAX", "RateLimitMax")
        return RateLimiter(self.rate_windows, limit, window, self.clock, setting)

    @Part
    def metrics(self) -> "MetricsReader":
        """Return the numbers of `GET /metrics`."""
        from chalicelib.counters.snapshot import MetricsReader

        return MetricsReader(self.counters_seen, self.job_queue, self.clock, self._planned_to)

    def _planned_to(self, job_type: str) -> float:
        return self.turns.taken(job_type).turns_to

    @Part
    def history(self) -> "History":
        """Return series, error groups and findings; it caches the dead letters and overdue jobs that it has read."""
        from chalicelib.counters.history import DeadLetters, History
        from chalicelib.counters.overdue_suspended import OverdueSuspended
        from chalicelib.operating.long_blocked import LongBlockedJobs

        dead, overdue = DeadLetters(self.job_store, self.clock), OverdueSuspended(self.job_store, self.clock)
        blocked = LongBlockedJobs(self.job_store, lambda: self.place_store, self.clock)
        return History(self.counters_seen, self.acknowledgements, self.clock, dead, overdue, blocked.look)

    @Part
    def usage(self) -> "UsageReader":
        """Return the reader of what jobs have cost."""
        from chalicelib.usage.days import UsageReader

        return UsageReader(self.counters, self.clock)

    @Part
    def dearest(self) -> "Dearest":
        """Return the finder of the runs that have cost most."""
        from chalicelib.usage.dearest import Dearest

        return Dearest(self.counters, self.job_store)

    @Part
    def error_jobs(self) -> "ErrorJobs":
        """Return the counter of the jobs that have an error; it caches the numbers."""
        from chalicelib.counters.error_jobs import ErrorJobs

        return ErrorJobs(self.job_store, self.clock)

    @Part
    def firings(self) -> "Firings":
        """Return the maker of schedules' jobs; it remembers that it has stored the declared schedules."""
        from chalicelib.schedules.constants import PORTIONS_AT_ONCE
        from chalicelib.schedules.declared import Declared
        from chalicelib.schedules.firings import Firings

        declared = Declared(self.schedules, self.job_service.dispatcher)
        return Firings(self.schedules, self.job_service, declared, PORTIONS_AT_ONCE)

    @Part
    def end_maker(self) -> "EndMaker":
        """Return the maker of the jobs that tell ends."""
        from chalicelib.ends.maker import EndMaker

        return EndMaker(self.job_service)

    @Part
    def delivery_maker(self) -> "DeliveryMaker":
        """Return the maker of the deliveries to webhooks."""
        from chalicelib.webhooks.maker import DeliveryMaker

        return DeliveryMaker(self.job_service, self.webhooks)

    @Part
    def span_exporter(self) -> "SpanExporter":
        """Return what posts spans to the stage's collector; it remembers whether the collector works."""
        from chalicelib.adapters.secret_store import read_briefly
        from chalicelib.telemetry.emf import SERVICE
        from chalicelib.traces.collector import collector
        from chalicelib.traces.export import SpanExporter

        settings = self.settings
        secret = settings.otlp_secret
        return SpanExporter(
            collector(settings.otlp_endpoint, local=settings.stage == "dev"),
            self.job_store.kept_steps,
            SERVICE,
            (lambda: read_briefly(settings, secret)) if secret else None,
            self.clock,
        )

    @Part
    def deliverer(self) -> "Deliverer":
        """Return what delivers messages to webhooks."""
        from chalicelib.webhooks.deliver import Deliverer

        return Deliverer(self.webhooks, self.webhook_secrets, self.poster, self.clock)

    @Part
    def webhook_service(self) -> "WebhookService":
        """Return the use cases over webhooks."""
        from chalicelib.webhooks.editing import WebhookService

        receiver = self.settings.webhook_receiver
        return WebhookService(self.webhooks, lambda: self.webhook_secrets, self.job_service, receiver)

    @Part
    def batches(self) -> "Batches":
        """Return the use cases over batches."""
        from chalicelib.batches.batches import Batches

        return Batches(self.batch_rows, self.job_service, self._moving, self._tell_round)

    def _tell_round(self, end: "Submission", names: "Sequence[str]", at: float) -> None:
        """Make the deliveries of a batch's round to webhooks; a stage without webhooks only logs their names."""
        from chalicelib.webhooks import events

        if self._has_webhooks:
            self.delivery_maker.tell_round(end, names, at)
        else:
            events.unknown_of_batch(cast("Any", end.payload)["batch"], sorted(names))

    def _moving(self, bulk_id: str) -> bool:
        """Return whether a bulk action may still retry a job: a worker that lost it may be slow to stop."""
        from chalicelib.bulk.constants import LEASE

        found = self.bulk_rows.find(bulk_id)
        return found is not None and (found.open or self.clock() < (found.finished_at or 0.0) + LEASE)

    @Part
    def bulk_work(self) -> "BulkWork":
        """Return the service that starts and processes bulk actions."""
        from chalicelib.bulk.background import BulkWork

        return BulkWork(self.bulk_rows, self._acting, self.background, self.clock)

    @Part
    def erasing(self) -> "Erasing":
        """Return the service that deletes jobs and erases tenants."""
        from chalicelib.erasing.work import Erasing
        from chalicelib.operating.operations import Operations

        operations = Operations(self.job_service.dispatcher)
        return Erasing(
            self.erasure_rows, self.job_store, self.removal, operations, self.background, self.clock,
            nothing_left=lambda remaining: self.leftovers.work(remaining).whole,
        )  # fmt: skip

    @Part
    def clearer(self) -> "Clearer":
        """Return the service that removes what types do not keep."""
        from chalicelib.adapters.dynamo.jobs.clearings import DynamoClearings
        from chalicelib.adapters.dynamo.tables import binding
        from chalicelib.batches.rule import readers
        from chalicelib.erasing.clearing import Clearer

        clearings = DynamoClearings(binding.jobs(self.settings))
        read_by = lambda batch: readers(self.batch_rows.find(batch))  # noqa: E731 - it has no other use
        return Clearer(clearings, self.job_store, self.removal, self.background, read_by, self.clock)

    @Part
    def leftovers(self) -> "Leftovers":
        """Return the service that removes what is left of jobs whose rows have expired."""
        from chalicelib.erasing.dynamo import DynamoExpiredJobs
        from chalicelib.erasing.leftovers import Leftovers

        return Leftovers(DynamoExpiredJobs(self.settings), self.removal, self.clock)

    def _acting(self, bulk: "BulkAction") -> "BulkActions":
        from chalicelib.bulk.constants import JOBS_AT_ONCE
        from chalicelib.bulk.request import BulkActions
        from chalicelib.operating.operations import Operations

        operations = Operations(
            self.job_service.dispatcher, bulk.by, bulk.reason or "", in_bulk=True, bulk=bulk.id,
            bulk_since=bulk.started_at, rounds=self.batches.moved, edit=bulk.edit,
        )  # fmt: skip
        return BulkActions(self.job_store, operations, self.settings.cursor_secret, self.clock, JOBS_AT_ONCE)

    def shared_worker(self, key: str) -> "SharedWorker":
        """Return the service that processes messages of the shared queue with that name."""
        from chalicelib.side_by_side import in_a_thread
        from chalicelib.worker.crew import crew_of
        from chalicelib.worker.shared import SharedWorker

        return SharedWorker(
            key, self.job_store, self.job_queue, self.clock, random.uniform, self.worker, self.breaker,
            beside=in_a_thread, crew=crew_of,
        )  # fmt: skip

    def breaker(self, kind: "JobType[Any, Any]") -> "CircuitBreaker | AlwaysClosed":
        """Return what stops the jobs of the type's queue while it is paused automatically."""
        from chalicelib.pausing.circuit_breaker import AlwaysClosed, CircuitBreaker

        rule = kind.pause_when
        return AlwaysClosed() if rule is None else CircuitBreaker(kind.queue_key, rule, self.auto_pauses, self.clock)

    def worker(self, kind: "JobType[Any, Any]", breaker: "CircuitBreaker | AlwaysClosed | None" = None) -> "Worker":
        """Return the service that processes messages of the job type; `breaker` is that of a shared queue."""
        from chalicelib.job_types.retry import no_jitter
        from chalicelib.operating.lines import Lines
        from chalicelib.side_by_side import in_a_thread
        from chalicelib.worker.constants import STORED_AT_ONCE
        from chalicelib.worker.consume import Worker
        from chalicelib.worker.crew import crew_of
        from chalicelib.worker.declared_secrets import DeclaredSecrets
        from chalicelib.worker.start import start_policy

        settings = self.settings
        return Worker(
            kind, self.job_store, self.job_queue, self.clock,
            no_jitter if settings.jitter == "none" else random.uniform,
            fault_rate=settings.fault_rate,
            platform_log=self.platform_log,
            secrets=DeclaredSecrets.of(kind, settings.stage, lambda: self.secret_store),
            starts=start_policy(kind, self.job_store, lambda: self.turns, self.clock),
            service=self.job_service if kind.enqueues else None,
            # a worker may not read the webhooks
            batches=replace(self.batches, notice=None) if kind.enqueues else None,
            threads=max(2, STORED_AT_ONCE // kind.function.threads),  # the jobs share the process's connections
            beside=in_a_thread,
            crew=crew_of,
            breaker=breaker or self.breaker(kind),
            lines=Lines(self.job_service.dispatcher, self.place_store, kind) if kind.limits else None,
        )  # fmt: skip


parts = Assembly()
"""The assembly of this process."""
