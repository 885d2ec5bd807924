"""Check that the simulation keeps each job and applies each limit, and that its advice is sufficient."""

from dataclasses import replace

import pytest

from infra.cloud.cost.calculation import BATCHES, per_million, total
from infra.cloud.cost.prices import PRICES
from scripts.scaling.__main__ import BACKLOG
from scripts.scaling.advice import TooMuch, divided, enough
from scripts.scaling.dollars import cost_of, dollars
from scripts.scaling.limits import FIRST_CONCURRENT, MORE_A_MINUTE, MOST_OF_MAPPING, Setting
from scripts.scaling.simulation import play


@pytest.mark.parametrize("setting", [Setting(50), Setting(5_000), Setting(0, 1.0, 100_000), Setting(900, 0.1, 5_000)])
def test_each_job_is_refused_or_waits_or_is_done(setting: Setting) -> None:
    played = play(setting, 600)
    arrived = setting.rate * 600 + setting.backlog
    assert sum(played.done) + played.waiting[-1] + played.refused == pytest.approx(arrived)


def test_a_mapping_begins_with_five_functions_and_adds_300_a_minute_up_to_1250() -> None:
    setting = Setting(
        0, 1.0 - 0.012 - 0.05, 10_000_000, concurrency=9_999, account=9_999, warm_writes=1_000_000, shards=64
    )
    assert setting.hold == pytest.approx(1)
    done = play(setting, 600).done
    assert (done[0], done[60], done[-1]) == (FIRST_CONCURRENT, FIRST_CONCURRENT + MORE_A_MINUTE, MOST_OF_MAPPING)


WIDE = Setting(
    3_000, 0.05, concurrency=1_250, account=100_000, batch=10, in_request=25, shards=64, warm_writes=1_000_000
)


@pytest.mark.parametrize(
    ("limit", "setting"),
    [
        ("concurrency", replace(WIDE, concurrency=50)),
        ("writes of the table", replace(WIDE, warm_writes=4_000)),
        ("quota of the table", replace(WIDE, types=5, requests=10_000)),
        ("index of unfinished jobs", replace(WIDE, shards=4)),
        ("index of all jobs", replace(WIDE, shards=4, types=4)),
        ("requests of the stage", replace(WIDE, in_request=1)),
        ("API", replace(WIDE, rate=200, in_request=1, account=5)),
        ("messages in flight", replace(WIDE, batch=100, seconds=900)),
    ],
)
def test_each_limit_is_met_where_it_is_the_narrowest(limit: str, setting: Setting) -> None:
    assert limit in play(setting, 600).limits
    assert limit not in play(WIDE, 600).limits


@pytest.mark.parametrize("setting", [Setting(10), Setting(1_000, 0.5), Setting(0, 0.2, BACKLOG)])
def test_what_is_advised_is_enough_and_less_is_not(setting: Setting) -> None:
    advised = enough(setting)
    assert play(advised).drained is not None
    less = replace(advised, concurrency=advised.concurrency // 2)
    assert play(less).drained is None


def test_the_bill_of_a_load_is_that_of_the_ledger_and_of_the_functions_time() -> None:
    busy = dollars(enough(Setting(1_000, 0.2)))
    assert busy.platform == pytest.approx(total(per_million(BATCHES.of_one_job())))
    assert busy.function == pytest.approx(0.2 * 512 / 1024 * PRICES.lambda_gb_second_arm)
    assert dollars(Setting(10)).platform > busy.platform, "its batches are not full"
    assert cost_of(Setting(1_000, 0.2, batch=10, in_request=25)).startswith(f"${busy.both * 3.6:,.2f} an hour")
    assert cost_of(Setting(0, backlog=2_000_000)).startswith(
        f"${dollars(Setting(0, backlog=2_000_000)).both * 2:,.2f} "
    )


def test_what_one_mapping_cannot_do_is_divided() -> None:
    setting = Setting(10_000)
    with pytest.raises(TooMuch, match="a queue's mapping has 1,250"):
        enough(setting)
    types = divided(setting)
    assert play(enough(replace(setting, rate=setting.rate / types, types=types))).drained is not None
