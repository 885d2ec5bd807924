"""Test sessions over the API: who signs in with which role, what is recorded, and how sessions end."""

import json
import re
from typing import Any

import pytest

from chalicelib.access.constants import TOKEN_TRUSTED
from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.audit.memory import MemoryAudit
from chalicelib.audit.rule import Entry
from chalicelib.errors import ConfigurationError
from chalicelib.jobs.listing import iso
from chalicelib.sessions.constants import SIGN_INS_A_MINUTE
from chalicelib.sessions.provider import provider_of
from chalicelib.sessions.rule import nonce_of, subject_of
from chalicelib.settings import Settings
from tests.chalicelib.api.support import ADDRESS, BODY, NOTE, ORIGIN, OTHER, World, only_types
from tests.chalicelib.sessions.conftest import SignIn
from tests.chalicelib.sessions.issuer import SECRET, SUBJECT, T0, WHO
from tests.support import written


def test_a_person_gets_a_session_of_eight_hours_that_works_like_a_token(stage: SignIn) -> None:
    answer = stage.post(stage.issuer.token(groups=["ops"]))
    assert answer.status == 201
    assert re.fullmatch(r"jfs_[0-9A-Za-z]{49}", answer.json["token"])
    assert answer.json["principal"] == WHO
    assert (answer.json["role"], answer.json["expires_at"]) == ("operator", iso(T0 + 8 * 3600))
    text = answer.json["token"]
    me = stage.world.get("/me", token=text).json
    assert (me["id"], me["role"], me["label"]) == (WHO, "operator", "Ada Lovelace")
    assert me["expires_at"] == iso(T0 + 8 * 3600)
    assert stage.world.post("/jobs", BODY, token=text).status == 201
    assert stage.world.get("/audit", token=text).status == 403


@pytest.mark.parametrize(
    ("groups", "role"),
    [(["readers"], "viewer"), (["on-call"], "operator"), (["readers", "ops", "platform"], "admin"),
     (["platform", "readers"], "admin")],
)  # fmt: skip
def test_the_role_is_the_highest_of_the_groups(stage: SignIn, groups: list[str], role: str) -> None:
    assert stage.post(stage.issuer.token(groups=groups)).json["role"] == role


def test_an_id_token_may_be_signed_with_ecdsa_and_name_its_audience_in_a_list(stage: SignIn) -> None:
    token = stage.issuer.token(algorithm="ES256", kid="e1", aud=["console"], azp="console", token_use="id")
    assert stage.post(token).status == 201


def test_the_principal_stays_over_sign_ins_and_has_nothing_that_separates_parts_of_a_key(stage: SignIn) -> None:
    first = stage.post(stage.issuer.token()).json["principal"]
    second = stage.post(stage.issuer.token(nonce=nonce_of("b" * 43)), "b" * 43).json["principal"]
    assert first == second == WHO
    assert subject_of("auth0|5f7c8ec7c33c6c004bbafe82") == "auth0|5f7c8ec7c33c6c004bbafe82"
    assert subject_of("a#b/c d") == "a%23b%2Fc%20d"
    assert re.fullmatch(r"[0-9a-f]{64}", subject_of("x" * 200))
    assert subject_of("x" * 200) != subject_of("x" * 201)


def test_sign_in_logout_and_revocation_are_in_the_audit_log_and_no_address_of_e_mail(stage: SignIn) -> None:
    text = stage.person()
    stage.issuer.clock.now += 1
    stage.world.call("DELETE", "/session", {"reason": "done for today"}, token=text)
    stage.issuer.clock.now += 1
    stage.person("b" * 43, nonce=nonce_of("b" * 43))
    stage.issuer.clock.now += 1
    revoked = stage.world.post("/sessions/revoke", {"principal": WHO, "reason": "lost laptop"})
    assert revoked.json == {"principal": WHO, "sessions": 1}
    told = [(one["action"], one["kind"], one["principal"], one["outcome"], one["ip"]) for one in stage.log()]
    admin = stage.world.get("/me").json["id"]
    assert told == [
        ("session.revoke", "person", admin, "done", ADDRESS),
        ("session.begin", "session", WHO, "done", ADDRESS),
        ("session.end", "session", WHO, "done", ADDRESS),
        ("session.begin", "session", WHO, "done", ADDRESS),
    ]
    begun, ended = stage.log()[3], stage.log()[2]
    assert begun["target"] == ended["target"] == parts.session_store.all()[0].id
    assert stage.log()[0]["target"] == WHO
    assert "ada@example.com" not in json.dumps(stage.log())
    assert text not in json.dumps(stage.log())


