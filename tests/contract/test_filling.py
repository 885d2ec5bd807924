"""Jobs that are put in together lie in the table as if each had been added."""

from typing import Any

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.jobs.job import Status
from chalicelib.settings import Settings
from tests.contract.filling import fill
from tests.support import REGION, a_job


def test_a_job_is_filled_in_as_it_is_added(cloud: Settings, dynamo_store: DynamoJobStore) -> None:
    jobs = [a_job(tags=("x",), payload={"text": "é" * 400}), a_job(status=Status.COMPLETED, result={"rows": 3})]

    def items() -> list[dict[str, Any]]:
        found = aws.client("dynamodb", REGION).scan(TableName=cloud.jobs_table)["Items"]
        return sorted(found, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))

    for job in jobs:
        dynamo_store.add(job)
    added = items()
    for item in added:
        key = {name: item[name] for name in ("pk", "sk")}
        aws.client("dynamodb", REGION).delete_item(TableName=cloud.jobs_table, Key=key)
    fill(dynamo_store, jobs)
    assert items() == added != []
