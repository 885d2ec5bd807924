"""Test every store of webhooks: conditional writes, and the states of receivers. And the secrets in Secrets Manager."""

from dataclasses import replace

from chalicelib.adapters.dynamo.tables.schema import WEBHOOK_STATES
from chalicelib.settings import Settings
from chalicelib.webhooks.dynamo import DynamoWebhooks
from chalicelib.webhooks.memory import MemoryWebhooks
from chalicelib.webhooks.port import Webhooks
from chalicelib.webhooks.secret_store import AwsWebhookSecrets
from chalicelib.webhooks.signature import Secret
from chalicelib.webhooks.webhook import DELETED, Registered, State
from tests.chalicelib.webhooks.support import a_webhook
from tests.contract.conftest import either
from tests.support import T0

webhooks = either(MemoryWebhooks, DynamoWebhooks)
FULL = a_webhook(types=("a.b", "*"), tags=("x:y",), statuses=("failed",), created_by="ä", rotating_since=T0)
FAILING = State(3, T0, T0 + 30, None, None, 1, "w1")


def test_what_is_kept_comes_back_by_name(webhooks: Webhooks) -> None:
    assert list(webhooks.all()) == []
    assert webhooks.find("billing") is None
    assert webhooks.add(FULL)
    assert webhooks.add(first := a_webhook("audit"))
    assert list(webhooks.all()) == [Registered(first), Registered(FULL)]
    assert webhooks.find("billing") == Registered(FULL)


def test_a_name_is_taken_once_and_the_same_write_twice_is_no_error(webhooks: Webhooks) -> None:
    assert webhooks.add(FULL)
    assert webhooks.add(FULL), "the reply to the first time was lost"
    assert not webhooks.add(a_webhook())


def test_a_write_is_refused_over_a_change_that_was_not_seen(webhooks: Webhooks) -> None:
    webhooks.add(FULL)
    changed = replace(FULL, url="https://other.example.com", writer="w2")
    assert webhooks.replace(FULL, changed)
    assert webhooks.replace(FULL, changed), "the reply to the first time was lost"
    assert not webhooks.replace(FULL, replace(FULL, writer="w3"))
    assert not webhooks.remove(FULL)
    assert webhooks.find("billing") == Registered(changed)
    assert webhooks.remove(changed)
    assert webhooks.remove(changed)
    assert not webhooks.replace(changed, replace(changed, writer="w4"))
    assert list(webhooks.all()) == []


def test_a_state_is_written_only_over_the_state_that_was_seen_and_goes_with_its_webhook(webhooks: Webhooks) -> None:
    webhooks.add(FULL)
    assert webhooks.set_state(FULL, State(), FAILING)
    assert webhooks.set_state(FULL, State(), FAILING), "the reply to the first time was lost"
    assert not webhooks.set_state(FULL, State(), replace(FAILING, failures=9, writer="w9"))
    assert webhooks.find("billing") == Registered(FULL, FAILING)
    disabled = State(4, T0, T0 + 60, T0 + 9, "gone", 2, "w2")
    assert webhooks.set_state(FULL, FAILING, disabled)
    assert list(webhooks.all()) == [Registered(FULL, disabled)]
    closed = replace(disabled, why=DELETED, number=3, writer="w3")
    assert webhooks.set_state(FULL, disabled, closed)
    assert webhooks.remove(FULL)
    for seen in (State(), disabled):
        late = replace(disabled, number=seen.number + 1, writer="late")
        assert not webhooks.set_state(FULL, seen, late), "a delivery that was under way leaves no row for ever"
    webhooks.add(again := a_webhook(registration="other"))
    assert webhooks.find("billing") == Registered(again)


def test_the_state_of_a_disabled_webhook_ends_by_itself_only_after_the_webhook_is_gone(cloud: Settings) -> None:
    """Otherwise the webhook would be enabled without a person, and its receiver would get messages again."""
    webhooks = DynamoWebhooks(cloud)

    def ends_at() -> float | None:
        (row,) = webhooks._states.query(WEBHOOK_STATES, consistent_read=True)
        return row.expires_at

    webhooks.add(FULL)
    assert webhooks.set_state(FULL, State(), FAILING)
    assert ends_at() is not None
    disabled = replace(FAILING, disabled_at=T0, why="gone", number=2, writer="w2")
    closed = replace(disabled, why=DELETED, number=3, writer="w3")
    for seen, after in ((FAILING, disabled), (disabled, closed)):
        assert webhooks.set_state(FULL, seen, after)
        assert ends_at() is None
    changed = replace(FULL, writer="w2")
    assert webhooks.replace(FULL, changed)
    assert not webhooks.remove(FULL)
    assert ends_at() is None, "the webhook is still there"
    assert webhooks.remove(changed)
    assert ends_at() is not None
    assert webhooks.remove(changed), "the reply to the first time was lost"
    assert webhooks.find(FULL.name) is None


def test_a_secret_is_stored_changed_and_deleted(cloud: Settings) -> None:
    secrets = AwsWebhookSecrets(cloud)
    kept = [Secret("whsec_new"), Secret("whsec_old", T0)]
    assert list(secrets.get("r1")) == []
    secrets.delete("r1")
    for one in (kept[1:], kept):
        secrets.put("r1", one)
        assert list(secrets.get("r1")) == list(secrets.recent("r1", T0)) == one
    other = AwsWebhookSecrets(cloud)
    assert list(other.recent("r1", T0)) == kept
    secrets.put("r1", kept[:1])
    assert list(other.recent("r1", T0)) == kept, "it was read less than five minutes ago"
    assert list(other.recent("r1", T0 + 1)) == kept[:1], "it was rotated meanwhile"
    secrets.delete("r1")
    assert list(secrets.get("r1")) == []
