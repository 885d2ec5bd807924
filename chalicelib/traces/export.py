"""Post spans to a collector, from the changes of the stream.

The changes of a shard come one after the other, so whatever waits for a collector also holds up the ends, batches and
deliveries of the changes behind. Spans may therefore be lost, and nothing is ever delivered again for them: they are
posted within a few seconds of an invocation, and given up, counted and told after that.
"""

import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from urllib.parse import unquote

from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job
from chalicelib.jobs.step import Step
from chalicelib.telemetry.constants import SHORTEST_SECRET_LINE
from chalicelib.telemetry.redaction import hide
from chalicelib.traces import events
from chalicelib.traces.constants import (
    FIRST_PAUSE,
    HELD,
    MOST_IN_REQUEST,
    RESERVE,
    SECRET_READ_AGAIN,
    TRIED_EVERY,
    WHOLE,
)
from chalicelib.traces.otlp import body_of, rejected
from chalicelib.traces.rule import Span, Steps, spans_of
from chalicelib.webhooks.post import Answer, NotPosted

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same spans may be taken later. OTLP names 429, 502, 503, 504."""
NOT_KNOWN = frozenset({401, 403})
"""Statuses after which the headers are read again: their secret may have a new value."""
NAME = re.compile(r"[A-Za-z0-9-]+")
VALUE = re.compile(r"[ -~]+")
"""The name and the value of a header."""
Post = Callable[[bytes, Mapping[str, str]], Answer]
"""Post a body with headers to the collector. Raises an error if no answer came in time."""


@dataclass
class SpanExporter:
    """Exports the spans of a process. `service` is the name of the stack, `secret` returns the headers as text.

    `failed_at` is when the collector last failed (epoch seconds). It is kept for the next invocations of this process.
    """

    post: Post
    steps: Steps
    service: str
    secret: Callable[[], str] | None = None
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    failed_at: float = float("-inf")
    _headers: tuple[float, Mapping[str, str] | None] = field(default=(float("-inf"), None))

    def follow(self, changes: Sequence[JobChanged], given_back: Collection[str], within: float) -> None:
        """Export the spans of these changes, in about `within` seconds; the rest is given up.

        Those from the first of `given_back` on are delivered again, and exported then.
        """
        began = self.clock()
        done = takewhile(lambda change: change.sequence not in given_back, changes)
        # half of the time is for the requests: without it, spans of steps would be read and then given up
        reading = 0.0 if self._has_failed(began) or within < WHOLE else within / 2
        found = self._spans(done, began + reading)
        for start in range(0, len(found), MOST_IN_REQUEST):
            self._export(found[start : start + MOST_IN_REQUEST], began + within)

    def _spans(self, changes: Iterable[JobChanged], reading_until: float) -> list[Span]:
        """Return the spans of the changes that are not too old; those of steps only until a time (epoch seconds)."""
        unread: list[str] = []

        def steps(job: Job) -> Sequence[Step]:
            if self.clock() >= reading_until:
                unread.append(job.id)
                return ()
            try:
                return self.steps(job)
            except Exception as error:  # the attempt's own span must not wait for its steps
                events.steps_unread(job.id, error)
                return ()

        found: list[Span] = []
        late = 0
        for change in changes:
            if change.after is not None and self.clock() - change.after.updated_at > HELD:
                late += len(spans_of(change, lambda _: ()))
            else:
                found += spans_of(change, steps)
        if unread:
            events.steps_unread(unread[0], TimeoutError(), len(unread))
        if late:
            events.dropped(f"the changes are older than {HELD:g} s", late)
        return found

    def _export(self, spans: Sequence[Span], ends: float) -> None:
        """Post the spans, again after an error while there is time until `ends` (epoch seconds)."""
        now = self.clock()
        if self._has_failed(now):
            events.dropped("the collector has failed a moment ago", len(spans))
            return
        if now >= ends:
            events.dropped("there was no time left", len(spans))
            return
        failed_before, pause = now - self.failed_at < 2 * TRIED_EVERY, FIRST_PAUSE
        why, again = self._posted(spans)
        while again and not failed_before and self.clock() + pause < ends:
            events.refused(why or "", len(spans))
            self.sleep(pause)
            pause *= 2
            why, again = self._posted(spans)
        self.failed_at = self.clock() if again else float("-inf")
        if why is not None:
            events.dropped(why, len(spans))

    def _has_failed(self, now: float) -> bool:
        """Return whether the collector has failed a moment ago, so that it is not asked."""
        return now - self.failed_at < TRIED_EVERY

    def _posted(self, spans: Sequence[Span]) -> tuple[str | None, bool]:
        """Return why the spans were not taken (None: they were), and whether another try may help."""
        try:
            answer = self._answer(body_of(spans, self.service))
        except NotPosted as error:
            return str(error), True
        except Exception as error:  # whatever happens to spans, what follows from the changes is done
            return f"{type(error).__name__}: {error}", True
        if 200 <= answer.status < 300:
            if refused := rejected(answer.body):
                events.dropped("the collector has rejected them", refused)
            return None, False
        return f"HTTP {answer.status}", answer.status in AGAIN

    def _answer(self, body: bytes) -> Answer:
        json = {"Content-Type": "application/json"}
        headers = self._with_headers(SECRET_READ_AGAIN)
        answer = self.post(body, {**json, **headers})
        if answer.status in NOT_KNOWN and (changed := self._with_headers(TRIED_EVERY)) != headers:
            return self.post(body, {**json, **changed})
        return answer

    def _with_headers(self, read_again: float) -> Mapping[str, str]:
        """Return the headers that the collector demands, read again after this many seconds.

        The headers that are known stay if they cannot be read. Raises the error if none are known.
        """
        if self.secret is None:
            return {}
        at, known = self._headers
        if known is None or self.clock() - at > read_again:
            try:
                known = headers_of(self.secret())
            except Exception as error:
                if known is None:
                    raise
                events.headers_unread(error)
            self._headers = self.clock(), known
        return known


def export(
    exporter: Callable[[], SpanExporter], changes: Sequence[JobChanged], given_back: Collection[str], left: float
) -> None:
    """Export the spans of an invocation that has `left` seconds. Raises no error, because the rest of it is done.

    `exporter` makes what exports: a wrong address for spans must not stop what follows from a change either.
    """
    try:
        exporter().follow(changes, given_back, max(0.0, min(WHOLE, left - RESERVE)))
    except Exception as error:
        events.dropped(f"{type(error).__name__}: {error}", len(changes))


def headers_of(text: str) -> Mapping[str, str]:
    """Return the headers in the text of the secret, in the form of OTEL_EXPORTER_OTLP_HEADERS: `name=value,name=value`.

    A value may be percent-encoded. Values are masked in all log lines. Raises ValueError for another form, without any
    part of the text.
    """
    found: dict[str, str] = {}
    for pair in text.strip().split(","):
        name, equals, encoded = (part.strip() for part in pair.partition("="))
        value = unquote(encoded)
        if not equals or not NAME.fullmatch(name) or not VALUE.fullmatch(value):
            raise ValueError("The secret with the headers must be like name=value,name=value.")
        found[name] = value
        if len(value) >= SHORTEST_SECRET_LINE:  # a short one is no secret, and would mask parts of other facts
            hide("with the headers for spans", value)
    return found
