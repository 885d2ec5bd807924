"""Convert jobs and numbers to answers of the API. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any, cast

from chalicelib.adapters.s3.uploads import Upload
from chalicelib.api.constants import LARGEST_IN_LIST, MOST_STEPS_SHOWN, MOST_TENANTS
from chalicelib.api.models import many_responses as many
from chalicelib.api.models import metric_responses as m
from chalicelib.api.models import responses as r
from chalicelib.api.models.fitting import fitting, size_of
from chalicelib.api.models.job_type_responses import (
    AtMostRow,
    JobTypeRow,
    KeepRow,
    LimitRateRow,
    PauseRuleRow,
    RateRow,
    SpendingRow,
    TenantRow,
    Tenants,
)
from chalicelib.counters.port import Pause
from chalicelib.counters.snapshot import Metrics, Numbers
from chalicelib.job_types.at_most import AtMost
from chalicelib.job_types.constants import MAX_ATTEMPTS_CAP
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.retry import EVERY, ErrorClasses, Following
from chalicelib.job_types.spending import Spending
from chalicelib.jobs import acts
from chalicelib.jobs.history import Act, JobView
from chalicelib.jobs.job import WAITING, Attempt, Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import Sharing
from chalicelib.jobs.priority import known
from chalicelib.jobs.step import BEGUN, Step, waited_child, waited_event
from chalicelib.jobs.tenants import shown, tenant_of
from chalicelib.jobs.trace import context_of, trace_id
from chalicelib.limits.ids import named
from chalicelib.operating.again import Again, names_of
from chalicelib.operating.descendants import Told
from chalicelib.settings import TRACE_PLACE
from chalicelib.usage.rule import Shape, attempt_cost, job_cost


def job_row(job: Job) -> r.JobRow:
    """Return a job in a list: without a large payload or result."""
    result = job.result if size_of(job.result) <= LARGEST_IN_LIST else None
    payload = job.payload if job.payload_bytes <= LARGEST_IN_LIST else None
    return r.JobRow(**{**_fields(job), "payload": payload, "result": result})


def job_whole(job: Job) -> r.JobRow:
    """Return a single job, after an operation on it."""
    return fitting(r.JobRow(**_fields(job)))


def cancelled_job(job: Job, told: Told | None) -> many.CancelledJob:
    """Return a job after its cancellation, and the numbers of its descendants by result."""
    descendants = None if told is None else many.Descendants(**asdict(told))
    return fitting(many.CancelledJob(**_fields(job), descendants=descendants))


def job_detail(
    view: JobView, why: str | None, left: Iterable[Following] | None, shape: Shape | None = None, trace_url: str = ""
) -> r.JobDetail:
    """Return a job with all its attempts, why it waits, and the attempts that are left (None: unknown).

    `shape` decides what they have cost (None: unknown). `trace_url` is the address of a trace, with a place for its id;
    empty: there is none.
    """
    attempts = [*view.attempts, *_current_attempt(view)]
    history = [_attempt_row(attempt, shape) for attempt in attempts]
    next_attempts = None if left is None else [r.NextAttempt(**asdict(one)) for one in left]
    origin = {
        "schedule": view.job.schedule, "fires_at": _iso(view.job.fires_at),
        "root": view.job.root, "actions": _actions(view), **_trace(view.job, trace_url),
    }  # fmt: skip
    detail = r.JobDetail(
        **_fields(view.job),
        **origin,
        attempt_history=history,
        older_attempts=view.older,
        cost_nano_usd=None if shape is None else job_cost(shape, view.job, attempts, older=view.older),
        why=why,
        next_attempts=next_attempts,
    )
    return fitting(detail)


def steps_answer(steps: Sequence[Step]) -> r.Steps:
    """Return the newest kept steps of a job, without the rows that only say that jobs were made for a call."""
    steps = [step for step in steps if not step.key.startswith(BEGUN)]
    return r.Steps(steps=[_step_row(step) for step in steps[-MOST_STEPS_SHOWN:]], older=len(steps) > MOST_STEPS_SHOWN)


def retry_preview(found: Again) -> r.RetryPreview:
    """Return what a retry would keep and run anew."""
    kept = steps_answer(found.kept)
    names = names_of(found.places)
    return r.RetryPreview(
        kept=kept.steps,
        older=kept.older,
        anew=names[len(names) - len(found.anew) :],
        events=[event.name for event in found.forgotten],
        places=names,
    )


def job_type_row(kind: JobType[Any, Any]) -> JobTypeRow:
    """Return a job type with everything that a form or a client needs to create a job of the type."""
    return JobTypeRow(
        type=kind.name,
        title=kind.title,
        description=kind.description,
        schema=kind.schema,
        example=kind.example,
        max_attempts=kind.max_attempts,
        retry_waits=[kind.retry.latest(attempt) for attempt in range(1, MAX_ATTEMPTS_CAP)],
        retry_on=_names(() if kind.by_class.retry_on == EVERY.retry_on else kind.by_class.retry_on),
        fail_on=_names(kind.by_class.fail_on),
        give_up_after=kind.give_up_after,
        expires=kind.expires,
        timeout=kind.timeout,
        budget=kind.job_budget,
        batch_size=kind.function.batch_size,
        concurrency=kind.concurrency,
        memory=kind.function.memory,
        rate=None if (pace := kind.pace) is None else RateRow(n=pace.n, per=pace.per, burst=pace.burst),
        pause_when=None if (rule := kind.pause_when) is None else PauseRuleRow(of=rule.of, within=rule.within),
        spending=None if kind.spending == Spending() else SpendingRow(**asdict(kind.spending)),
        keep=None if kind.keep is None else KeepRow(**asdict(kind.keep)),
        at_most=next(iter(_limits(kind)), None),
        limits=_limits(kind),
        rates=_rates(kind),
        urgent=kind.urgent,
        fair_by=kind.fair_by,
        serial_by=kind.serial_by,
        unique_for=None if kind.unique is None else kind.unique.seconds,
        unique_by=[] if kind.unique is None else list(kind.unique.by),
        enqueues=list(kind.enqueues),
        on_end=kind.on_end,
        takes_ends=kind.takes_ends,
        takes_batch_ends=kind.takes_batch_ends,
        retired=kind.changes.retired,
        queue=None if kind.queue is None else kind.queue.name,
        problem=kind.problem,
    )


def _limits(kind: JobType[Any, Any]) -> list[AtMostRow]:
    limits = sorted(kind.limits, key=lambda one: named(kind.name, one))
    return [AtMostRow(n=one.n, by=one.by, shared=one.shared) for one in limits if isinstance(one, AtMost)]


def _rates(kind: JobType[Any, Any]) -> list[LimitRateRow]:
    limits = sorted(kind.limits, key=lambda one: named(kind.name, one))
    return [LimitRateRow(**asdict(one)) for one in limits if isinstance(one, Rate)]


def _names(classes: ErrorClasses) -> list[str]:
    return [one.__name__ for one in classes]


def tenants_answer(sharing: Sharing) -> Tenants:
    """Return the tenants with the most unfinished jobs."""
    most = sorted(sharing.tenants.items(), key=lambda one: (-one[1], one[0]))[:MOST_TENANTS]
    rows = [TenantRow(tenant=tenant, jobs=jobs) for tenant, jobs in most]
    return Tenants(tenants=rows, looked=sharing.looked, complete=sharing.whole)


def metrics_answer(metrics: Metrics) -> m.MetricsAnswer:
    """Return the numbers of all jobs, and of each type."""
    by_type = {
        name: m.TypeNumbers(
            **_eight(numbers),
            oldest_queued_age_s=None if numbers.oldest is None else round(metrics.as_of - numbers.oldest, 1),
            in_flight=numbers.depth.in_flight,
            paused=numbers.paused,
            paced_for_s=numbers.paced_for,
            pause=numbers.pause and _pause(numbers.pause),
        )
        for name, numbers in metrics.by_type.items()
    }
    deploys = [m.DeployRow(at=iso(one.at), version=one.version) for one in metrics.deploys]
    by_queue = {
        name: m.QueueNumbers(
            queue_length=depth.visible + depth.delayed, in_flight=depth.in_flight, dlq_length=depth.dead
        )
        for name, depth in metrics.by_queue.items()
    }
    return m.MetricsAnswer(
        **_eight(metrics.whole), by_type=by_type, by_queue=by_queue, deploys=deploys, as_of=iso(metrics.as_of)
    )


def _pause(pause: Pause) -> m.PauseNote:
    probe = None if pause.probe_at is None else iso(pause.probe_at)
    return m.PauseNote(since=iso(pause.since), by=pause.by, reason=pause.reason, next_probe_at=probe)


def upload_form(upload: Upload) -> r.UploadForm:
    """Return an upload permission as an answer."""
    return r.UploadForm(
        url=upload.url,
        fields=upload.fields,
        key=upload.key,
        max_bytes=upload.max_bytes,
        expires_at=iso(upload.expires_at),
    )


def _fields(job: Job) -> dict[str, Any]:
    return {
        "id": job.id, "type": job.type, "status": job.status, "payload": job.payload,
        "payload_bytes": job.payload_bytes, "payload_removed_at": _iso(job.cleared_at),
        "attempts": job.attempts, "max_attempts": job.max_attempts,
        "gen": job.gen, "error_message": job.error_message, "error_class": job.error_class,
        "fingerprint": job.fingerprint,
        "idempotency_key": job.idempotency_key, "created_at": iso(job.created_at), "updated_at": iso(job.updated_at),
        "started_at": _iso(job.started_at), "finished_at": _iso(job.finished_at),
        "waits_for": _waits_for(job), "steps": job.kept,
        "next_attempt_at": _iso(job.next_attempt_at), "give_up_at": _iso(job.give_up_at),
        "expires_at": _iso(job.start_by if job.status in WAITING | {Status.CANCELLED} else None),
        "on_end": job.on_end, "notify": list(job.notify), "priority": known(job.priority),
        "result": job.result, "progress": _progress(job),
        "tags": shown(job.tags), "parent": job.parent,
        "batch": job.batch, "round": None if job.batch is None else job.round,
        "tenant": tenant_of(job.tags), "correlation_id": job.correlation_id,
        "cancel_requested": job.cancel_requested, "discarded": _discarded(job),
    }  # fmt: skip


def _waits_for(job: Job) -> r.WaitsFor | None:
    if job.status is not Status.SUSPENDED or job.next_attempt_at is None:
        return None
    return r.WaitsFor(
        event=waited_event(job), job=waited_child(job), since=iso(job.updated_at), until=iso(job.next_attempt_at)
    )


def _step_row(step: Step) -> r.StepRow:
    value = step.value if size_of(step.value) <= LARGEST_IN_LIST else None
    return r.StepRow(
        kind=cast("Any", step.kind), name=step.name, kept_at=iso(step.at), value=value, took_s=step.took,
        until=_iso(step.until), by=step.by or None, timed_out=step.timed_out,
    )  # fmt: skip


def _discarded(job: Job) -> r.Discarded | None:
    if job.discarded_at is None:
        return None
    return r.Discarded(at=iso(job.discarded_at), by=job.discarded_by or "", reason=job.discard_reason)


def _progress(job: Job) -> r.Progress | None:
    return None if job.progress is None else r.Progress(percent=job.progress, note=job.progress_note)


def _current_attempt(view: JobView) -> Iterable[Attempt]:
    # Successful attempts have no record of their own: the job itself contains everything about them.
    job = view.job
    outcome = {Status.PROCESSING: "running", Status.COMPLETED: "completed"}.get(job.status)
    if outcome is None or job.started_at is None or job.token in {one.token for one in view.attempts}:
        return ()
    running = Attempt(job.gen, job.attempts, outcome, job.started_at, job.finished_at, claim=job.claims)
    return (
        replace(
            running,
            request_id=job.request_id,
            cold_start=job.cold_start,
            receive_count=job.receive_count,
            progress=job.progress,
            progress_note=job.progress_note,
        ),
    )


def _attempt_row(attempt: Attempt, shape: Shape | None) -> r.AttemptRow:
    return r.AttemptRow(
        gen=attempt.gen,
        attempt=attempt.attempt,
        claim=attempt.claim,
        outcome=attempt.outcome,
        started_at=iso(attempt.started_at),
        finished_at=_iso(attempt.finished_at),
        duration_ms=attempt.duration_ms,
        cost_nano_usd=None if shape is None else attempt_cost(shape, attempt),
        error_class=attempt.error_class,
        error_message=attempt.error_message,
        stack=attempt.stack,
        request_id=attempt.request_id,
        cold_start=attempt.cold_start,
        receive_count=attempt.receive_count,
        retry_delay_s=attempt.retry_delay_s,
        progress=None if attempt.progress is None else r.Progress(percent=attempt.progress, note=attempt.progress_note),
    )


def _actions(view: JobView) -> list[r.OperatorAction]:
    last = acts.last(view.job)
    # The job's last act may also have its own row: an operator's next request stores the act there before it changes
    # the job, and that request may have ended in between.
    found = [act for act in view.acts if last is None or (act.at, act.name) != (last.at, last.name)]
    return [_action(act) for act in (*found, *([] if last is None else [last]))]


def _action(act: Act) -> r.OperatorAction:
    edited = act.name == acts.EDIT
    name: Any = acts.RETRY if edited else act.name
    return r.OperatorAction(
        action=name, at=iso(act.at), by=act.by, gen=act.gen, edited=edited, in_bulk=act.in_bulk, bulk=act.bulk
    )  # fmt: skip


def _eight(numbers: Numbers) -> dict[str, Any]:
    return {
        "total_jobs": numbers.total_jobs,
        "active_jobs": numbers.active_jobs,
        "completed_jobs": numbers.by_status[Status.COMPLETED],
        "failed_jobs": numbers.by_status[Status.FAILED],
        "dead_letter_jobs": numbers.by_status[Status.DEAD_LETTER],
        "queue_length": numbers.queue_length,
        "retry_queue_length": numbers.retry_queue_length,
        "dlq_length": numbers.depth.dead,
        "by_status": dict(numbers.by_status),
    }


def _trace(job: Job, url: str) -> dict[str, str]:
    context = context_of(job)
    if context is None:
        return {}
    found = {"trace_id": trace_id(context)}
    return {**found, "trace_url": url.replace(TRACE_PLACE, found["trace_id"])} if url else found


def _iso(at: float | None) -> str | None:
    return None if at is None else iso(at)
