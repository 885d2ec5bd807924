"""Test tokens over both stores."""

import re
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from threading import Thread
from typing import Any

import pytest

from chalicelib.access.last_use import LastUses
from chalicelib.access.scope import WHOLE, Scope, scope_of
from chalicelib.access.tokens import MemoryTokenStore, Role, Token, Tokens, TokenStore, hash_of
from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.control.tokens import DynamoTokenStore
from chalicelib.errors import InvalidRequest, TokenNotFound, Unauthorized
from chalicelib.settings import Settings
from chalicelib.side_by_side import Wait, at_once
from tests.support import REGION, T0, Clock


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

    assert re.fullmatch(r"jf_[A-Za-z0-9]{49}", text)
    assert token == Token(hash_of(text), Role.OPERATOR, "the shop", T0, T0 + 3600, rate=600)
    assert text not in repr([getattr(token, field.name) for field in fields(token)])
    assert Tokens(store, Clock()).verify(text) == store.find(hash_of(text)) == token
    assert store.find(hash_of(text + "x")) is None


@pytest.mark.parametrize(
    "scope",
    [
        WHOLE,
        scope_of(["a.b", "c.*"], ["acme"], payloads=False),
        scope_of(payloads=False),
        scope_of(personal=False),
    ],
)
def test_a_scope_is_kept_also_over_a_rotation(store: TokenStore, scope: Scope) -> None:
    tokens = Tokens(store, Clock())
    first, made = tokens.issue(Role.OPERATOR, "x", scope=scope)
    second, _ = tokens.rotate(made.id, 60)
    assert [Tokens(store, Clock()).verify(text).scope for text in (first, second)] == [scope, scope]
    assert [one.scope for one in tokens.list()] == [scope, scope]
    tokens.revoke(made.id)
    assert [(one.scope, one.good(T0)) for one in tokens.list()] == [(scope, False)] * 2


def test_a_scope_that_is_older_than_personal_fields_is_read(cloud: Settings) -> None:
    store = DynamoTokenStore(cloud)
    text, token = Tokens(store, Clock()).issue(Role.ADMIN, "x", scope=scope_of(["a.b"]))
    aws.client("dynamodb", REGION).update_item(
        TableName=cloud.control_table, Key={"pk": {"S": f"TOK#{token.hash}"}, "sk": {"S": "TOKEN"}},
        UpdateExpression="SET #s = :s", ExpressionAttributeNames={"#s": "scope"},
        ExpressionAttributeValues={":s": {"S": '{"types": ["a.b"], "tenants": [], "payloads": true}'}},
    )  # fmt: skip
    assert Tokens(store, Clock()).verify(text).scope == scope_of(["a.b"])


def test_a_token_that_has_lost_its_scope_is_not_believed(cloud: Settings) -> None:
    store = DynamoTokenStore(cloud)
    text, token = Tokens(store, Clock()).issue(Role.ADMIN, "x", scope=scope_of(["a.b"]))
    row = {"pk": {"S": f"TOK#{token.hash}"}, "sk": {"S": "TOKEN"}}
    aws.client("dynamodb", REGION).update_item(
        TableName=cloud.control_table, Key=row, UpdateExpression="REMOVE #s", ExpressionAttributeNames={"#s": "scope"}
    )
    with pytest.raises(ValueError, match="Expecting value"):
        Tokens(store, Clock()).verify(text)


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


def test_every_refusal_has_the_same_words_except_that_of_an_expired_token() -> None:
    clock = Clock()
    tokens = Tokens(MemoryTokenStore(), clock)
    short, _ = tokens.issue(Role.ADMIN, "x", ttl=1)
    gone, token = tokens.issue(Role.ADMIN, "x", ttl=1)
    tokens.revoke(token.id)
    clock.now += 1
    words = set()
    for text in (gone, "jf_" + "x" * 43, "jf_", "", "nonsense", gone + "\n", "jf_" + "é" * 43):
        with pytest.raises(Unauthorized) as refused:
            tokens.verify(text)
        words.add(str(refused.value))
    assert len(words) == 1
    with pytest.raises(Unauthorized, match="expired at 2"):
        tokens.verify(short)


