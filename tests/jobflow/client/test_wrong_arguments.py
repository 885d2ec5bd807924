"""Test that each wrong argument is refused before anything is sent, by an error that names the argument or its form."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from jobflow import JobFlow, NewJob
from jobflow.errors import ConfigurationError
from tests.jobflow.support import Wire

NOTE, PAYLOAD = "test.note", {"to": ["a@example.com"]}
AN_ID = "7d1c1b8e-9f5e-4a06-8f3c-3a7a4c6f0f10"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda jobs: JobFlow("http://localhost", "t", personal=cast("Any", "hidden")), "personal is"),
        (lambda jobs: jobs.get(None), "is not a job"),
        (lambda jobs: jobs.get({"id": AN_ID}), "is not a job"),
        (lambda jobs: jobs.cancel_many([5]), "5 is not a job"),
        (lambda jobs: jobs.cancel_many(AN_ID), "ids is a list"),
        (lambda jobs: jobs.retry_many(AN_ID, dry_run=True), "ids is a list"),
        (lambda jobs: jobs.start_bulk("cancel", AN_ID), "ids is a list"),
        (lambda jobs: jobs.start_bulk("cancel", 5), "ids is a list"),
        (lambda jobs: jobs.bulk_action(None), "id is a text"),
        (lambda jobs: jobs.schedule(None), "id is a text"),
        (lambda jobs: jobs.event(AN_ID, 5), "name of the event"),
        (lambda jobs: jobs.event(AN_ID, ""), "name of the event"),
        (lambda jobs: jobs.acknowledge(""), "fingerprint"),
        (lambda jobs: jobs.submit(NOTE, None), "payload"),
        (lambda jobs: jobs.submit(NOTE, "text"), "payload"),
        (lambda jobs: jobs.retry(AN_ID, payload="text"), "payload"),
        (lambda jobs: jobs.submit(NOTE, PAYLOAD, key=5), "5 is not a valid idempotency key"),
        (lambda jobs: jobs.submit(NOTE, PAYLOAD, delay="5"), "delay is a number"),
        (lambda jobs: jobs.submit(NOTE, PAYLOAD, delay=True), "delay is a number"),
        (lambda jobs: jobs.submit(NOTE, PAYLOAD, delay=float("nan")), "delay is a number"),
        (lambda jobs: jobs.submit(NOTE, PAYLOAD, expires="5m"), "expires is a number"),
        (lambda jobs: jobs.submit(NOTE, PAYLOAD, debounce=("k", "5")), "debounce is a number"),
        (lambda jobs: jobs.submit(NOTE, PAYLOAD, debounce={"key": "k", "seconds": 5}), "debounce is a key and seconds"),
        (lambda jobs: jobs.batch([{"type": NOTE, "payload": PAYLOAD}]), "NewJob"),
        (lambda jobs: jobs.batch(NewJob(NOTE, PAYLOAD)), "a list"),
        (lambda jobs: jobs.batch(None), "a list"),
    ],
)
def test_a_wrong_argument_is_named_and_nothing_is_sent(
    client: JobFlow, wire: Wire, wrong: Callable[[Any], object], named: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=named):
        wrong(client)
    assert not wire.asked


@pytest.mark.parametrize("given", [("", "jf_a"), ("https://jobs.example.com", "")])
def test_an_address_or_a_token_that_is_empty_is_not_replaced_by_another(
    given: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBFLOW_URL", "https://other.example.com")
    monkeypatch.setenv("JOBFLOW_TOKEN", "jf_other")
    with pytest.raises(ConfigurationError, match="is empty"), JobFlow(*given) as jobs:
        jobs.me()
