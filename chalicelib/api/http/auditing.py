"""Record the requests that change something in the audit log, before they change it."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel

from chalicelib.api.http.endpoint import Audited, Call, Endpoint, Reply, Text
from chalicelib.api.http.problems import problem_of
from chalicelib.assembly import parts
from chalicelib.audit.recording import Change, recorded
from chalicelib.audit.rule import BULK, JOB, LIMIT, ONE_VALUE, Outcome, Thing
from chalicelib.bulk.ids import new_bulk_id
from chalicelib.operating.limits import declared_name

PREFIX = "urn:jobflow:problem:"
FIRST_FAILURE = 500


def changed(endpoint: Endpoint, call: Call, ip: str) -> BaseModel | Reply | Text:
    """Call the endpoint's handler, within an entry of the audit log if it changes something.

    Raises NotAudited, and what the handler raises.
    """
    declared = endpoint.audit
    if not isinstance(declared, Audited) or (declared.unless and getattr(call.body, declared.unless)):
        return endpoint.handler(call)
    if declared.many:
        call = replace(call, bulk=new_bulk_id(parts.clock()))
    with recorded(parts.audit, parts.clock, _change(declared, call, ip)) as entry:
        try:
            answer = endpoint.handler(call)
        except Exception as error:
            problem = problem_of(error)
            outcome = Outcome.FAILED if problem["status"] >= FIRST_FAILURE else Outcome.REFUSED
            entry.answered(outcome, problem["status"], problem["type"].removeprefix(PREFIX))
            raise
        entry.answered(Outcome.DONE, answer.status if isinstance(answer, Reply | Text) else 200,
                       target=_made(declared, answer))  # fmt: skip
        return answer


def _change(declared: Audited, call: Call, ip: str) -> Change:
    action = f"{declared.action}.{getattr(call.body, declared.by)}" if declared.by else declared.action
    # an id in the path may have any case, as in the endpoints themselves
    target = call.path[declared.path] if declared.path else str(getattr(call.body, declared.made, ""))
    if declared.on == LIMIT:
        name = declared_name(target)
        target = name if not name or call.query.value is None else f"{name}{ONE_VALUE}"
    elif declared.path:
        target = target.lower()
    bulk = call.bulk or ""
    label = call.caller.label if call.caller else ""
    reason = getattr(call.body, "reason", "")
    return Change(
        action, declared.on, bulk if declared.on == BULK and bulk else target, call.principal, label, ip,
        call.correlation_id, reason, bulk, named=_named(declared, call),
    )  # fmt: skip


def _named(declared: Audited, call: Call) -> Sequence[Thing]:
    """Return under what a request that changes many jobs is also found: under the listed jobs, or the bulk action."""
    if call.bulk is None:
        return ()
    if declared.on != BULK:
        return [(BULK, call.bulk)]
    return [(JOB, one) for one in dict.fromkeys(one.lower() for one in getattr(call.body, "ids", None) or ())]


def _made(declared: Audited, answer: BaseModel | Reply | Text) -> str | None:
    body = answer.body if isinstance(answer, Reply) else answer
    return str(getattr(body, declared.made)) if declared.made else None
