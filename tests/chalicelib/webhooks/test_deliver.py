"""Test the delivery of one message: signed, masked, with pauses for a receiver that fails, until it is disabled."""

import itertools
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import PermanentError, RetryLater, SecretUnavailable, StoreUnavailable
from chalicelib.jobs import trace
from chalicelib.telemetry import redaction
from chalicelib.webhooks import rule
from chalicelib.webhooks.constants import DISABLED_AFTER, FAILURES_IN_A_ROW, FIRST_PAUSE, LONGEST_ANSWER, WAITS
from chalicelib.webhooks.deliver import Deliverer, DeliveryFailed, WebhookDisabled, WebhookRemoved
from chalicelib.webhooks.memory import MemorySecrets, MemoryWebhooks
from chalicelib.webhooks.payload import Delivery
from chalicelib.webhooks.post import Answer, NotPosted, Poster
from chalicelib.webhooks.signature import Secret, new_secret
from chalicelib.webhooks.webhook import DELETED, Registered
from jobflow.webhooks import verify
from tests.chalicelib.webhooks.support import a_webhook
from tests.support import Clock, a_job, written

BODY = {"type": "job.completed", "data": {"job_id": "j", "tags": ["ä"]}}
WEBHOOK = a_webhook()
DELIVERY = Delivery(webhook=WEBHOOK.name, registration=WEBHOOK.registration, body=BODY)


@dataclass
class Receiver(Poster):
    """Answers from a list; the last answer is repeated."""

    answers: list[Answer | NotPosted] = field(default_factory=lambda: [Answer(200, b"thanks")])
    got: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.got.append((url, body, headers))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, NotPosted):
            raise answer
        return answer


JOB = a_job(id="6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0")


@dataclass
class Site:
    """A webhook with its receiver and its deliveries."""

    clock: Clock = field(default_factory=Clock)
    receiver: Receiver = field(default_factory=Receiver)
    webhooks: MemoryWebhooks = field(default_factory=MemoryWebhooks)
    secrets: MemorySecrets = field(default_factory=MemorySecrets)
    secret: str = field(default_factory=new_secret)

    def __post_init__(self) -> None:
        self.webhooks.add(WEBHOOK)
        self.secrets.put(WEBHOOK.registration, [Secret(self.secret)])
        self.deliverer = Deliverer(self.webhooks, self.secrets, self.receiver, self.clock, lambda low, _high: low)

    def deliver(self, delivery: Delivery = DELIVERY) -> Any:
        return self.deliverer.deliver(delivery, JOB)

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            with pytest.raises(DeliveryFailed):
                self.deliver()

    @property
    def found(self) -> Registered:
        found = self.webhooks.find(WEBHOOK.name)
        assert found is not None
        return found


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_message_is_signed_under_the_id_of_its_delivery(site: Site) -> None:
    delivered = site.deliver()
    url, body, headers = site.receiver.got[0]
    assert (delivered.status, delivered.answer, url) == (200, "thanks", WEBHOOK.url)
    assert json.loads(body) == BODY
    assert headers["webhook-id"] == JOB.id
    assert verify(body, headers, site.secret, now=site.clock.now) == BODY
    site.deliver(replace_message(DELIVERY, "first"))
    assert site.receiver.got[1][2]["webhook-id"] == "first"


def replace_message(delivery: Delivery, message: str) -> Delivery:
    return delivery.model_copy(update={"message": message})


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(500, b""), "HTTP 500"),
        (Answer(302, b"see other"), "HTTP 302: see other"),
        (Answer(400, b"bad\r\n\x00\x1b[31m" + b"\xff"), "HTTP 400: bad �\ufffd[31m\ufffd"),
        (Answer(503, b"x" * 9999), "HTTP 503: " + "x" * LONGEST_ANSWER),
        (NotPosted("No answer: TimeoutError."), "No answer: TimeoutError."),
    ],
)
def test_any_other_answer_is_a_failed_attempt_with_the_answer_shortened(
    site: Site, answer: Answer | NotPosted, told: str
) -> None:
    site.receiver.answers = [answer]
    with pytest.raises(DeliveryFailed) as failed:
        site.deliver()
    assert str(failed.value) == told
    assert site.found.state.failures == 1


def test_an_answer_that_repeats_the_secret_is_masked_and_no_log_line_has_it(site: Site) -> None:
    site.receiver.answers = [Answer(500, f"bad secret {site.secret}, {site.secret[6:]}".encode())]
    with written("INFO") as lines, pytest.raises(DeliveryFailed) as failed:
        site.deliver()
    redaction.forget()
    assert site.secret[6:] not in str(failed.value)
    assert "bad secret" not in json.dumps(lines)
    assert WEBHOOK.url not in json.dumps(lines)
    assert [line["webhook"] for line in lines if line["message"] == "webhook.attempted"] == [WEBHOOK.name]


