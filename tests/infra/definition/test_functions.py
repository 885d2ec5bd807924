"""What one function is told must fit what another one does."""

from chalicelib.counters import recount
from infra.definition.functions import ScheduleTrigger, StreamTrigger, functions

TRIGGERS = {function.short: function.trigger for function in functions([], "jobflow-prod")}


def test_two_recounts_confirm_each_other_only_when_the_stream_has_given_up_what_lay_between() -> None:
    stream, nightly = TRIGGERS["counters"], TRIGGERS["recount"]
    assert isinstance(stream, StreamTrigger)
    assert isinstance(nightly, ScheduleTrigger)
    assert stream.longest_age < recount.PATIENCE < 60 * nightly.minutes - 600


def test_the_nightly_run_is_at_night_and_not_at_the_time_of_the_deployment() -> None:
    nightly = TRIGGERS["recount"]
    assert isinstance(nightly, ScheduleTrigger)
    minute, hour, *days = nightly.cron.split()
    assert (days, nightly.expression) == (["*", "*", "?", "*"], f"cron({nightly.cron})")
    assert 0 < int(minute) < 60
    assert 0 <= int(hour) <= 4


def test_a_throttled_run_is_dropped_before_the_next_one() -> None:
    schedules = {short: trigger for short, trigger in TRIGGERS.items() if isinstance(trigger, ScheduleTrigger)}
    assert schedules.keys() == {"watchdog", "recount"}
    for trigger in schedules.values():
        # Lambda takes 60 seconds to 6 hours
        assert 60 <= trigger.longest_age <= 60 * trigger.minutes
