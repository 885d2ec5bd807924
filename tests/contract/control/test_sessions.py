"""Test every store of sessions: what is stored, found, ended, and used once."""

from dataclasses import replace

from chalicelib.access.tokens import Role
from chalicelib.adapters import aws
from chalicelib.sessions.dynamo import DynamoSessions
from chalicelib.sessions.memory import MemorySessions
from chalicelib.sessions.port import Revocation, Session, SessionStore
from chalicelib.settings import Settings
from tests.contract.conftest import LoseReply, either
from tests.support import REGION, T0, written

store = either(MemorySessions, DynamoSessions)
ADA = Session("a" * 64, "oidc:0f1e2d3c:ada", Role.OPERATOR, "Ada ä", T0, T0 + 28_800)
BOB = Session("b" * 64, "oidc:0f1e2d3c:bob", Role.VIEWER, "", T0 + 1.5, T0 + 28_801.5)


def test_a_session_comes_back_by_its_hash_and_all_are_listed_oldest_first(store: SessionStore) -> None:
    store.add(BOB)
    store.add(ADA)
    assert store.find(ADA.hash) == ADA
    assert store.find(BOB.hash) == BOB
    assert store.find("c" * 64) is None
    assert list(store.all()) == [ADA, BOB]


def test_a_session_is_ended_once_and_a_repeated_write_does_not_begin_it_again(store: SessionStore) -> None:
    store.add(ADA)
    assert store.end(ADA.hash, T0 + 5, "admin")
    assert not store.end(ADA.hash, T0 + 6, "other")
    store.add(ADA)
    assert store.find(ADA.hash) == replace(ADA, ended_at=T0 + 5, ended_by="admin")
    assert not store.end("c" * 64, T0, "admin"), "there is no such session"
    assert list(store.all()) == [replace(ADA, ended_at=T0 + 5, ended_by="admin")]


def test_a_sign_in_is_used_once_and_its_request_may_be_repeated(store: SessionStore) -> None:
    assert store.spend("nonce", "hand", T0 + 60)
    assert store.spend("nonce", "hand", T0 + 60), "the reply to the first time was lost"
    assert not store.spend("nonce", "other", T0 + 60)
    assert store.spend("another", "other", T0 + 60)
    assert list(store.all()) == []


def test_the_last_revocation_of_a_person_is_kept_and_is_no_session(store: SessionStore) -> None:
    assert store.revoked(ADA.principal) is None
    store.revoke(ADA.principal, Revocation(T0 + 5.5, "admin"), T0 + 60)
    store.revoke(ADA.principal, Revocation(T0 + 4, "slower"), T0 + 60)
    assert store.revoked(ADA.principal) == Revocation(T0 + 5.5, "admin")
    store.revoke(ADA.principal, Revocation(T0 + 9, "other"), T0 + 70)
    assert store.revoked(ADA.principal) == Revocation(T0 + 9, "other")
    assert store.revoked(BOB.principal) is None
    store.add(ADA)
    assert list(store.all()) == [ADA]


def test_a_lost_reply_refuses_no_sign_in(cloud: Settings, lose_reply: LoseReply) -> None:
    lost = lose_reply("UpdateItem")
    assert DynamoSessions(cloud).spend("nonce", "hand", T0)
    assert lost


def test_no_text_of_a_session_and_no_other_row_is_in_the_partition(cloud: Settings) -> None:
    rows, table = DynamoSessions(cloud), cloud.control_table
    rows.add(ADA)
    rows.spend("nonce", "hand", T0)
    rows.revoke(BOB.principal, Revocation(T0, "admin"), T0)
    with written("WARNING") as lines:
        assert list(rows.all()) == [ADA]
    assert lines == [], "a revocation is no session that cannot be read"
    found = aws.client("dynamodb", REGION).scan(TableName=table)["Items"]
    assert {(item["pk"]["S"], item["sk"]["S"]) for item in found} == {
        ("SESSIONS", f"SESSION#{ADA.hash}"), ("SIGNINS", "nonce"),
        ("SESSIONS", f"REVOKED#{BOB.principal}"),
    }  # fmt: skip
    ends = {item["sk"]["S"].partition("#")[0]: int(item["expires_at"]["N"]) for item in found}
    assert ends == {"SESSION": int(ADA.expires_at) + 86_400, "nonce": int(T0) + 86_400, "REVOKED": int(T0) + 86_400}


def test_a_row_that_cannot_be_read_hides_no_other_session(cloud: Settings) -> None:
    rows = DynamoSessions(cloud)
    rows.add(ADA)
    rows.add(BOB)
    aws.client("dynamodb", REGION).update_item(
        TableName=cloud.control_table, Key={"pk": {"S": "SESSIONS"}, "sk": {"S": f"SESSION#{BOB.hash}"}},
        UpdateExpression="SET #r = :r", ExpressionAttributeNames={"#r": "role"},
        ExpressionAttributeValues={":r": {"S": "emperor"}},
    )  # fmt: skip
    assert list(rows.all()) == [ADA]
