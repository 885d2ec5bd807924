"""The second emulator: the same class, the same clients, state that outlives a stop."""

from pathlib import Path

import pytest

from infra.local.emulator.processes import ministack
from infra.local.emulator.processes.child import Emulator, EmulatorError
from infra.local.tool import ToolUnavailable
from tests.infra.local.emulator.support import client, make_queue, make_table, receive


@pytest.mark.ministack
def test_ministack_starts_keeps_its_state_and_stops(tmp_path: Path) -> None:
    log, state = tmp_path / "ministack.log", tmp_path / "state"
    with Emulator.start(backend="ministack", log_path=log, state_path=state) as emulator:
        dynamodb, sqs = client(emulator, "dynamodb"), client(emulator, "sqs")
        table, url = make_table(dynamodb, "jobs"), make_queue(sqs, "q")
        dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": "META"}})
        sqs.send_message(QueueUrl=url, MessageBody="kept")
        assert not emulator.judge_by({})
        with pytest.raises(EmulatorError, match="cannot be moved"):
            emulator.advance(1)
    with Emulator.start(backend="ministack", log_path=log, state_path=state) as again:
        item = {"pk": {"S": "a"}, "sk": {"S": "META"}}
        assert client(again, "dynamodb").get_item(TableName="jobs", Key=item)["Item"] == item
        sqs = client(again, "sqs")
        url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
        assert [message["Body"] for message in receive(sqs, url)] == ["kept"]


def test_an_environment_that_cannot_be_made_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(ToolUnavailable, match=r"ministack==1\.5\.33"):
        ministack.python(tmp_path)
    assert not (tmp_path / "ministack-venv" / "installed.txt").exists()
