"""What one function is told must fit what another one does."""

from chalicelib.counters import recount
from infra.definition.functions import ScheduleTrigger, StreamTrigger, functions

TRIGGERS = {function.short: function.trigger for function in functions([], "jobflow-prod")}


def test_two_recounts_confirm_each_other_only_when_the_stream_has_given_up_what_lay_between() -> None:
    stream, nightly = TRIGGERS["counters"], TRIGGERS["recount"]
    assert isinstance(stream, StreamTrigger)
    assert isinstance(nightly, ScheduleTrigger)
    assert stream.longest_age < recount.PATIENCE < 60 * nightly.minutes - 600
