"""Test the export of spans to a collector that works, refuses, hangs, dies or is slow: it holds up nothing for long."""

import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.step import Step
from chalicelib.telemetry import redaction
from chalicelib.traces import collector as posting
from chalicelib.traces.constants import HELD, MOST_IN_REQUEST, SECRET_READ_AGAIN, TRIED_EVERY, WHOLE, WITHIN
from chalicelib.traces.export import SpanExporter, export, headers_of
from chalicelib.webhooks.post import Answer, NotPosted
from tests.chalicelib.traces.collector import Collector, collecting, spans_in
from tests.support import Clock, a_job, written

CONTEXT = bytes.fromhex("4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b701")


@pytest.fixture(scope="module")
def running() -> Iterator[Collector]:
    with collecting() as started:
        yield started


@pytest.fixture
def collector(running: Collector) -> Iterator[Collector]:
    running.status, running.answer, running.hangs, running.dies = 200, b"{}", False, False
    running.got.clear()
    yield running
    running.released.set()
    running.released.clear()


def none(_: Job) -> Sequence[Step]:
    return ()


def exporter(url: str, clock: Clock, **more: Any) -> SpanExporter:
    return SpanExporter(
        posting.collector(url, local=True), none, "jobflow-test", clock=clock, sleep=clock.advance, **more
    )


def follow(sending: SpanExporter, changes: Sequence[JobChanged], given_back: Collection[str] = ()) -> None:
    sending.follow(changes, given_back, WHOLE)


def dropped(lines: list[dict[str, Any]]) -> list[int]:
    return [line["number"] for line in lines if line["message"] == "spans.dropped"]


def created(clock: Clock, number: int = 1) -> list[JobChanged]:
    """Return the changes of this many new jobs, created now."""
    jobs = [a_job(trace=CONTEXT, created_at=clock.now, updated_at=clock.now) for _ in range(number)]
    return [JobChanged(str(place), None, job) for place, job in enumerate(jobs)]


def test_spans_are_posted_and_nothing_comes_again(collector: Collector, clock: Clock) -> None:
    follow(exporter(collector.url, clock), created(clock, 3))
    ((body, headers),) = collector.got
    assert headers["content-type"] == "application/json"
    assert len(spans_in(body)) == 3


def test_changes_without_spans_make_no_request(collector: Collector, clock: Clock) -> None:
    follow(exporter(collector.url, clock), [JobChanged("1", None, a_job())])
    assert collector.got == []


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_the_collector_refuses_for_now_is_sent_again_soon_with_the_same_spans(clock: Clock, status: int) -> None:
    answers = [status, status, 200]
    bodies: list[bytes] = []

    def post(body: bytes, _: Mapping[str, str]) -> Answer:
        bodies.append(body)
        return Answer(answers.pop(0), b"")

    with written() as lines:
        follow(SpanExporter(post, none, "s", clock=clock, sleep=clock.advance), created(clock, 2))
    assert len(bodies) == 3
    assert len(set(bodies)) == 1
    assert [line["message"] for line in lines] == ["spans.refused", "spans.refused"]


def test_what_it_refuses_for_good_is_given_up_at_once_and_counted(collector: Collector, clock: Clock) -> None:
    collector.status = 400
    with written() as lines:
        follow(exporter(collector.url, clock), created(clock, 2))
    (line,) = lines
    assert (line["message"], line["number"], line["level"], line["why"]) == ("spans.dropped", 2, "ERROR", "HTTP 400")


def test_spans_that_it_rejects_within_a_good_answer_are_counted_and_not_sent_again(
    collector: Collector, clock: Clock
) -> None:
    collector.answer = b'{"partialSuccess": {"rejectedSpans": "2", "errorMessage": "too old"}}'
    with written() as lines:
        follow(exporter(collector.url, clock), created(clock, 3))
    assert [(line["message"], line["number"]) for line in lines] == [("spans.dropped", 2)]


@pytest.mark.parametrize("answer", [b"", b"not json", b"[]", b'{"partialSuccess": null}', b"[" * 60_000])
def test_a_good_answer_of_any_form_is_one(collector: Collector, clock: Clock, answer: bytes) -> None:
    collector.answer = answer
    with written() as lines:
        follow(exporter(collector.url, clock), created(clock))
    assert lines == []


