"""Check that restored jobs are signed by the stage into which they are restored, so that its workers run them."""

import io
from dataclasses import replace

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.jobs.signing import parameter_of, short_name, type_keys
from chalicelib.settings import Settings
from infra.cloud.account import Account
from infra.cloud.stack import signing
from infra.cloud.stack.cloudformation import Stack
from tests.infra.cloud.restore.losing import Time, lose, made, restoration
from tests.support import T0, a_job

HERE, ELSEWHERE = "h" * 22, "e" * 22


@pytest.mark.parametrize("signed_with", ["", HERE, ELSEWHERE], ids=["unsigned", "here", "elsewhere"])
@pytest.mark.parametrize("payload", [{"to": "a@example.com"}, {"text": "x" * 2_000}], ids=["inline", "apart"])
def test_what_was_lost_is_signed_anew(
    account: Account, stack: Stack, settings: Settings, time: Time, said: io.StringIO, signed_with: str,
    payload: dict[str, str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(signing, "masters", lambda _account, _stack: HERE)
    job = a_job(payload=payload)
    DynamoJobStore(replace(settings, signing_key=signed_with), time).add(job)
    name = made(account, stack)
    lose(account, [job])
    restoration(account, stack, time, said, at=T0, backup=name, run=True).go()
    keys = f"{short_name(job.type)}={type_keys(HERE, parameter_of(job.type))}"
    worker = DynamoJobStore(replace(settings, signing_key="", signing_keys=keys), time)
    back = worker.get(job.id)
    assert (back.payload, worker.signed(back)) == (payload, True)
