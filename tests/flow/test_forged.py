"""Check on the running platform that a row that another function wrote is not run."""

import uuid
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from tests.infra.local.running import Run, until


def client(run: Run, service: str, key: str = "x") -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        region_name="us-east-1", endpoint_url=run.state["aws"], aws_access_key_id=key, aws_secret_access_key="x",
    )  # fmt: skip


def test_a_forged_row_is_refused_by_its_worker(run: Run) -> None:
    stack = run.state["stack"]
    genuine = run.submit("flow.probe", {})
    until(lambda: run.job(genuine)["status"] == "completed")
    table = {"TableName": f"{stack}-jobs"}
    found = client(run, "dynamodb").get_item(**table, Key={"pk": {"S": genuine}, "sk": {"S": "META"}})["Item"]
    assert "s" in found
    forged = str(uuid.uuid4())
    row = {
        **{name: found[name] for name in found if name not in ("started_at", "finished_at", "expires_at", "result")},
        "pk": {"S": forged}, "status": {"S": "queued"}, "attempts": {"N": "0"}, "claims": {"N": "0"},
    }  # fmt: skip
    with pytest.raises(ClientError, match="does not allow dynamodb:PutItem"):
        client(run, "dynamodb", f"{stack}-image-process").put_item(**table, Item=row)
    client(run, "dynamodb").put_item(**table, Item=row)  # as a function with `enqueues` may do
    sqs = client(run, "sqs")
    url = sqs.get_queue_url(QueueName=f"{stack}-flow-probe")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=write_message(Message(forged, 1, "flow.probe")))
    until(lambda: run.job(forged)["status"] == "retrying")
    assert (run.job(forged)["error_class"], run.job(forged)["attempts"]) == ("RowNotSigned", 0)
    assert "not signed by this platform" in run.job(forged)["error_message"]
    assert run.client.post(f"/jobs/{forged}/cancel", json={}).status_code == 200
    again = run.client.post(f"/jobs/{forged}/retry", json={})
    assert (again.status_code, "not signed" in again.json()["detail"]) == (409, True)