@pytest.mark.parametrize("trouble", ["hangs", "dies", "refuses"])
def test_a_dead_collector_holds_up_one_invocation_for_some_seconds_and_the_next_ones_not_at_all(
    collector: Collector, clock: Clock, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "WITHIN", 0.2)
    url = collector.url
    if trouble == "refuses":
        with socket.create_server(("127.0.0.1", 0)) as free:
            url = f"http://127.0.0.1:{free.getsockname()[1]}/v1/traces"
    else:
        setattr(collector, trouble, True)
    sending, began = exporter(url, clock), clock.now
    with written() as lines:
        follow(sending, created(clock, 2))
        assert clock.now - began <= WHOLE
        began = clock.now
        follow(sending, created(clock, 5))
        assert clock.now == began, "later changes do not wait at all"
        clock.advance(TRIED_EVERY)
        began = clock.now
        follow(sending, created(clock))
        assert clock.now == began, "not even those with which it is tried again"
    assert dropped(lines) == [2, 5, 1]
    collector.hangs = collector.dies = False
    collector.released.set()
    sending.post = posting.collector(collector.url, local=True)
    clock.advance(TRIED_EVERY)
    collector.got.clear()
    follow(sending, created(clock))
    assert len(collector.spans) == 1, "it works again"
    follow(sending, created(clock))
    assert len(collector.spans) == 2


def test_a_collector_that_fails_for_longer_is_asked_only_now_and_then(collector: Collector, clock: Clock) -> None:
    collector.status = 503
    sending = exporter(collector.url, clock)
    follow(sending, created(clock))
    collector.got.clear()
    clock.advance(TRIED_EVERY)
    for _ in range(5):
        follow(sending, created(clock))
        clock.advance(TRIED_EVERY / 10)
    assert len(collector.got) == 1


def test_an_error_long_after_another_one_is_tried_again_as_the_first_one_was(clock: Clock) -> None:
    answers = [503] * 20
    sending = SpanExporter(lambda *_: Answer(answers.pop(0), b""), none, "s", clock=clock, sleep=clock.advance)
    follow(sending, created(clock))
    clock.advance(3600)
    answers[:] = [503, 200]
    with written() as lines:
        follow(sending, created(clock))
    assert dropped(lines) == []


def test_spans_of_old_changes_are_given_up_before_anything_is_read_or_posted(
    collector: Collector, clock: Clock
) -> None:
    sending = exporter(collector.url, clock)
    sending.steps = refusing
    changes = [*created(clock, 2), attempt(clock)]
    clock.advance(HELD + 1)
    fresh = created(clock)
    with written() as lines:
        follow(sending, [*changes, *fresh])
    assert dropped(lines) == [3]
    assert [line["message"] for line in lines] == ["spans.dropped"], "no steps were read"
    assert len(collector.spans) == 1


def test_a_collector_that_is_slow_and_takes_everything_holds_changes_up_for_a_minute_at_most(clock: Clock) -> None:
    def post(*_: object) -> Answer:
        clock.advance(WITHIN - 0.5)
        return Answer(200, b"{}")

    sending, began, rate, done = SpanExporter(post, none, "s", clock=clock, sleep=clock.advance), clock.now, 100, 0
    with written():
        while clock.now - began < 3600:
            made = began + done / rate
            clock.now = max(clock.now, made)
            job = a_job(trace=CONTEXT, created_at=made, updated_at=made)
            follow(sending, [JobChanged(str(n), None, job) for n in range(100)])
            done += 100
    assert clock.now - (began + done / rate) <= HELD + WHOLE


def answering(clock: Clock, seconds: float) -> Callable[..., Answer]:
    def post(*_: object) -> Answer:
        clock.advance(seconds)
        return Answer(200, b"{}")

    return post


def hanging(clock: Clock, seconds: float) -> Callable[..., Answer]:
    def post(*_: object) -> Answer:
        clock.advance(seconds)
        raise NotPosted

    return post


@pytest.mark.parametrize("posts", [answering, hanging])
@pytest.mark.parametrize("reading", [0.0, 2.0])
def test_an_invocation_ends_in_time_whatever_it_has_to_export(
    clock: Clock, posts: Callable[[Clock, float], Callable[..., Answer]], reading: float
) -> None:
    def read(_: Job) -> Sequence[Step]:
        clock.advance(reading)
        return [Step(f"step:s{n}", clock.now - 50, None, took=0.1) for n in range(300)]

    changes = [attempt(clock) for _ in range(100)]
    began = clock.now
    sending = SpanExporter(posts(clock, WITHIN - 0.1), read, "s", clock=clock, sleep=clock.advance)
    with written() as lines:
        follow(sending, changes)
    assert clock.now - began <= WHOLE + WITHIN
    assert len([line for line in lines if line["message"] == "spans.steps_unread"]) <= 1


def test_an_invocation_that_has_no_time_left_posts_nothing_and_tells_it(collector: Collector, clock: Clock) -> None:
    with written() as lines:
        export(lambda: exporter(collector.url, clock), created(clock, 3), (), 5.0)
    assert collector.got == []
    assert dropped(lines) == [3]


@pytest.mark.parametrize(
    "url",
    [
        "https://collector:abc/v1/traces", "https://collector:99999/v1", "https://me:password@collector/v1",
        "http://collector.example.com/v1/traces", "http://127.0.0.1:99999/", "https:///v1", "https://[::1/v1",
    ],
)  # fmt: skip
def test_a_wrong_address_stops_nothing_and_is_told(clock: Clock, url: str) -> None:
    with written() as lines:
        export(lambda: exporter(url, clock), created(clock, 3), (), 60.0)
    assert dropped(lines) == [3]


