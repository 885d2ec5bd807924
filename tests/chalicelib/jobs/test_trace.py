"""Test trace contexts: which headers count, and that the ids of spans are always the same."""

import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.jobs import trace
from chalicelib.jobs.job import Status
from tests.support import a_job

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{SPAN}-01"
CONTEXT = bytes.fromhex(TRACE + SPAN + "01")


def test_a_header_is_25_bytes_and_comes_back_as_it_was() -> None:
    assert trace.read(HEADER) == CONTEXT
    assert len(CONTEXT) == trace.LENGTH == 25
    assert trace.write(CONTEXT) == HEADER
    assert trace.read(f" {HEADER}\t") == CONTEXT
    assert trace.write_for_x_ray(CONTEXT) == f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN};Sampled=1"


@pytest.mark.parametrize(
    "header",
    [
        "", "00", HEADER.upper(), HEADER[:-1], HEADER + "0", f"{HEADER}-00", f"ff{HEADER[2:]}", f"0g{HEADER[2:]}",
        f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE}-{SPAN}", f"00-{TRACE}{SPAN}-01",
        f"{HEADER}, {HEADER}", f"{HEADER}\n", HEADER.replace("4", "\u0664"), "0" * 100_000,
        f"01{HEADER[2:]}-" + "x" * 10_000,
    ],
)  # fmt: skip
def test_any_other_header_is_ignored(header: str) -> None:
    assert trace.read(header) is None


def test_a_header_of_a_later_version_counts_as_far_as_it_is_known() -> None:
    assert trace.read(f"01-{TRACE}-{SPAN}-01-what-comes-later") == CONTEXT
    assert trace.read(f"cc-{TRACE}-{SPAN}-ff") == CONTEXT[:-1] + b"\x03", "unknown flags are not sent on"
    assert trace.read(f"01-{TRACE}-{SPAN}-01what") is None


@given(st.text(max_size=80))
def test_no_header_raises_an_error(header: str) -> None:
    found = trace.read(header)
    assert found is None or trace.read(trace.write(found)) == found


def test_a_trace_that_begins_with_a_job_has_the_jobs_id() -> None:
    job_id = str(uuid.uuid4())
    begun = trace.begun(job_id)
    assert trace.trace_id(begun) == job_id.replace("-", "")
    assert trace.parent_span(begun) is None
    assert trace.is_sampled(begun)
    assert trace.begun(job_id) == begun
    assert len(trace.begun("a forged id \0 \ud800")) == trace.LENGTH


def test_what_a_job_makes_belongs_to_its_trace_with_its_attempt_as_the_parent() -> None:
    job = a_job(trace=CONTEXT, attempts=2)
    carried = trace.carried(job)
    assert carried is not None
    assert trace.trace_id(carried) == TRACE
    assert trace.parent_span(carried) == trace.attempt_span(job)
    assert carried[-1:] == CONTEXT[-1:]
    fresh = replace(job, claims=0)
    assert trace.parent_span(trace.carried(fresh) or b"") == trace.creation_span(fresh)
    assert trace.carried(a_job()) is None
    assert trace.carried(a_job(trace=b"forged")) is None


def test_each_span_of_a_run_has_an_id_of_its_own_that_never_changes() -> None:
    job = a_job(trace=CONTEXT, attempts=1)
    again = replace(job, gen=2)
    second = replace(job, claims=2)
    ids = [
        trace.creation_span(job), trace.attempt_span(job), trace.attempt_span(second), trace.attempt_span(again),
        trace.derived_span(job, "1 step:a"), trace.derived_span(job, "1 step:b"), trace.attempt_span(a_job(attempts=1)),
    ]  # fmt: skip
    assert len(set(ids)) == len(ids)
    assert trace.attempt_span(replace(job, status=Status.COMPLETED, updated_at=1.0)) == trace.attempt_span(job)
    assert trace.creation_span(replace(again, gen=1)) == trace.creation_span(job)
