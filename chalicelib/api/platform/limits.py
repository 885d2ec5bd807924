"""Serve the limits of jobs, and change at run time how many places they have, or how many jobs start at a rate."""

from chalicelib.access.tokens import Role
from chalicelib.api.http.endpoint import Audited, Call, Endpoints
from chalicelib.api.models import limit_models as m
from chalicelib.assembly import parts
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.priority import PRIORITIES
from chalicelib.limits.constants import SHARED, SHARED_OF_VALUE
from chalicelib.limits.ids import is_rate, logged_id, name_and_value, stands_for_values
from chalicelib.operating.limits import Detail, Done, Holder, Limits, Line, Shown, since
from chalicelib.telemetry import request_events

endpoints = Endpoints()


@endpoints.get("/limits", m.LimitList)
def list_limits(_call: Call) -> m.LimitList:
    """List the limits (`limits=[AtMost(…)]`, and rates) with the number in the code and in force, and who waits.

    A limit with a field has one row for all its values. A value has a row of its own if its number was changed, and
    while jobs wait for it.
    """
    found, more = limits().all()
    return m.LimitList(limits=[m.LimitRow(**_fields(one)) for one in found], more=more)


@endpoints.get("/limits/{limit_name}", m.LimitDetail, query=m.LimitQuery)
def get_limit(call: Call) -> m.LimitDetail:
    """Return a limit, or that of one value, with the jobs that have its places, and the first of those that wait.

    Of a rate, the jobs with a place are those that have their turn.

    For a limit with a field, without `value`: its values that are changed, and those for which jobs wait.
    """
    return _detail(limits().detail(call.path["limit_name"], call.query.value))


@endpoints.put(
    "/limits/{limit_name}", m.LimitChanged, query=m.LimitQuery, body=m.LimitSetting, role=Role.OPERATOR,
    examples={"fewer": {"n": 5, "reason": "The provider answers slowly"}, "stop": {"n": 0, "reason": "An outage"}},
    audit=Audited("limit.set", "limit", "limit_name"),
)  # fmt: skip
def set_limit(call: Call) -> m.LimitChanged:
    """Change how many places a limit has, or how many jobs start at a rate, until it is reset.

    Deployments do not end the change. Of a rate, `n` jobs may start in the period in the code (`per`); its burst stays.
    Workers obey within 10 seconds. Nobody is stopped: if more jobs run, no job starts until fewer do. If the number is
    raised, jobs that wait start at once. Without `value`, a limit with a field is changed for all values, except those
    that have a number of their own; `left` says for how many of them the watchdog must start the jobs that wait. At
    most 100 values of a limit have a number of their own. Safe to repeat.
    """
    asked: m.LimitSetting = call.body
    changed = limits().change(call.path["limit_name"], asked.n, call.person, asked.reason, call.query.value)
    return _done(changed, call, asked.n)


@endpoints.delete(
    "/limits/{limit_name}", m.LimitChanged, query=m.LimitQuery, role=Role.OPERATOR,
    audit=Audited("limit.reset", "limit", "limit_name"),
)  # fmt: skip
def reset_limit(call: Call) -> m.LimitChanged:
    """Give a limit, or one value of it, the number that the code says again. Safe to repeat.

    A value gets the number of all values, if that was changed. Values with a number of their own keep it if no `value`
    is given. If the code does not declare the limit any more, a repetition may be answered with 404.
    """
    return _done(limits().reset(call.path["limit_name"], call.query.value), call, None)


def limits() -> Limits:
    """Return the limits, read and changed with this process's stores."""
    return Limits(parts.job_service.dispatcher, parts.place_store, parts.clock)


def _done(done: Done, call: Call, n: int | None) -> m.LimitChanged:
    request_events.limit_changed(logged_id(done.shown.id), call.principal, n)
    return m.LimitChanged(**_fields(done.shown), left=done.left)


def _fields(one: Shown) -> dict[str, object]:
    declared, changed = one.declared, one.changed
    name, value = name_and_value(one.id)
    change = None if changed is None else m.LimitChange(
        value=name_and_value(changed.limit)[1], n=changed.n, by=changed.by, reason=changed.reason,
        at=iso(changed.at), in_force=declared is not None,
    )  # fmt: skip
    n_declared = None if declared is None else declared.limit.n
    rate = declared.limit if declared is not None and isinstance(declared.limit, Rate) else None
    least, most = (None, None) if declared is None else declared.numbers
    return {
        "name": name, "value": value, "kind": "rate" if is_rate(name) else "at_most", "label": name.partition(".")[2],
        "all_values": stands_for_values(one.id), "shared": name[:1] in (SHARED, SHARED_OF_VALUE),
        "per": rate and rate.per, "burst": rate and rate.burst, "least": least, "most": most,
        "by": None if declared is None else declared.limit.by,
        "types": [] if declared is None else list(declared.types),
        "declared": declared is not None, "n_declared": n_declared, "n": one.n, "differs": one.n != n_declared,
        "changed": change, "in_use": None if one.places is None else len(one.places.held),
        "waits": one.waits, "waiting": one.waiting, "waiting_more": one.more,
    }  # fmt: skip


def _detail(found: Detail) -> m.LimitDetail:
    return m.LimitDetail(
        **_fields(found.shown),
        holders=[_holder(one) for one in sorted(found.holders, key=lambda one: not _runs(one))],
        lines=[_line(one) for one in found.lines],
        values=[m.LimitRow(**_fields(one)) for one in found.values],
        more_values=found.more,
    )


def _runs(one: Holder) -> bool:
    return one.job is not None and one.job.status is Status.PROCESSING


def _holder(one: Holder) -> m.LimitHolder:
    job = one.job
    return m.LimitHolder(
        job_id=one.id, type=job and job.type, status=job and job.status, since=job and iso(since(job)),
        stale=one.stale,
    )  # fmt: skip


def _line(one: Line) -> m.LimitLine:
    first = [
        m.LimitWaiter(job_id=waiter.job, due_since=iso(waiter.since), priority=PRIORITIES[waiter.rank])
        for waiter in one.first
    ]
    return m.LimitLine(type=one.type, waiting=one.waiting, waiting_more=one.more, first=first)