def test_the_line_of_a_sign_in_says_who_it_was_and_that_of_a_refused_one_why(stage: SignIn) -> None:
    with written("INFO") as lines:
        text = stage.person()
        stage.post(stage.issuer.token(nonce=nonce_of("b" * 43), groups=[]), "b" * 43)
        stage.world.call("DELETE", "/session", token=text)
    told = [(line["message"], line["principal"], line.get("why")) for line in lines if line["message"][:4] == "api."]
    assert told == [("api.request", WHO, None), ("api.refused", WHO, "no role"), ("api.request", WHO, None)]
    everything = json.dumps(lines)
    assert not [one for one in (text, "Ada", "ada@example.com", SECRET) if one in everything]


def test_without_a_label_claim_nothing_names_a_person(stage: SignIn) -> None:
    from dataclasses import replace

    from chalicelib.sessions.rule import person_of

    provider = replace(parts.sessions.provider, label="")
    assert person_of(stage.issuer.claims(), provider, SECRET, T0).label == ""


def test_a_revocation_ends_all_sessions_of_a_person_and_of_nobody_else(stage: SignIn) -> None:
    mine = [stage.person(name * 43, nonce=nonce_of(name * 43)) for name in "abc"]
    other = stage.person("d" * 43, nonce=nonce_of("d" * 43), sub=SUBJECT + "0")
    assert stage.world.post("/sessions/revoke", {"principal": WHO}).json["sessions"] == 3
    assert [stage.world.get("/me", token=text).status for text in (*mine, other)] == [401, 401, 401, 200]
    assert stage.world.post("/sessions/revoke", {"principal": WHO}).json["sessions"] == 0
    assert stage.world.post("/sessions/revoke", {"principal": "1f2e3d4c5b6a7980"}).status == 422


def test_administrators_see_all_sessions_without_their_texts(stage: SignIn) -> None:
    text = stage.person()
    stage.issuer.clock.now += 60
    ended = stage.person("b" * 43, nonce=nonce_of("b" * 43))
    stage.world.call("DELETE", "/session", token=ended)
    answer = stage.world.get("/sessions", role=Role.ADMIN)
    new, old = answer.json["sessions"]
    assert old == {
        "id": old["id"], "principal": WHO, "label": "Ada Lovelace", "role": "viewer", "state": "works",
        "created_at": iso(T0), "expires_at": iso(T0 + 8 * 3600), "ended_at": None, "ended_by": None,
    }  # fmt: skip
    assert (new["state"], new["ended_at"], new["ended_by"]) == ("ended", iso(T0 + 60), WHO)
    assert text not in answer.text


def test_a_token_is_no_session_that_could_be_ended(stage: SignIn) -> None:
    answer = stage.world.call("DELETE", "/session")
    assert (answer.status, answer.json["type"]) == (404, "urn:jobflow:problem:session-not-found")
    assert stage.world.get("/me").status == 200


def test_a_stage_without_a_provider_says_so(stage: SignIn) -> None:
    world = World(clock=stage.issuer.clock)
    answer = world.post("/session", {"id_token": stage.issuer.token(), "secret": SECRET}, role=None)
    assert (answer.status, answer.json["type"]) == (404, "urn:jobflow:problem:sign-in-not-configured")


