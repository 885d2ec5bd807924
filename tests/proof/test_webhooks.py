"""Register, change, rotate, enable and delete webhooks in a process that dies before or after each of its requests."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, cast

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.errors import WebhookConflict, WebhookNotFound
from chalicelib.job_types.jobtype import registered
from chalicelib.producing.service import JobService
from chalicelib.webhooks import rule
from chalicelib.webhooks.constants import ROTATION_TAKES
from chalicelib.webhooks.editing import Settings, WebhookService
from chalicelib.webhooks.memory import MemorySecrets, MemoryWebhooks
from chalicelib.webhooks.port import Webhooks, WebhookSecrets
from tests.chalicelib.webhooks.support import DELIVERING
from tests.proof.grounds.faults import Crash, Faults, Faulty
from tests.support import Clock

URL, OTHER = "https://hooks.example.com/", "https://other.example.com/"


@pytest.fixture(autouse=True)
def with_webhooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registered, DELIVERING.name, DELIVERING)


class Site:
    """A stage with one webhook, whose receiver works, fails or is gone."""

    def __init__(self, *, failures: int = 0, gone: bool = False) -> None:
        self.clock, self.faults = Clock(), Faults()
        self.webhooks, self.secrets = MemoryWebhooks(), MemorySecrets()
        jobs = JobService(MemoryJobStore(self.clock), MemoryJobQueue(self.clock), clock=self.clock)
        secrets = cast("WebhookSecrets", Faulty(self.secrets, self.faults, "Secrets Manager"))
        webhooks = cast("Webhooks", Faulty(self.webhooks, self.faults, "DynamoDB"))
        self.service = WebhookService(webhooks, lambda: secrets, jobs)
        with self.faults.asleep():
            made, self.secret = self.service.create("billing", Settings(URL), "ada")
        for _ in range(failures):
            found = self.service.get("billing")
            self.webhooks.set_state(made.webhook, found.state, rule.failed(found.state, self.clock.now, "x", gone=gone))
        self.faults.calls = 0

    def signs(self, name: str = "billing") -> list[str]:
        found = self.webhooks.find(name)
        return [] if found is None else [one.text for one in self.secrets.get(found.webhook.registration)]


def dying(act: Callable[[Site], object], **receiver: Any) -> Iterator[Site]:
    """Yield a stage for each request of an act: the process that acted has died before or after it."""
    whole = Site(**receiver)
    act(whole)
    for call in range(1, whole.faults.calls + 1):
        for after in (False, True):
            site = Site(**receiver)
            site.faults.crash_at, site.faults.after = call, after
            with pytest.raises(Crash):
                act(site)
            site.faults.calm()
            yield site


def test_a_registration_that_died_is_repeated_or_has_a_secret_after_a_rotation() -> None:
    for site in dying(lambda site: site.service.create("new", Settings(URL), "ada")):
        secret = ""
        with suppress(WebhookConflict):
            _, secret = site.service.create("new", Settings(URL), "ada")
        secret = secret or site.service.rotate("new")[1]
        assert site.signs("new")[0] == secret


def test_a_rotation_that_died_keeps_the_earlier_secret_and_is_repeated_after_a_minute() -> None:
    for site in dying(lambda site: site.service.rotate("billing")):
        assert site.secret in site.signs()
        site.clock.now += ROTATION_TAKES
        _, secret = site.service.rotate("billing")
        assert site.signs()[0] == secret
        assert site.secret in site.signs()


def test_a_deletion_that_died_is_repeated_and_leaves_no_secret() -> None:
    for site in dying(lambda site: site.service.delete("billing")):
        found = site.webhooks.find("billing")
        registration = "gone" if found is None else found.webhook.registration
        with suppress(WebhookNotFound):
            site.service.delete("billing")
        assert site.webhooks.find("billing") is None
        assert not site.secrets.get(registration)
        assert not site.secrets._kept


def test_a_webhook_whose_deletion_died_is_kept_after_a_rotation_and_enabling() -> None:
    for site in dying(lambda site: site.service.delete("billing")):
        with suppress(WebhookNotFound):
            _, secret = site.service.rotate("billing")
            assert site.service.enable("billing").state.disabled_at is None
            assert site.service.get("billing").state.disabled_at is None
            assert site.signs()[0] == secret


def test_a_webhook_whose_deletion_died_is_enabled_only_with_a_secret() -> None:
    for site in dying(lambda site: site.service.delete("billing")):
        with suppress(WebhookNotFound, WebhookConflict):
            site.service.enable("billing")
            assert site.signs()


@pytest.mark.parametrize("failures", [0, 5])
def test_a_change_that_died_is_repeated_and_a_new_url_begins_without_failures(failures: int) -> None:
    for site in dying(lambda site: site.service.change("billing", Settings(OTHER)), failures=failures):
        site.service.change("billing", Settings(OTHER))
        found = site.service.get("billing")
        assert (found.webhook.url, found.state.failures) == (OTHER, 0)
        assert site.signs() == [site.secret]


def test_a_webhook_whose_enabling_died_is_enabled_by_a_repetition() -> None:
    for site in dying(lambda site: site.service.enable("billing"), failures=1, gone=True):
        site.service.enable("billing")
        found = site.service.get("billing")
        assert (found.state.disabled_at, found.state.failures) == (None, 0)
