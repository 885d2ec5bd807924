"""Test the audit log over a table that hangs: a write is given up once, and the change has its answer."""

import socket
import threading
from collections.abc import Iterator

import pytest
from pynamodb.exceptions import UpdateError

from chalicelib.adapters.constants import REQUEST_TRIES
from chalicelib.audit.dynamo import DynamoAudit
from chalicelib.audit.memory import MemoryAudit
from chalicelib.audit.recording import Change, recorded
from chalicelib.audit.rule import End, Entry, Refused, entry_id, named
from chalicelib.errors import NotAudited
from tests.support import SETTINGS, T0

CHANGE = Change("view.save", "view", "", "0123456789abcdef")


class Hanging:
    """A server that accepts requests and never answers; with `hangs_up`, it ends each connection at once."""

    def __init__(self, *, hangs_up: bool = False) -> None:
        self._hangs_up = hangs_up
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._kept: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def requests(self) -> int:
        """Return how many requests came."""
        return len(self._kept)

    def _accept(self) -> None:
        while True:
            try:
                self._kept.append(self._socket.accept()[0])
            except OSError:
                return
            if self._hangs_up:
                self._kept[-1].close()

    def close(self) -> None:
        """Stop it."""
        for one in (self._socket, *self._kept):
            one.close()


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    server = Hanging()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    yield server
    server.close()


def test_a_table_that_hangs_gets_one_try_and_nothing_is_changed(hanging: Hanging) -> None:
    changed = []
    with pytest.raises(NotAudited), recorded(DynamoAudit(SETTINGS, briefly=True), lambda: T0, CHANGE):
        changed.append(1)
    assert not changed
    assert hanging.requests == 1


def test_a_count_of_refusals_that_hangs_gets_one_try(hanging: Hanging) -> None:
    with pytest.raises(UpdateError):
        DynamoAudit(SETTINGS, briefly=True).add_refusals(Refused(int(T0), "203.0.113.9", "Forbidden", 1))
    assert hanging.requests == 1


def test_an_entry_of_one_of_many_listed_jobs_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Hanging(hangs_up=True)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    entry = Entry(entry_id(T0, "0"), T0, "job.cancel", "job", "", "0123456789abcdef")
    [one] = named(entry, [("job", "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0")])
    with pytest.raises(UpdateError):
        DynamoAudit(SETTINGS, briefly=True).begin(one)
    assert server.requests >= REQUEST_TRIES
    server.close()


class HangsAtTheEnd(MemoryAudit):
    """A log whose table begins to hang after the entry was stored."""

    def __init__(self) -> None:
        super().__init__()
        self._table = DynamoAudit(SETTINGS, briefly=True)

    def end(self, entry: Entry, end: End) -> None:
        self._table.end(entry, end)


def test_a_change_has_its_answer_although_the_end_hangs(hanging: Hanging) -> None:
    changed = []
    with recorded(HangsAtTheEnd(), lambda: T0, CHANGE):
        changed.append(1)
    assert changed
    assert hanging.requests == 1
