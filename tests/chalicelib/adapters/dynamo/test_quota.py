"""Check that a daily quota is respected by simultaneous requests."""

from concurrent.futures import ThreadPoolExecutor

from chalicelib.adapters.dynamo.control.quota import DynamoDailyQuota, QuotaRow
from chalicelib.adapters.dynamo.tables.binding import control
from chalicelib.jobs.retention import KEEP_QUOTAS
from chalicelib.settings import Settings

TODAY = 20_833


def test_no_more_than_the_limit_is_taken_by_many_at_once(cloud: Settings) -> None:
    quota = DynamoDailyQuota(cloud, "test")
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: quota.take(TODAY, 3, 20), range(16)))
    assert taken.count(True) == 6
    assert quota.take(TODAY, 2, 20)
    assert not quota.take(TODAY, 1, 20)


def test_names_and_days_are_apart_and_what_is_given_back_can_be_taken(cloud: Settings) -> None:
    quota, other = DynamoDailyQuota(cloud, "test"), DynamoDailyQuota(cloud, "other")
    assert not quota.take(TODAY, 6, 5)
    assert quota.take(TODAY, 5, 5)
    assert not quota.take(TODAY, 1, 5)
    assert other.take(TODAY, 5, 5)
    assert quota.take(TODAY + 1, 5, 5)
    quota.give_back(TODAY, 2)
    assert quota.take(TODAY, 2, 5)


def test_a_row_goes_some_days_later(cloud: Settings) -> None:
    DynamoDailyQuota(cloud, "test").take(TODAY, 1, 5)
    [row] = control(cloud).bind(QuotaRow).query("CAP#test")
    assert row.expires_at == TODAY * 86_400 + KEEP_QUOTAS
