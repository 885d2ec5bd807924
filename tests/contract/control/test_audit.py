"""Test every store of the audit log: what is stored, found, and counted, and in which order."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.audit import rule
from chalicelib.audit.dynamo import DynamoAudit
from chalicelib.audit.memory import MemoryAudit
from chalicelib.audit.port import AuditLog
from chalicelib.audit.rule import End, Entry, Outcome, Page, Refused, Which, entry_id
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.retention import KEEP_AUDIT
from tests.contract.conftest import either
from tests.support import T0

log = either(MemoryAudit, DynamoAudit)
JOB = "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0"
OTHER = "7a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0"


def an_entry(at: float, **fields: str) -> Entry:
    given: dict[str, Any] = {
        "action": "job.retry", "kind": "job", "target": JOB, "principal": "0123456789abcdef", "label": "ada",
        "ip": "203.0.113.9", "correlation_id": "c-1", "reason": "The provider is up ä",
    }  # fmt: skip
    return Entry(entry_id(at, fields.pop("random", "a")), at, **{**given, **fields})


def stored(log: AuditLog, *entries: Entry) -> Sequence[Entry]:
    for entry in entries:
        log.begin(entry)
    return entries


def all_of(log: AuditLog, which: Which, limit: int, now: float) -> list[Entry]:
    found, position = list[Entry](), None
    while True:
        page: Page[Entry] = log.page(which, limit, now, position)
        assert len(page.rows) <= limit
        found += page.rows
        position = page.position
        if position is None:
            return found


def test_an_entry_comes_back_without_an_outcome_and_then_with_it(log: AuditLog) -> None:
    [entry] = stored(log, an_entry(T0 + 0.123))
    log.begin(entry)  # the reply to the first time was lost
    assert log.page(Which(), 10, T0 + 1) == Page([entry], None, 1)
    assert entry.outcome is Outcome.BEGUN
    log.end(entry, End(Outcome.REFUSED, T0 + 0.5, 409, "job-conflict"))
    [found] = log.page(Which(), 10, T0 + 1).rows
    log.begin(entry)  # a try that arrives late
    assert log.page(Which(), 10, T0 + 1).rows == [found]
    assert found == replace(entry, outcome=Outcome.REFUSED, ended_at=T0 + 0.5, status=409, error="job-conflict")


def test_the_entries_under_listed_jobs_are_read_by_time_and_apart_from_the_changes(log: AuditLog) -> None:
    request = an_entry(T0, action="jobs.cancel", kind="bulk", target="0" * 20, bulk="0" * 20)
    below = rule.named(request, [("job", JOB), ("job", OTHER)])
    stored(log, request, *below, an_entry(T0 + DAY))
    day = Which(after=T0, before=T0 + DAY, named=True)
    assert all_of(log, day, 1, T0 + DAY) == below[::-1]
    assert log.page(Which(after=T0, before=T0 + DAY), 9, T0 + DAY).rows == [request]


def test_the_id_of_what_was_made_is_known_at_the_end(log: AuditLog) -> None:
    [entry] = stored(log, an_entry(T0, action="bulk.retry", kind="bulk", target=""))
    log.end(entry, End(Outcome.DONE, T0 + 1, 202, None, "0" * 20))
    [found] = log.page(Which(), 10, T0 + 1).rows
    assert (found.target, found.outcome, found.status) == ("0" * 20, Outcome.DONE, 202)


def test_the_changes_of_a_job_are_found_over_months_and_without_those_of_others(log: AuditLog) -> None:
    mine = [an_entry(T0 + days * DAY) for days in (0, 40, 100)]
    stored(log, *mine, an_entry(T0 + 1, target=OTHER), an_entry(T0 + 2, kind="batch"))
    now = T0 + 101 * DAY
    assert log.page(Which(job=JOB), 10, now) == Page(mine[::-1], None, 3)
    assert all_of(log, Which(job=JOB), 1, now) == mine[::-1]
    between = Which(job=JOB, after=T0 + 40 * DAY, before=T0 + 100 * DAY)
    assert log.page(between, 10, now).rows == [mine[1]]
    assert not log.page(Which(job=OTHER, principal="nobody"), 10, now).rows


def test_a_request_for_many_is_found_under_each_job_that_it_names_and_is_one_change_in_the_list(log: AuditLog) -> None:
    bulk = "0" * 20
    [whole] = stored(log, replace(an_entry(T0, action="bulk.cancel", kind="bulk", target=bulk), bulk=bulk))
    parts = stored(log, *rule.named(whole, [("job", JOB), ("job", OTHER)]))
    [single] = stored(log, an_entry(T0 + 1))
    now = T0 + 2
    assert log.page(Which(), 10, now).rows == [single, whole]
    assert all_of(log, Which(job=JOB), 1, now) == [single, parts[0]]
    assert (parts[0].outcome, parts[0].bulk, parts[0].target) == (Outcome.NAMED, bulk, JOB)
    assert log.page(Which(job=OTHER), 10, now).rows == [parts[1]]
    assert log.page(Which(bulk=bulk), 10, now).rows == [whole]
    assert log.page(Which(job=JOB, bulk=bulk), 10, now).rows == [parts[0]]
    assert log.page(Which(bulk="1" * 20), 10, now).rows == []


def test_the_action_on_a_batch_is_found_by_the_id_that_its_members_store_with_its_outcome(log: AuditLog) -> None:
    bulk, others = "0" * 20, "1" * 20
    for at, one in ((T0, bulk), (T0 + 1, others)):
        [request] = stored(log, replace(an_entry(at, action="batch.retry", kind="batch", target=JOB), bulk=one))
        stored(log, *rule.named(request, [("bulk", one)]))
        log.end(request, End(Outcome.DONE, at + 0.5, 202))
    for limit in (1, 10):
        [found] = all_of(log, Which(bulk=bulk), limit, T0 + 9)
        assert (found.action, found.kind, found.target, found.bulk) == ("batch.retry", "batch", JOB, bulk)
        assert (found.outcome, found.status, found.at) == (Outcome.DONE, 202, T0)
    assert [one.bulk for one in all_of(log, Which(), 1, T0 + 9)] == [others, bulk]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_every_entry_is_on_one_page_newest_first_and_filters_combine(log: AuditLog, limit: int) -> None:
    entries = [
        an_entry(
            T0 + day * DAY, target=OTHER if day % 2 else JOB, principal="bob" if day % 3 else "ada",
            action="job.cancel" if day % 5 else "job.retry",
        ) for day in range(0, 90, 7)
    ]  # fmt: skip
    same = [an_entry(T0, random="b"), an_entry(T0, random="c")]  # within the same millisecond
    stored(log, *entries, *same)
    now, newest_first = T0 + 90 * DAY, sorted([*entries, *same], key=lambda one: one.id, reverse=True)
    assert all_of(log, Which(), limit, now) == newest_first
    for which in (Which(principal="bob"), Which(action="job.retry"), Which(job=JOB, principal="ada"),
                  Which(principal="bob", action="job.cancel", after=T0 + DAY, before=T0 + 80 * DAY)):  # fmt: skip
        wanted = [
            one for one in newest_first
            if rule.matches(one, which) and (which.after or 0) <= one.at < (which.before or now)
        ]  # fmt: skip
        assert wanted, which
        assert all_of(log, which, limit, now) == wanted


def test_a_page_reads_a_bounded_number_of_rows(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "MOST_LOOKED", 4)
    rare = an_entry(T0, principal="ada")
    stored(log, rare, *(an_entry(T0 + second, principal="bob") for second in range(1, 10)))
    page = log.page(Which(principal="ada"), 10, T0 + 60)
    assert (page.rows, page.looked) == ([], 4)
    assert page.position is not None
    assert all_of(log, Which(principal="ada"), 10, T0 + 60) == [rare]


def test_what_has_expired_is_not_shown_before_it_is_deleted(log: AuditLog) -> None:
    stored(log, an_entry(T0))
    for which in (Which(), Which(job=JOB)):
        assert len(log.page(which, 10, T0 + KEEP_AUDIT).rows) == 1
        assert not log.page(which, 10, T0 + KEEP_AUDIT + 1).rows


def test_refusals_are_added_up_by_minute_caller_and_reason(log: AuditLog) -> None:
    minute = int(T0 // 60) * 60
    for number in (1, 1, 2):
        log.add_refusals(Refused(minute, "203.0.113.9", "unknown token", number))
    others = [Refused(minute + 60, "0123456789abcdef", "Forbidden", 3), Refused(minute, "2001:db8::/64", "x", 1)]
    for one in others:
        log.add_refusals(one)
    page = log.refusals(Which(), 10, T0 + 120)
    assert page.rows == [others[0], Refused(minute, "203.0.113.9", "unknown token", 4), others[1]]
    assert log.refusals(Which(principal="203.0.113.9"), 10, T0 + 120).rows == [page.rows[1]]
    first = log.refusals(Which(), 1, T0 + 120)
    assert log.refusals(Which(), 10, T0 + 120, first.position).rows == page.rows[1:]
