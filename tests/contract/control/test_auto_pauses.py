"""Test every store of failures and automatic pauses: a row is written completely, by one writer at a time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from chalicelib.adapters import aws
from chalicelib.job_types.failing import Failing
from chalicelib.pausing.dynamo import DynamoAutoPauses
from chalicelib.pausing.memory import MemoryAutoPauses
from chalicelib.pausing.port import AutoPauses
from chalicelib.pausing.rule import AutoPause, failed
from chalicelib.pausing.switch import change
from chalicelib.settings import Settings
from infra.local.pauses import probes
from tests.contract.conftest import LoseReply, either
from tests.support import REGION, T0, requests_to

TYPE = "email.send"
WHOLE = AutoPause(
    fingerprint="f1", error="TimeoutError", failures=(T0 + 0.123, T0 + 1), since=T0 + 1, cooldown=120.0,
    probe_at=T0 + 121, probe="p1", ended_at=T0 - 9, switched_at=T0 + 2, off=True, sent=2, sent_at=T0 + 5,
)  # fmt: skip


rows = either(MemoryAutoPauses, DynamoAutoPauses)


def test_a_row_is_read_as_it_was_written(rows: AutoPauses) -> None:
    assert rows.read(TYPE) == AutoPause()
    written = rows.replace(TYPE, AutoPause(), WHOLE)
    assert written is not None
    assert written == replace(WHOLE, version=written.version)
    assert rows.read(TYPE) == rows.read(TYPE, consistent=False) == written
    assert rows.read("other.type") == AutoPause()


def test_who_has_seen_an_older_row_writes_nothing(rows: AutoPauses) -> None:
    first = rows.replace(TYPE, AutoPause(), WHOLE)
    assert first is not None
    assert rows.replace(TYPE, AutoPause(), AutoPause(error="late")) is None
    second = rows.replace(TYPE, first, AutoPause())
    assert second is not None
    assert rows.replace(TYPE, first, WHOLE) is None
    assert rows.read(TYPE) == second


def test_of_many_writers_at_once_each_failure_is_counted(rows: AutoPauses) -> None:
    rule = Failing(of=50, within=60)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda n: change(rows, TYPE, failed(rule, "f1", "E", T0 + n)), range(8)))
    assert None not in told
    assert sorted(rows.read(TYPE).failures) == [T0 + n for n in range(8)]


def test_a_write_whose_reply_was_lost_is_known_as_its_own(cloud: Settings, lose_reply: LoseReply) -> None:
    rows, lost = DynamoAutoPauses(cloud), lose_reply("UpdateItem")
    written = rows.replace(TYPE, AutoPause(), WHOLE)
    assert lost
    assert written is not None
    assert rows.read(TYPE) == written


def test_a_failure_takes_one_write_when_the_row_is_known(cloud: Settings) -> None:
    rows = DynamoAutoPauses(cloud)
    seen = change(rows, TYPE, failed(Failing(), "f1", "E", T0))
    with requests_to("dynamodb") as requests:
        change(rows, TYPE, failed(Failing(), "f1", "E", T0 + 1), seen)
    assert requests == ["UpdateItem"]


def test_a_laptops_runner_finds_the_message_of_a_probe_once(cloud: Settings) -> None:
    rows = DynamoAutoPauses(cloud)
    rows.replace(TYPE, AutoPause(), WHOLE)
    rows.ask(TYPE, "message")
    client = aws.client("dynamodb", REGION)
    assert probes(client, cloud.control_table, [TYPE, "other.type"]) == {TYPE: "message"}
    assert probes(client, cloud.control_table, [TYPE]) == {}
    assert rows.read(TYPE).since == WHOLE.since
