"""Check that the laptop finds out, as the watchdog does in the cloud, that payloads are to be removed."""

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.clearings import DynamoClearings
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.jobs.change import Clearing
from chalicelib.settings import Settings
from infra.local.pauses import clearings_due
from tests.support import REGION, T0, a_job


def test_something_is_due_from_its_time_until_it_is_done(cloud: Settings) -> None:
    client, clearings = aws.client("dynamodb", REGION), DynamoClearings(binding.jobs(cloud))
    some = [Clearing(a_job().id, "email.send", T0, T0, T0 + 60) for _ in range(5)]  # in several partitions
    for one in some:
        clearings.plan(one)
    assert not clearings_due(client, cloud.jobs_table, T0 + 59)
    for one in some:
        assert clearings_due(client, cloud.jobs_table, T0 + 61)
        clearings.drop(one)
    assert not clearings_due(client, cloud.jobs_table, T0 + 61)
    assert not clearings_due(client, "no-such-table", T0 + 61)