def test_a_collector_on_the_loopback_address_is_only_for_a_laptop() -> None:
    with pytest.raises(ConfigurationError):
        posting.collector("http://127.0.0.1:4318/v1/traces")


def test_what_comes_again_anyway_is_exported_then(collector: Collector, clock: Clock) -> None:
    follow(exporter(collector.url, clock), created(clock, 5), {"2", "4"})
    assert len(collector.spans) == 2


def test_many_spans_go_in_several_requests(clock: Clock) -> None:
    sizes: list[int] = []

    def post(body: bytes, _: Mapping[str, str]) -> Answer:
        sizes.append(len(spans_in(body)))
        return Answer(200, b"")

    follow(SpanExporter(post, none, "s", clock=clock), created(clock, MOST_IN_REQUEST + 7))
    assert sizes == [MOST_IN_REQUEST, 7]


def refusing(_: Job) -> Sequence[Step]:
    raise OSError


def attempt(clock: Clock) -> JobChanged:
    """Return the end, now, of an attempt that began 100 s ago and has kept steps."""
    began = clock.now - 100
    held = a_job(trace=CONTEXT, attempts=1, status=Status.PROCESSING, started_at=began, updated_at=began)
    done = replace(held, status=Status.COMPLETED, kept=300, finished_at=clock.now, updated_at=clock.now)
    return JobChanged("1", held, done)


def test_steps_that_cannot_be_read_hold_up_no_attempt(collector: Collector, clock: Clock) -> None:
    sending = exporter(collector.url, clock)
    sending.steps = refusing
    with written() as lines:
        follow(sending, [attempt(clock)])
    assert len(collector.spans) == 1
    assert [line["message"] for line in lines] == ["spans.steps_unread"]


def test_headers_come_from_a_secret_that_is_read_again_and_never_logged(collector: Collector, clock: Clock) -> None:
    secrets = iter(["authorization=Bearer first-key,x-team = ops", "authorization=Bearer second-key"])
    read: list[str] = []

    def secret() -> str:
        read.append(next(secrets))
        return read[-1]

    sending = exporter(collector.url, clock, secret=secret)
    follow(sending, created(clock))
    follow(sending, created(clock))
    clock.advance(SECRET_READ_AGAIN + 1)
    follow(sending, created(clock))
    sent = [(headers["authorization"], headers.get("x-team")) for _, headers in collector.got]
    assert sent == [("Bearer first-key", "ops"), ("Bearer first-key", "ops"), ("Bearer second-key", None)]
    assert "first-key" not in redaction.without_secrets("it was Bearer first-key")
    redaction.forget()


@pytest.mark.parametrize("text", ["", "no pair", "a=b\r\nc: d", "=x", '{"a": "b"}'])
def test_a_secret_of_another_form_is_told_without_its_text(collector: Collector, clock: Clock, text: str) -> None:
    with pytest.raises(ValueError, match="must be like name=value") as raised:
        headers_of(text)
    assert not text or text not in str(raised.value)
    sending = exporter(collector.url, clock, secret=lambda: text)
    with written() as lines:
        follow(sending, created(clock))
    assert collector.got == []
    assert dropped(lines) == [1]


def test_known_headers_stay_in_use_while_the_secret_cannot_be_read(collector: Collector, clock: Clock) -> None:
    reads: list[str] = []

    def secret() -> str:
        reads.append("")
        if len(reads) > 1:
            raise OSError
        return "authorization=first"

    sending = exporter(collector.url, clock, secret=secret)
    follow(sending, created(clock))
    clock.advance(SECRET_READ_AGAIN + 1)
    with written() as lines:
        follow(sending, created(clock))
        follow(sending, created(clock))
    assert [headers["authorization"] for _, headers in collector.got] == ["first"] * 3
    assert len(reads) == 2, "it is not asked at each invocation"
    assert [line["message"] for line in lines] == ["spans.headers_unread"]
    redaction.forget()


def test_a_secret_with_a_new_value_is_used_at_once_if_the_collector_refuses_the_one_before(clock: Clock) -> None:
    right = "old"
    asked: list[str] = []

    def post(_: bytes, headers: Mapping[str, str]) -> Answer:
        asked.append(headers["key"])
        return Answer(200 if headers["key"] == right else 401, b"")

    sending = SpanExporter(post, none, "s", lambda: f"key={right}", clock, clock.advance)
    follow(sending, created(clock))
    right = "new"
    clock.advance(TRIED_EVERY + 1)
    with written() as lines:
        follow(sending, created(clock))
    assert asked == ["old", "old", "new"]
    assert dropped(lines) == []
    redaction.forget()