def test_after_failures_one_delivery_at_a_time_tries_and_the_others_come_again_unsent(site: Site) -> None:
    site.receiver.answers = [Answer(500, b"")]
    site.fail(FAILURES_IN_A_ROW)
    for _ in range(5):
        with pytest.raises(RetryLater) as later:
            site.deliver()
        assert later.value.seconds == FIRST_PAUSE
    assert len(site.receiver.got) == FAILURES_IN_A_ROW
    site.clock.now += FIRST_PAUSE

    def meanwhile(*_args: Any) -> Answer:
        """While one tries, the others wait."""
        with pytest.raises(RetryLater):
            site.deliver()
        return Answer(200, b"")

    site.receiver.post, kept = meanwhile, site.receiver.post  # type: ignore[method-assign,assignment]
    assert site.deliver().status == 200
    site.receiver.post = kept  # type: ignore[method-assign]
    assert site.found.state.failures == 0
    site.receiver.answers = [Answer(200, b"")]
    assert site.deliver().status == 200


def test_an_old_delivery_that_is_turned_away_starts_again_within_two_hours_and_not_with_all_others(site: Site) -> None:
    site.receiver.answers = [Answer(500, b"")]
    site.fail(FAILURES_IN_A_ROW)
    old = replace(JOB, created_at=site.clock.now - 2 * 86_400)
    waits = set()
    for chance in (lambda low, _high: low, lambda _low, high: high):
        with pytest.raises(RetryLater) as later:
            replace(site.deliverer, chance=chance).deliver(DELIVERY, old)
        waits.add(later.value.seconds)
    assert max(waits) <= 2 * 3600
    assert len(waits) == 2


def test_two_that_find_a_pause_over_at_the_same_time_do_not_both_send(site: Site) -> None:
    site.receiver.answers = [Answer(500, b"")]
    site.fail(FAILURES_IN_A_ROW)
    site.clock.now += FIRST_PAUSE
    seen = site.found
    site.fail()
    site.webhooks.find = lambda _name: seen  # type: ignore[method-assign,assignment]
    with pytest.raises(RetryLater):
        site.deliver()


def test_a_receiver_that_is_gone_disables_the_webhook_at_once(site: Site) -> None:
    site.receiver.answers = [Answer(410, b"")]
    with written("INFO") as lines, pytest.raises(WebhookDisabled):
        site.deliver()
    with pytest.raises(WebhookDisabled):
        site.deliver()
    assert len(site.receiver.got) == 1
    assert [line["level"] for line in lines if line["message"] == "webhook.disabled"] == ["ERROR"]
    assert issubclass(WebhookDisabled, PermanentError)


def test_three_days_of_failures_disable_the_webhook_and_one_success_begins_anew(site: Site) -> None:
    site.receiver.answers = [Answer(500, b"")]
    site.fail()
    site.clock.now += DISABLED_AFTER - 1
    site.receiver.answers = [Answer(204, b""), Answer(500, b"answer of a stranger")]
    site.deliver()
    site.fail(FAILURES_IN_A_ROW)
    site.clock.now += DISABLED_AFTER
    with written("INFO") as lines, pytest.raises(WebhookDisabled, match="three days"):
        site.deliver()
    assert "answer of a stranger" not in json.dumps(lines)
    assert "answer of a stranger" in (site.found.state.why or "")
    assert site.found.state.disabled_at == site.clock.now


def test_a_delivery_for_a_deleted_or_newly_registered_webhook_is_never_sent(site: Site) -> None:
    site.webhooks.remove(site.found.webhook)
    with pytest.raises(WebhookRemoved):
        site.deliver()
    site.webhooks.add(replace(WEBHOOK, registration="other", url="https://other.example.com"))
    with pytest.raises(WebhookRemoved):
        site.deliver()
    assert not site.receiver.got


def test_what_aws_does_not_answer_is_not_charged_as_an_attempt(site: Site) -> None:
    def broken(*_args: Any) -> Any:
        raise ConnectionError

    site.secrets.recent = broken  # type: ignore[method-assign,assignment]
    with pytest.raises(SecretUnavailable):
        site.deliver()
    site.secrets.recent = lambda _registration, _at: ()  # type: ignore[method-assign,assignment]
    with pytest.raises(SecretUnavailable):
        site.deliver()
    site.webhooks.find = broken  # type: ignore[method-assign,assignment]
    with pytest.raises(StoreUnavailable):
        site.deliver()
    assert not site.receiver.got


def test_a_message_that_was_accepted_is_delivered_although_the_state_cannot_be_written(site: Site) -> None:
    site.receiver.answers = [Answer(500, b""), Answer(200, b"")]
    site.fail()

    def broken(*_args: Any) -> bool:
        raise ConnectionError

    site.webhooks.set_state = broken  # type: ignore[method-assign,assignment]
    assert site.deliver().status == 200


def test_the_failures_of_a_single_delivery_are_told_within_the_hour(site: Site) -> None:
    site.receiver.answers = [Answer(500, b"")]
    began = site.clock.now
    for wait in (0, *WAITS):
        site.clock.now += wait
        with written("INFO") as lines:
            site.fail()
        if told := [line["webhook"] for line in lines if line["message"] == "webhook.failing"]:
            break
    assert told == [WEBHOOK.name]
    assert site.clock.now - began < 3600


