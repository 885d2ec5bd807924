"""Serve jobs that used up their attempts."""

from chalicelib.api.http.endpoint import Audited, Call, Endpoints
from chalicelib.api.jobs.bulk import answer_of, bulk_actions, check_expected
from chalicelib.api.jobs.jobs import check_type, narrowed
from chalicelib.api.models.many_responses import BulkAnswer
from chalicelib.api.models.schemas import Redrive
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Filter

endpoints = Endpoints()


@endpoints.post(
    "/dead-letters/redrive",
    BulkAnswer,
    body=Redrive,
    examples={"the next hundred": {"limit": 100}},
    searches=True,
    audit=Audited("dead-letters.redrive", "bulk", unless="dry_run", many=True),
)
def redrive_dead_letters(call: Call) -> BulkAnswer:
    """Retry up to 100 dead-lettered jobs, of one type or of all types.

    While `more` is true, send the request again with `next_cursor`; a repeated request does no harm.

    Each job gets a new generation and a new message. Its old message stays in the dead-letter queue until the watchdog
    removes it. The watchdog removes up to 2,000 messages per queue and minute.
    """
    asked: Redrive = call.body
    which = narrowed(call, Filter(status=Status.DEAD_LETTER, type=asked.type))
    check_type(asked.type)
    if asked.cursor is None and not asked.dry_run:
        check_expected(call, "retry", which, (), asked.expected)
    report = bulk_actions(call).on_matches("retry", which, asked.limit, asked.dry_run, cursor=asked.cursor)
    return answer_of(report)