def test_a_session_that_cannot_be_recorded_is_not_begun(stage: SignIn) -> None:
    class Broken(MemoryAudit):
        def begin(self, entry: Entry) -> None:
            raise ConnectionError(entry.id)

    parts.audit = Broken()
    assert stage.post(stage.issuer.token()).status == 503
    assert parts.session_store.all() == []


def test_a_session_that_cannot_be_checked_is_not_believed(stage: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    text = stage.person()

    def find(_: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(parts.session_store, "find", find)
    stage.issuer.clock.now += 10
    assert stage.world.get("/me", token=text).status == 503


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://login.example.com"}, {"issuer": "https://login.example.com?x=1"}, {"issuer": ""},
        {"issuer": "https://user@login.example.com"}, {"client": ""}, {"admins": ""}, {"secret": "x"}, {"admins": 1},
        {"issuer": "https://[login"}, {"admins": ",".join(f"g{n}" for n in range(21))},
    ],
)  # fmt: skip
def test_a_provider_that_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    good = {"issuer": "https://login.example.com", "client": "console", "admins": "platform"}
    assert provider_of(json.dumps(good)) is not None
    with pytest.raises(ConfigurationError, match="SIGN_IN"):
        provider_of(json.dumps(good | wrong))


def test_only_a_laptop_may_use_an_issuer_without_tls_on_itself() -> None:
    text = json.dumps({"issuer": "http://127.0.0.1:8085", "client": "console", "admins": "platform"})
    assert provider_of(text, local=True) is not None
    for refused in (text.replace("127.0.0.1", "10.0.0.1"), text.replace("127.0.0.1", "127.0.0.1.mallory.example")):
        with pytest.raises(ConfigurationError):
            provider_of(refused, local=True)
    with pytest.raises(ConfigurationError):
        provider_of(text)


def test_a_revocation_that_fails_half_way_ends_every_session(stage: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = stage.person(), stage.person("b" * 43, nonce=nonce_of("b" * 43))
    store = parts.session_store
    ended: list[str] = []
    end = store.end

    def once(session_hash: str, now: float, by: str) -> bool:
        if ended:
            raise TimeoutError
        ended.append(session_hash)
        return end(session_hash, now, by)

    monkeypatch.setattr(store, "end", once)
    answer = stage.world.post("/sessions/revoke", {"principal": store.all()[0].principal})
    assert (answer.status, len(ended)) == (500, 1)
    stage.issuer.clock.now += TOKEN_TRUSTED + 1
    assert [stage.world.get("/me", token=token).status for token in (first, second)] == [401, 401]


def test_a_person_signs_in_some_times_a_minute_and_stops_nobody_else(stage: SignIn) -> None:
    stage.issuer.clock.now -= stage.issuer.clock.now % 60 - 1  # the window begins with a minute

    def sign_in(number: int, **claims: Any) -> tuple[str, str]:
        secret = f"{number:043d}"
        return stage.issuer.token(nonce=nonce_of(secret), **claims), secret

    for number in range(SIGN_INS_A_MINUTE):
        assert stage.post(*sign_in(number)).status == 201
    last = sign_in(SIGN_INS_A_MINUTE)
    refused = stage.post(*last)
    assert refused.status == 429
    assert refused.json["detail"].endswith("for sign-ins of this person."), "who has no token must read of none"
    assert stage.post(*sign_in(99, sub="somebody-else")).status == 201
    stage.issuer.clock.now += int(refused.headers["retry-after"])
    assert stage.post(*last).status == 201, "the same sign-in, at the time that the answer has told"


def test_without_a_provider_a_sign_in_is_refused_before_anything_is_counted() -> None:
    with only_types(NOTE, OTHER):
        world = World(settings=Settings.from_env({"CORS_ORIGIN": ORIGIN, "RATE_LIMIT_MAX": "5"}))
        body = {"id_token": "a.b.c", "secret": "x"}
        assert {world.post("/session", body, role=None).status for _ in range(9)} == {404}
