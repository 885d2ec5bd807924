"""How old the numbers of `/metrics` may be, as the parts are put together."""

from chalicelib.counters import snapshot as metrics
from chalicelib.job_types import jobtype
from infra.definition.lambdas.functions import StreamTrigger, functions

WITHIN = 5.0
WORK = 1.5
"""Seconds for the stream's record, for a warm run of the counters' function and for the call itself."""


def test_what_gathers_changes_and_what_keeps_an_answer_leave_it_fresh() -> None:
    [stream] = [
        function.trigger for function in functions(jobtype.load(), "any") if isinstance(function.trigger, StreamTrigger)
    ]
    assert stream.window + metrics.KEEP + WORK <= WITHIN