def at_the_same_time(site: Site, number: int, answer: Answer | NotPosted) -> None:
    """Post that many messages; each gets its answer only after all of them were posted."""
    begun = itertools.count(1)

    def post(*_args: Any) -> Answer:
        if next(begun) < number:
            with suppress(DeliveryFailed, WebhookDisabled):
                site.deliver()
        if isinstance(answer, NotPosted):
            raise answer
        return answer

    site.receiver.post, kept = post, site.receiver.post  # type: ignore[method-assign,assignment]
    with suppress(DeliveryFailed, WebhookDisabled):
        site.deliver()
    site.receiver.post = kept  # type: ignore[method-assign]


def test_messages_that_fail_at_the_same_time_begin_one_short_pause(site: Site) -> None:
    at_the_same_time(site, 10, NotPosted("No complete answer within 15 s."))
    with pytest.raises(RetryLater) as later:
        site.deliver()
    assert later.value.seconds == FIRST_PAUSE


def test_a_receiver_that_is_gone_disables_the_webhook_whatever_else_is_written_meanwhile(site: Site) -> None:
    at_the_same_time(site, 3, Answer(500, b""))
    site.clock.now += FIRST_PAUSE

    def meanwhile(*_args: Any) -> Answer:
        now = site.found
        site.webhooks.set_state(now.webhook, now.state, rule.failed(now.state, site.clock.now, "x"))
        return Answer(410, b"")

    site.receiver.post = meanwhile  # type: ignore[method-assign,assignment]
    with pytest.raises(WebhookDisabled):
        site.deliver()
    assert site.found.state.disabled_at == site.clock.now


@pytest.mark.parametrize("why", ["The receiver answered 410.", DELETED])
def test_an_accepted_message_does_not_enable_a_webhook_that_was_disabled_meanwhile(site: Site, why: str) -> None:
    site.receiver.answers = [Answer(500, b"")]
    site.fail()

    def meanwhile(*_args: Any) -> Answer:
        now = site.found
        disabled = replace(rule.failed(now.state, site.clock.now, why, gone=True), writer="other")
        assert site.webhooks.set_state(now.webhook, now.state, disabled)
        return Answer(200, b"")

    site.receiver.post = meanwhile  # type: ignore[method-assign,assignment]
    assert site.deliver().status == 200
    assert (site.found.state.disabled_at, site.found.state.why) == (site.clock.now, why)


def test_the_answer_of_an_earlier_url_says_nothing_about_the_new_one(site: Site) -> None:
    site.receiver.answers = [Answer(500, b"")]
    site.fail()

    def meanwhile(*_args: Any) -> Answer:
        now = site.found
        site.webhooks.set_state(now.webhook, now.state, rule.anew(now.state))
        site.webhooks.replace(now.webhook, replace(now.webhook, url="https://new.example.com", writer="other"))
        return Answer(410, b"")

    site.receiver.post = meanwhile  # type: ignore[method-assign,assignment]
    with pytest.raises(DeliveryFailed):
        site.deliver()
    assert (site.found.state.disabled_at, site.found.state.failures) == (None, 0)


def test_a_secret_at_the_end_of_an_answer_is_masked_before_it_is_cut(site: Site) -> None:
    site.receiver.answers = [Answer(500, (b"x" * (LONGEST_ANSWER - 20)) + site.secret.encode())]
    with pytest.raises(DeliveryFailed) as failed:
        site.deliver()
    redaction.forget()
    assert site.secret[:16] not in str(failed.value)


def test_the_message_that_the_package_for_node_verifies_is_what_is_sent(site: Site) -> None:
    """clients/typescript/test/webhooks.test.ts verifies this file with the package `standardwebhooks` of npm.

    If the message changes, write the file with what `site.receiver` got.
    """
    seen = json.loads((Path(__file__).parents[3] / "clients/typescript/test/message.json").read_text())
    new, old = seen["secrets"]
    site.clock.now = int(seen["headers"]["webhook-timestamp"]) + 0.5
    site.secrets.put(WEBHOOK.registration, [Secret(new), Secret(old, site.clock.now + 60)])
    message, body = seen["headers"]["webhook-id"], json.loads(seen["body"])
    site.deliver(DELIVERY.model_copy(update={"message": message, "body": body}))
    _, sent, headers = site.receiver.got[0]
    assert sent.decode() == seen["body"]
    assert {name: headers[name] for name in seen["headers"]} == seen["headers"]


def test_a_receiver_gets_the_trace_and_the_span_of_the_attempt(site: Site) -> None:
    job = replace(JOB, trace=trace.read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), claims=2)
    site.deliverer.deliver(DELIVERY, job)
    site.deliver()
    (_, body, traced), (_, same, plain) = site.receiver.got
    span = trace.attempt_span(job).hex()
    assert traced["traceparent"] == f"00-4bf92f3577b34da6a3ce929d0e0e4736-{span}-01"
    assert "traceparent" not in plain
    assert body == same
