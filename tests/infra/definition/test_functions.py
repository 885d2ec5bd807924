"""What one function is told must fit what another one does."""

import json

from chalicelib.adapters.dynamo.tables.schema import CANARY, META
from chalicelib.counters import snapshot
from chalicelib.counters.recounting import recount
from infra.definition.lambdas.functions import ScheduleTrigger, StreamTrigger, functions
from infra.local.lambdas.events.stream_records import matches

FUNCTIONS = {function.short: function for function in functions([], "jobflow-prod")}


def test_a_recount_gives_up_only_after_the_stream_has() -> None:
    stream = FUNCTIONS["counters"].trigger
    assert isinstance(stream, StreamTrigger)
    assert stream.longest_age < recount.GIVE_UP


def test_a_recount_is_over_before_the_next_one_is_invoked_and_one_ends_a_day() -> None:
    function = FUNCTIONS["recount"]
    assert isinstance(function.trigger, ScheduleTrigger)
    assert function.timeout < 60 * function.trigger.minutes
    assert function.timeout > recount.WAIT + recount.SPARE
    assert recount.EVERY + 60 * function.trigger.minutes + function.timeout < 86_400


def test_the_counters_are_sent_jobs_and_canaries_and_nothing_beside() -> None:
    stream = FUNCTIONS["counters"].trigger
    assert isinstance(stream, StreamTrigger)
    passed = [
        kind
        for kind in (META, CANARY, "ATT#0001#01", "BODY#payload")
        if matches({"dynamodb": {"Keys": {"sk": {"S": kind}}}}, json.loads(stream.pattern))
    ]
    assert passed == [META, CANARY]


def test_a_throttled_run_is_dropped_before_the_next_one() -> None:
    schedules = {
        short: function.trigger
        for short, function in FUNCTIONS.items()
        if isinstance(function.trigger, ScheduleTrigger)
    }
    assert schedules.keys() == {"watchdog", "recount"}
    for trigger in schedules.values():
        # Lambda takes 60 seconds to 6 hours
        assert 60 <= trigger.longest_age <= 60 * trigger.minutes


def test_the_numbers_of_metrics_are_five_seconds_old_at_most() -> None:
    stream = FUNCTIONS["counters"].trigger
    assert isinstance(stream, StreamTrigger)
    work = 1.5  # seconds for the stream's record, for a warm run of the counters and for the call itself
    assert stream.window + snapshot.KEEP + work <= 5
