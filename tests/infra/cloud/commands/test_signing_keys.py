"""Check that a deployment creates the keys that sign jobs, keeps them, and changes them on request."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.cloud.account import Account
from infra.cloud.commands.rollback import rollback
from infra.cloud.errors import CloudError
from infra.cloud.stack import signing
from infra.cloud.terminal import Terminal
from tests.infra.cloud.commands.test_repeated_deployment import FIRST, Prod, values
from tests.infra.cloud.stack.test_monitoring import change_sets


class Signing(Prod):
    """A stage whose API has the key of the stack, as its function does."""

    def key(self) -> str:
        told = (self.stack.describe() or {}).get("Parameters", [])
        # the emulator hides no parameter's value
        shown = {entry["ParameterKey"]: entry["ParameterValue"] for entry in told}
        return str(shown.get("SigningKey", ""))


@pytest.fixture
def prod(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Signing:
    stage = Signing(account, tmp_path, signs=True)
    monkeypatch.setattr(signing, "masters", lambda _account, _stack: stage.key())
    return stage


def of_signing(asked: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in values(asked).items() if name in ("SigningKey", "UnsignedUntil")}


def test_a_key_is_made_kept_and_changed(prod: Signing) -> None:
    prod.deploy(1, **FIRST)
    first = prod.key()
    assert signing.KEYS.fullmatch(first)
    asked = change_sets(prod.account)
    prod.deploy(2)
    assert (of_signing(asked[-1]), prod.key()) == ({}, first)
    prod.deploy(3, SigningKey="new")
    new, before = prod.key().split(",")
    assert new != before == first
    prod.deploy(4)
    assert prod.key() == f"{new},{first}"
    assert first not in prod.said.getvalue()


def test_a_rollback_keeps_the_key(prod: Signing) -> None:
    prod.deploy(1, **FIRST)
    prod.deploy(2, SigningKey="new")
    key = prod.key()
    prod.deploy(3)
    rollback(prod.account, prod.stack, Terminal(), yes=True)
    assert (prod.version, prod.key()) == ("2", key)


def test_a_stage_that_did_not_sign_gets_a_key_and_a_day(prod: Signing) -> None:
    prod.signs = False
    prod.deploy(1, **FIRST)
    prod.signs = True
    asked = change_sets(prod.account)
    prod.deploy(2)
    made = of_signing(asked[-1])
    assert (made["SigningKey"], int(made["UnsignedUntil"]) > 0) == (prod.key(), True)


def test_a_wrong_key_stops_the_deployment_before_it_begins(prod: Signing) -> None:
    with pytest.raises(CloudError, match="SigningKey must be one key"):
        prod.deploy(1, **FIRST, SigningKey="short")
    assert prod.stack.describe() is None