def test_a_mistyped_token_is_refused_without_a_read_and_an_earlier_one_still_works(store: TokenStore) -> None:
    counting = Counting()
    text, _ = Tokens(counting, Clock()).issue(Role.ADMIN, "x")
    mistyped = [text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :] for at in range(3, len(text))]
    swapped = [text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(3, len(text) - 1)]
    for wrong in (*mistyped, *(one for one in swapped if one != text), text[:-1], text + "0"):
        with pytest.raises(Unauthorized):
            Tokens(counting, Clock()).verify(wrong)
    assert counting.asked == 0
    earlier = "jf_" + "aA0-_" * 8 + "xyz"
    store.put(Token(hash_of(earlier), Role.VIEWER, "made before checksums", T0))
    assert Tokens(store, Clock()).verify(earlier).label == "made before checksums"


def test_a_rotated_token_keeps_its_principal_and_the_earlier_secret_works_until_the_overlap_ends(
    store: TokenStore,
) -> None:
    clock = Clock()
    tokens, elsewhere = Tokens(store, clock), Tokens(store, clock)
    first, made = tokens.issue(Role.OPERATOR, "the shop", ttl=1000, rate=600)
    elsewhere.verify(first)
    clock.now += 10
    second, rotated = tokens.rotate("the shop", 60, by="ada")
    assert rotated.id != made.id
    assert {tokens.verify(text).principal for text in (first, second)} == {made.id}
    assert (rotated.role, rotated.rate, rotated.issued_by) == (Role.OPERATOR, 600, "ada")
    assert rotated.expires_at == clock.now + 1000, "as long as it was issued for"
    assert tokens.verify(first).expires_at == clock.now + 60
    clock.now += 60
    for one in (tokens, elsewhere):
        with pytest.raises(Unauthorized, match="expired"):
            one.verify(first)
        assert one.verify(second).principal == made.id


def test_a_rotation_never_makes_an_earlier_secret_valid_for_longer(store: TokenStore) -> None:
    clock = Clock()
    tokens = Tokens(store, clock)
    first, made = tokens.issue(Role.OPERATOR, "x", ttl=30)
    clock.now += 1
    tokens.rotate(made.id, 3600)
    assert tokens.verify(first).expires_at == T0 + 30
    clock.now += 1
    third, _ = tokens.rotate(made.id, 0, ttl=5)
    with pytest.raises(Unauthorized):
        tokens.verify(first)
    assert [one.good(clock()) for one in tokens.list()] == [False, False, True]
    assert tokens.verify(third).expires_at == T0 + 7


def test_a_label_of_several_tokens_or_of_none_is_not_rotated(store: TokenStore) -> None:
    tokens = Tokens(store, Clock())
    for _ in range(2):
        tokens.issue(Role.VIEWER, "x")
    with pytest.raises(InvalidRequest, match="Several tokens"):
        tokens.rotate("x", 60)
    with pytest.raises(TokenNotFound):
        tokens.rotate("y", 60)
    with pytest.raises(InvalidRequest):
        tokens.rotate("x", 1e9)


@pytest.mark.parametrize("by", ["principal", "secret"])
def test_a_revocation_takes_all_secrets_of_the_principal(store: TokenStore, by: str) -> None:
    tokens = Tokens(store, Clock())
    first, made = tokens.issue(Role.OPERATOR, "x")
    second, rotated = tokens.rotate(made.id, 3600)
    other, _ = tokens.issue(Role.OPERATOR, "x")
    tokens.revoke(made.id if by == "principal" else rotated.id)
    for text in (first, second):
        with pytest.raises(Unauthorized):
            tokens.verify(text)
    tokens.verify(other)


