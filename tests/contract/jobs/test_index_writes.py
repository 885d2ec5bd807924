"""Test which writes to each index a job's lifecycle causes; docs/scaling.md uses these numbers."""

from collections import Counter
from typing import Any

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.dynamo.tables.schema import ACTIVE, ALL, META
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.settings import Settings
from infra.cloud.cost.calculation import CHANGES
from scripts.scaling.limits import ACTIVE_WRITES, ALL_WRITES
from tests.infra.cloud.cost.units import index_units, indexes_of
from tests.support import REGION, T0, a_job


def test_a_job_goes_into_the_index_of_all_once_and_into_that_of_its_type_and_out_again(
    dynamo_store: DynamoJobStore, cloud: Settings
) -> None:
    job = a_job(payload={"text": "hi"}, sent=True)

    def item() -> dict[str, Any]:
        key = {"pk": {"S": job.id}, "sk": {"S": META}}
        return dict(aws.client("dynamodb", REGION).get_item(TableName=cloud.jobs_table, Key=key).get("Item", {}))

    def claim() -> None:
        change = transitions.claim(1, now=T0, lease_until=T0 + 65, by=Claimant("r"), job_type=job.type)
        dynamo_store.apply(job.id, change)

    def complete() -> None:
        dynamo_store.apply(job.id, transitions.complete(dynamo_store.get(job.id), now=T0 + 1, result=None))

    def create() -> None:
        dynamo_store.add(job)

    written, moves = Counter[str](), (create, claim, complete)
    for move in moves:
        before = item()
        move()
        after = item()
        for index in indexes_of("-jobs"):
            written[index["IndexName"]] += index_units(before, after, index)
    assert +written == {ALL: ALL_WRITES, ACTIVE: ACTIVE_WRITES}
    assert len(moves) == CHANGES
