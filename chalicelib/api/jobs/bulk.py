"""Serve many jobs in one request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.api.http.endpoint import Audited, Call, Endpoints, Reply, Unaudited, read_body
from chalicelib.api.http.problems import problem_of
from chalicelib.api.http.scoping import check_payloads, check_whole, of_scope
from chalicelib.api.jobs.jobs import EXISTS, check_wanted, filter_of, narrowed, operations, submission
from chalicelib.api.models.many_responses import BatchAnswer, BatchResult, BulkAnswer, Skipped
from chalicelib.api.models.responses import Problem
from chalicelib.api.models.schemas import Bulk, ManyJobs, NewBatch, NewJobInBatch
from chalicelib.api.models.views import job_row
from chalicelib.assembly import parts
from chalicelib.bulk.request import BulkActions, Report
from chalicelib.errors import JobFlowError, JobNotFound
from chalicelib.jobs.constants import MOST_READ
from chalicelib.jobs.port import Filter
from chalicelib.jobs.tenants import tenant_of
from chalicelib.keys.rule import Outcome, Submitted
from chalicelib.producing.batch import submit_many
from chalicelib.producing.submission import Submission, key_of_place

endpoints = Endpoints()


@endpoints.post(
    "/jobs/batch",
    BatchAnswer,
    body=NewBatch,
    also=(NewJobInBatch,),
    audit=Unaudited("a job has its creator, its time and its correlation id itself"),
)
def create_jobs(call: Call) -> Reply:
    """Create up to 25 jobs.

    Each job has its own answer, and an invalid job does not prevent the creation of the others.

    If the whole request has an Idempotency-Key, a job without its own key gets this key: the request's key, a space,
    and the job's index from 0. Repeating the request therefore creates nothing. The request counts once for the rate
    limit.
    """
    answers = submit_many(parts.job_service, list(submissions(call)))
    results = [result_of(_told(call, answer), call.correlation_id) for answer in answers]
    again = all(result.status == 200 for result in results)
    return Reply(BatchAnswer(results=results), 200, {"Idempotent-Replayed": "true"} if again else {})


EXAMPLES = {
    "retry all jobs of one error": {"action": "retry", "filter": {"fingerprint": "5d41402abc4b"}},
    "what cancelling all that wait would do": {"action": "cancel", "filter": {"status": "queued"}, "dry_run": True},
    "retry these jobs": {"action": "retry", "ids": ["6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0"]},
    "check another value for a field": {
        "action": "retry",
        "filter": {"fingerprint": "5d41402abc4b"},
        "edit": {"order.currency": "EUR"},
        "dry_run": True,
    },
}


@endpoints.post(
    "/jobs/bulk",
    BulkAnswer,
    body=Bulk,
    examples=EXAMPLES,
    searches=True,
    audit=Audited("jobs", "bulk", by="action", unless="dry_run", many=True),
)
def change_jobs(call: Call) -> BulkAnswer:
    """Retry, cancel or discard up to 100 jobs. While `more` is true, send the request again with `next_cursor`."""
    asked: Bulk = call.body
    which, wanted = asked_for(call, asked), [i.lower() for i in asked.ids or ()]
    ids = ids_within(call, wanted)
    if asked.cursor is None and not asked.dry_run:
        check_expected(call, asked.action, which, ids, asked.expected)
    if which is None:
        report = bulk_actions(call, asked.reason, asked.edit).on_ids(asked.action, ids, asked.dry_run)
        outside = [one for one in dict.fromkeys(wanted) if one not in ids]
        report.matched += len(outside)
        report.skipped += [(one, str(JobNotFound(one))) for one in outside]
    else:
        report = bulk_actions(call, asked.reason, asked.edit).on_matches(
            asked.action, which, asked.limit, asked.dry_run, cursor=asked.cursor
        )
    return answer_of(report)


def submissions(call: Call, batch: str | None = None) -> Iterator[Submission | JobFlowError]:
    """Yield the jobs of a request with several, or why one of them is not valid; `batch`: they are its members."""
    shared = call.idempotency_key()
    for place, raw in enumerate(call.body.jobs):
        try:
            body = read_body(NewJobInBatch, raw)
            # the key of a member only names it in its batch, so the key of the request is not needed
            key = body.idempotency_key or (key_of_place(shared, place) if shared and batch is None else None)
            asked = replace(submission(body, key, call), batch=batch)
            if call.scope.narrow:
                check_wanted(call, parts.job_service.wanted(asked))
        except JobFlowError as error:
            yield error
        else:
            yield asked


def _told(call: Call, answer: Submitted | JobFlowError) -> Submitted | JobFlowError:
    return of_scope(call.scope, answer) if isinstance(answer, JobFlowError) else answer


def result_of(answer: Submitted | JobFlowError, correlation_id: str) -> BatchResult:
    """Return the result of one job of a request."""
    if isinstance(answer, Submitted):
        status = 201 if answer.outcome is Outcome.CREATED else 200
        return BatchResult(status=status, existing=EXISTS.get(answer.outcome), job=job_row(answer.job))
    problem = problem_of(answer, correlation_id)
    return BatchResult(status=problem["status"], problem=Problem(**problem))


def bulk_actions(call: Call, reason: str = "", edit: Mapping[str, Any] | None = None) -> BulkActions:
    """Return an object that changes many jobs of this process's store, and stores the caller with each change."""
    acting = replace(operations(call, reason, in_bulk=True), edit=edit)
    return BulkActions(parts.job_store, acting, parts.settings.cursor_secret, parts.clock)


def asked_for(call: Call, asked: ManyJobs) -> Filter | None:
    """Return the filter that selects the jobs, within the scope; None if the request lists them. Raises OutOfScope."""
    if asked.edit is not None:
        check_payloads(call, "an edit")
        if call.scope.tenants:
            check_whole(call, "an edit of payloads")
    if asked.everything:
        return narrowed(call, Filter())
    return None if asked.filter is None else filter_of(call, asked.filter, "filter")


def ids_within(call: Call, ids: Sequence[str]) -> Sequence[str]:
    """Return the ids of jobs within the caller's scope; without a scope all ids, and nothing is read."""
    if not call.scope.narrow:
        return ids
    each = list(dict.fromkeys(ids))  # DynamoDB refuses to read an item twice
    pages = [each[start : start + MOST_READ] for start in range(0, len(each), MOST_READ)]
    found = {job.id: job for page in pages for job in parts.job_store.read_all(page)}
    return [one for one in ids if (job := found.get(one)) and call.scope.has(job.type, tenant_of(job.tags))]


def check_expected(call: Call, action: str, which: Filter | None, ids: Sequence[str], expected: int | None) -> None:
    """Raise MoreThanExpected if the action would change more jobs than the caller has counted."""
    if expected is not None:
        bulk_actions(call).check_expected(action, which, ids, expected)


def answer_of(report: Report) -> BulkAnswer:
    """Return a report as an answer."""
    late = [(job_id, "There was no time left for this job; send it again.") for job_id in report.untried]
    skipped = [Skipped(id=job_id, reason=reason) for job_id, reason in (*report.skipped, *late)]
    return BulkAnswer(
        matched=report.matched, done=report.done, skipped=skipped, more=report.more, next_cursor=report.cursor
    )
