"""What decides over a job is read consistently. moto never answers stale, so the request itself is looked at."""

from typing import Any

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.settings import Settings
from tests.support import Clock, a_job


def test_a_job_and_its_history_are_read_consistently(cloud: Settings, clock: Clock) -> None:
    store = DynamoJobStore(cloud, clock)
    job = a_job()
    store.add(job)
    asked: list[dict[str, Any]] = []
    events = aws.client("dynamodb", cloud.region).meta.events

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(params)

    events.register("provide-client-params.dynamodb.*", note)
    try:
        store.get(job.id)
        store.view(job.id)
    finally:
        events.unregister("provide-client-params.dynamodb.*", note)
    assert len(asked) >= 2
    assert [params.get("ConsistentRead") for params in asked] == [True] * len(asked)