def test_a_rotation_beside_a_revocation_leaves_no_working_secret(store: TokenStore) -> None:
    """Revoke at each point of the rotation at which it has just written."""
    for point in ("put", "end"):
        tokens = Tokens(store, Clock())
        _, made = tokens.issue(Role.OPERATOR, point)
        rotating = Tokens(Interrupted(store, point, partial(Tokens(store, Clock()).revoke, made.id)), Clock())
        try:
            text, _ = rotating.rotate(made.id, 3600)
        except TokenNotFound:
            text = ""
        assert [one for one in tokens.list() if one.principal == made.id and one.good(T0)] == [], point
        with pytest.raises(Unauthorized):
            tokens.verify(text)


def test_a_secret_of_a_rotation_at_the_same_time_is_seen_by_the_later_one(store: TokenStore) -> None:
    tokens, others = Tokens(store, Clock()), list[Token]()
    _, made = tokens.issue(Role.OPERATOR, "x")

    def beside() -> None:
        others.append(Tokens(store, Clock()).rotate(made.id, 60)[1])

    _, token = Tokens(Interrupted(store, "all", beside), Clock()).rotate(made.id, 60)
    assert [one.id for one in tokens.besides(token, T0 + 60)] == [others[0].id]
    _, last = tokens.rotate(made.id, 60)
    assert tokens.besides(last, T0 + 60) == [], "a further rotation ends both"


def test_a_row_that_cannot_be_read_does_not_prevent_a_revocation(cloud: Settings) -> None:
    """As that of a token with a newer form."""
    told = list[str]()
    tokens = Tokens(DynamoTokenStore(cloud, lambda token_id, _: told.append(token_id)), Clock())
    _, strange = tokens.issue(Role.ADMIN, "strange")
    text, stolen = tokens.issue(Role.ADMIN, "stolen")
    row = {"pk": {"S": f"TOK#{strange.hash}"}, "sk": {"S": "TOKEN"}}
    aws.client("dynamodb", REGION).update_item(
        TableName=cloud.control_table, Key=row, UpdateExpression="SET #r = :r",
        ExpressionAttributeNames={"#r": "role"}, ExpressionAttributeValues={":r": {"S": "newer/admin"}},
    )  # fmt: skip
    assert list(tokens.list()) == [stolen]
    assert set(told) == {strange.id}
    tokens.rotate(stolen.id, 60)
    tokens.revoke(stolen.id)
    with pytest.raises(Unauthorized):
        tokens.verify(text)


class Interrupted:
    """A store that does something else after its first write of one kind."""

    def __init__(self, store: TokenStore, point: str, then: Callable[[], object]) -> None:
        self._store, self._point, self._then = store, point, then

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name != self._point:
            return found

        def done(*given: Any) -> Any:
            result = found(*given)
            self._point = ""
            self._then()
            return result

        return done


def test_when_a_token_was_last_used_is_stored_at_most_once_an_hour_and_beside_the_request(store: TokenStore) -> None:
    clock, waiting = Clock(), list[Callable[[], None]]()

    def beside(work: Callable[[], None]) -> Wait:
        waiting.append(work)
        return lambda *_: None

    uses = LastUses(store, clock, beside)
    uses.used("a" * 16)
    assert store.uses() == {}, "the request does not wait for the write"
    waiting.pop()()
    assert store.uses() == {"a" * 16: T0}
    clock.now += 3599
    uses.used("a" * 16)
    uses.used("b" * 16)
    assert len(waiting) == 1
    clock.now += 1
    uses.used("a" * 16)
    for work in waiting:
        work()
    assert store.uses() == {"a" * 16: T0 + 3600, "b" * 16: T0 + 3599}


def test_a_last_use_that_cannot_be_stored_is_not_tried_again_within_the_hour() -> None:
    class Down(MemoryTokenStore):
        tried = 0

        def used(self, token_id: str, at: float) -> None:
            self.tried += 1
            raise ConnectionError

    store = Down()
    uses = LastUses(store, Clock(), at_once)
    for _ in range(5):
        uses.used("a" * 16)
    assert store.tried == 1


def test_a_last_use_is_not_written_in_the_request_if_no_thread_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", full)
    store = MemoryTokenStore()
    LastUses(store, Clock()).used("a" * 16)
    assert store.uses() == {}


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
