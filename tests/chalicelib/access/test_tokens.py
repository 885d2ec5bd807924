"""Test tokens over both stores."""

import re
from dataclasses import fields

import pytest

from chalicelib.access.tokens import MemoryTokenStore, Role, Token, Tokens, TokenStore, hash_of
from chalicelib.adapters.dynamo.control.tokens import DynamoTokenStore
from chalicelib.errors import InvalidRequest, TokenNotFound, Unauthorized
from tests.support import T0, Clock


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> TokenStore:
    """Both adapters; DynamoDB's over the emulator."""
    return MemoryTokenStore() if request.param == "memory" else DynamoTokenStore(request.getfixturevalue("cloud"))


class Counting(MemoryTokenStore):
    """A store that counts its reads."""

    asked = 0

    def find(self, token_hash: str) -> Token | None:
        self.asked += 1
        return super().find(token_hash)


def test_a_token_has_256_bits_and_only_its_hash_is_kept(store: TokenStore) -> None:
    text, token = Tokens(store, Clock()).issue(Role.OPERATOR, "the shop", ttl=3600, rate=600)

    assert re.fullmatch(r"jf_[A-Za-z0-9_-]{43}", text)
    assert token == Token(hash_of(text), Role.OPERATOR, "the shop", T0, T0 + 3600, rate=600)
    assert text not in repr([getattr(token, field.name) for field in fields(token)])
    assert Tokens(store, Clock()).verify(text) == store.find(hash_of(text)) == token
    assert store.find(hash_of(text + "x")) is None


def test_they_are_listed_oldest_first(store: TokenStore) -> None:
    clock = Clock()
    tokens = Tokens(store, clock)
    issued = []
    for label in ("first", "second", "third"):
        issued.append(tokens.issue(Role.VIEWER, label)[1])
        clock.now += 1
    assert list(tokens.list()) == issued


def test_an_expired_token_is_refused_to_the_second(store: TokenStore) -> None:
    clock = Clock()
    tokens = Tokens(store, clock)
    text, _ = tokens.issue(Role.ADMIN, "x", ttl=60)
    clock.now = T0 + 59.999
    tokens.verify(text)
    clock.now = T0 + 60
    with pytest.raises(Unauthorized):
        tokens.verify(text)


def test_a_revoked_token_is_refused_at_once_here_and_within_ten_seconds_elsewhere(store: TokenStore) -> None:
    clock = Clock()
    here, elsewhere = Tokens(store, clock), Tokens(store, clock)
    text, token = here.issue(Role.ADMIN, "x")
    elsewhere.verify(text)

    revoked = here.revoke(token.id)

    assert revoked.revoked_at == T0
    with pytest.raises(Unauthorized):
        here.verify(text)
    elsewhere.verify(text)
    clock.now += 10
    with pytest.raises(Unauthorized):
        elsewhere.verify(text)
    assert [listed.revoked_at for listed in here.list()] == [T0]


def test_revoking_twice_keeps_the_first_time_and_what_is_not_there_is_told(store: TokenStore) -> None:
    clock = Clock()
    tokens = Tokens(store, clock)
    _, token = tokens.issue(Role.ADMIN, "x")
    tokens.revoke(token.id)
    clock.now += 5
    assert tokens.revoke(token.id).revoked_at == T0
    for unknown in ("", "0" * 16):
        with pytest.raises(TokenNotFound):
            tokens.revoke(unknown)


def test_every_refusal_has_the_same_words() -> None:
    clock = Clock()
    tokens = Tokens(MemoryTokenStore(), clock)
    short, _ = tokens.issue(Role.ADMIN, "x", ttl=1)
    gone, token = tokens.issue(Role.ADMIN, "x")
    tokens.revoke(token.id)
    clock.now += 1
    words = set()
    for text in (short, gone, "jf_" + "x" * 43, "jf_", "", "nonsense", gone + "\n", "jf_" + "é" * 43):
        with pytest.raises(Unauthorized) as refused:
            tokens.verify(text)
        words.add(str(refused.value))
    assert len(words) == 1


def test_what_cannot_be_a_token_is_not_looked_up() -> None:
    store = Counting()
    for text in ("", "jf_short", "x" * 46, "jf_" + "x" * 44):
        with pytest.raises(Unauthorized):
            Tokens(store, Clock()).verify(text)
    assert store.asked == 0


def test_a_verified_token_is_remembered_for_ten_seconds_and_a_wrong_one_is_not() -> None:
    store, clock = Counting(), Clock()
    tokens = Tokens(store, clock)
    text, _ = tokens.issue(Role.ADMIN, "x")
    for _ in range(5):
        tokens.verify(text)
    assert store.asked == 1
    clock.now += 10
    tokens.verify(text)
    assert store.asked == 2
    for _ in range(3):
        with pytest.raises(Unauthorized):
            tokens.verify("jf_" + "y" * 43)
    assert store.asked == 5


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.access.tokens.MOST_TOKENS_REMEMBERED", 3)
    tokens = Tokens(MemoryTokenStore(), Clock())
    for _ in range(8):
        tokens.verify(tokens.issue(Role.VIEWER, "x")[0])
    assert len(tokens._verified) <= 3


def test_a_store_that_answers_with_another_token_is_not_believed() -> None:
    class Wrong(MemoryTokenStore):
        def find(self, token_hash: str) -> Token | None:
            return Token(hash_of("another"), Role.ADMIN, "x", T0)

    with pytest.raises(Unauthorized):
        Tokens(Wrong(), Clock()).verify("jf_" + "z" * 43)


@pytest.mark.parametrize(("label", "ttl"), [("   ", 60), ("x" * 81, 60), ("a\nb", 60), ("\x1b[0m", 60), ("x", 0)])
def test_a_label_is_for_people_and_a_time_to_live_positive(label: str, ttl: float) -> None:
    with pytest.raises(InvalidRequest):
        Tokens(MemoryTokenStore(), Clock()).issue(Role.VIEWER, label, ttl)
