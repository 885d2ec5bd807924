"""Attack the sign-in: each attack is refused, says why, and leaves no session.

The attacks on the page are in `dashboard/src/session/signIn.test.ts`.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import RSAAlgorithm

from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.sessions.constants import LONGEST_AGE, SESSION_LASTS, SKEW
from chalicelib.sessions.port import Session
from chalicelib.sessions.rule import nonce_of
from tests.chalicelib.sessions.conftest import SignIn
from tests.chalicelib.sessions.issuer import CLIENT, SECRET, WHO, Issuer, ec_key, encoded, pem, public, rsa_key

T = int(LONGEST_AGE + SKEW)


def with_payload(token: str, **changed: Any) -> str:
    """Return a token with changed claims and the old signature."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return f"{header}.{encoded({**claims, **changed})}.{signature}"


def unsigned(issuer: Issuer, name: str) -> str:
    return f"{encoded({'alg': name, 'typ': 'JWT', 'kid': 'r1'})}.{encoded(issuer.claims())}."


def by_hmac(issuer: Issuer, key: bytes) -> str:
    """Sign with HS256 and what everybody knows: the issuer's public key. (A library refuses to, so by hand.)"""
    import hashlib
    import hmac

    signed = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'r1'})}.{encoded(issuer.claims())}"
    return f"{signed}.{encoded(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def now(issuer: Issuer) -> int:
    return int(issuer.clock.now)


MALLORY = rsa_key("mallory")
TOKENS: dict[str, tuple[str, Callable[[Issuer], str]]] = {
    "alg none": ("no token", lambda i: unsigned(i, "none")),
    "alg none, with something as a signature": ("algorithm", lambda i: unsigned(i, "none") + "AAAA"),
    "alg NoNe": ("algorithm", lambda i: unsigned(i, "NoNe") + "AAAA"),
    "HS256 with the public key as PEM": ("algorithm", lambda i: by_hmac(i, pem(rsa_key("r1")))),
    "HS256 with the public key as JSON": (
        "algorithm", lambda i: by_hmac(i, json.dumps(public(rsa_key("r1"), "r1")).encode()),
    ),
    "RS512, which is not on the list": ("algorithm", lambda i: i.token(algorithm="RS512")),
    "a key of another kind: RS256 with the name of the EC key": ("key", lambda i: i.token(kid="e1")),
    "an EC signature under the name of the RSA key": ("key", lambda i: i.token(algorithm="ES256", kid="r1")),
    "a foreign key under the issuer's name of a key": ("signature", lambda i: i.token(key=MALLORY)),
    "a foreign EC key": ("signature", lambda i: i.token(key=ec_key("mallory"), algorithm="ES256", kid="e1")),
    "a key in the header jwk": (
        "header", lambda i: i.token(key=MALLORY, headers={"jwk": public(MALLORY, "r1")}),
    ),
    "a key at the header jku": (
        "header", lambda i: i.token(key=MALLORY, headers={"jku": "https://mallory.example/keys"}),
    ),
    "a certificate in the header x5c": ("header", lambda i: i.token(key=MALLORY, headers={"x5c": ["MIIB"]})),
    "an extension that changes how it is read (crit, b64)": (
        "header", lambda i: i.token(headers={"crit": ["exp"], "exp": 1}),
    ),
    "an unknown name of a key": ("key", lambda i: i.token(kid="unknown")),
    "no name of a key": ("key", lambda i: i.token(kid=None)),
    "a changed payload": ("signature", lambda i: with_payload(i.token(), groups=["platform"])),
    "a cut signature": ("signature", lambda i: i.token()[:-8]),
    "another issuer": ("issuer", lambda i: i.token(iss="https://login.example.com/other/v2.0")),
    "an issuer that only begins like ours": ("issuer", lambda i: i.token(iss="https://login.example.com/tenant/v2.0/")),
    "another audience": ("audience", lambda i: i.token(aud="shop")),
    "another audience beside ours": ("audience", lambda i: i.token(aud=[CLIENT, "shop"])),
    "no audience": ("audience", lambda i: i.token(aud=None)),
    "an empty list of audiences": ("audience", lambda i: i.token(aud=[])),
    "issued to another application (azp)": ("authorized party", lambda i: i.token(azp="shop")),
    "an access token of Cognito": ("type", lambda i: i.token(token_use="access")),
    "an access token (typ at+jwt)": ("type", lambda i: i.token(headers={"typ": "at+jwt"})),
    "an access token without a nonce": ("nonce", lambda i: i.token(nonce=None)),
    "the nonce of another sign-in": ("nonce", lambda i: i.token(nonce=nonce_of("x" * 43))),
    "the secret itself as the nonce": ("nonce", lambda i: i.token(nonce=SECRET)),
    "a nonce that is a list": ("nonce", lambda i: i.token(nonce=[nonce_of(SECRET)])),
    "expired": ("expired", lambda i: i.token(exp=now(i) - int(SKEW))),
    "without an end": ("time", lambda i: i.token(exp=None)),
    "with an end that is a text": ("time", lambda i: i.token(exp="9999999999")),
    "with an end that is true": ("time", lambda i: i.token(exp=True)),
    "with an end of 400 digits": ("time", lambda i: i.token(exp=10**400)),
    "a nonce that is no text in UTF-8": ("nonce", lambda i: i.token(nonce="\ud800")),
    "an infinite end": ("time", lambda i: i.token(exp=float("inf"))),
    "not valid yet (nbf)": ("not yet valid", lambda i: i.token(nbf=now(i) + int(SKEW) + 1)),
    "issued in the future": ("not yet valid", lambda i: i.token(iat=now(i) + int(SKEW) + 1)),
    "not dated": ("time", lambda i: i.token(iat=None)),
    "issued long ago": ("too old", lambda i: i.token(iat=now(i) - T - 1)),
    "nobody's": ("subject", lambda i: i.token(sub=None)),
    "nothing": ("no token", lambda _: "."),
    "a text": ("no token", lambda _: "not a token"),
    "a header that is a list": ("no token", lambda i: f"{encoded([1])}.{encoded(i.claims())}.AAAA"),
    "a header that is nested a thousand times": (
        "no token", lambda i: f"{encoded(b'[' * 9_000)}.{encoded(i.claims())}.AAAA",
    ),
}  # fmt: skip
"""ID tokens that were not made for this sign-in, each with the reason for which it is refused."""


@pytest.mark.parametrize("name", TOKENS)
def test_an_id_token_that_was_not_made_for_this_sign_in_is_refused(stage: SignIn, name: str) -> None:
    why, make = TOKENS[name]
    answer = stage.post(make(stage.issuer))
    assert (answer.status, answer.json["type"]) == (401, "urn:jobflow:problem:sign-in-refused"), answer
    assert [reason for _, reason in stage.refusals()] == [f"sign-in: {why}"]
    assert parts.session_store.all() == []
    assert stage.log() == []


def test_the_clocks_may_differ_by_a_minute_and_an_id_token_may_be_a_quarter_of_an_hour_old(stage: SignIn) -> None:
    at, late = now(stage.issuer), int(SKEW)
    good: list[dict[str, Any]] = [
        {"exp": at - late + 1}, {"iat": at + late}, {"nbf": at + late}, {"iat": at - T, "nbf": at - T},
    ]  # fmt: skip
    for number, claims in enumerate(good):
        secret = f"{number}" * 43
        assert stage.post(stage.issuer.token(nonce=nonce_of(secret), **claims), secret).status == 201, claims


def test_an_id_token_that_is_too_long_is_refused_and_counted_before_it_is_read(stage: SignIn) -> None:
    answer = stage.post(stage.issuer.token(groups=["g" * 36] * 500))
    assert (answer.status, answer.json["type"]) == (401, "urn:jobflow:problem:sign-in-refused")
    assert "too many groups" in answer.json["detail"]
    assert [reason for _, reason in stage.refusals()] == ["sign-in: too long"]
    assert stage.issuer.asked == []
    assert stage.post("a" * 70_000).status == 422


def test_an_id_token_of_before_a_revocation_signs_nobody_in(stage: SignIn) -> None:
    held = stage.issuer.token(nonce=nonce_of("b" * 43), groups=["platform"])
    ahead = stage.issuer.token(nonce=nonce_of("c" * 43), groups=["platform"], iat=now(stage.issuer) + 30 + int(SKEW))
    stage.person()
    stage.issuer.clock.now += 30
    assert stage.world.post("/sessions/revoke", {"principal": WHO}).json["sessions"] == 1
    for later in (0, T - 60):
        stage.issuer.clock.now += later
        for token, secret in ((held, "b" * 43), (ahead, "c" * 43)):
            answer = stage.post(token, secret)
            assert (answer.status, answer.json["type"]) == (401, "urn:jobflow:problem:sign-in-refused")
            assert "revoked after this ID token was issued" in answer.json["detail"]
    assert (WHO, "sign-in: revoked since") in stage.refusals()
    assert len(parts.session_store.all()) == 1, "nothing was stored"


def test_after_a_revocation_a_new_id_token_signs_in_and_others_are_not_touched(stage: SignIn) -> None:
    stage.world.post("/sessions/revoke", {"principal": WHO})
    stage.person("b" * 43, nonce=nonce_of("b" * 43), sub="bob")
    stage.issuer.clock.now += SKEW + 1
    assert stage.world.get("/me", token=stage.person()).status == 200


def test_a_sign_in_under_way_does_not_outlive_a_revocation(stage: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    store, add = parts.session_store, parts.session_store.add

    def later(session: Session) -> None:
        """Store the session after a revocation that did not find it."""
        assert stage.world.post("/sessions/revoke", {"principal": WHO}).json["sessions"] == 0
        add(session)

    monkeypatch.setattr(store, "add", later)
    assert stage.post(stage.issuer.token()).status == 401
    assert [one.state(stage.issuer.clock.now) for one in store.all()] == ["ended"]


def test_an_id_token_is_accepted_once_also_with_another_text_of_the_same_signature(stage: SignIn) -> None:
    token = stage.issuer.token(algorithm="ES256", kid="e1")
    assert stage.post(token).status == 201
    assert stage.post(token).status == 401
    # a signature of ECDSA has a twin that is valid, too: (r, n - s)
    signed, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    twin = raw[:32] + (order - int.from_bytes(raw[32:])).to_bytes(32)
    answer = stage.post(f"{signed}.{encoded(twin)}")
    assert answer.status == 401
    assert stage.refusals() == [(WHO, "sign-in: used before")]
    assert len(parts.session_store.all()) == 1


def test_a_second_id_token_of_the_same_sign_in_is_refused(stage: SignIn) -> None:
    assert stage.post(stage.issuer.token()).status == 201
    stage.issuer.clock.now += 60
    assert stage.post(stage.issuer.token()).status == 401, "a refreshed ID token has the same nonce"


def test_a_stolen_id_token_is_of_no_use_without_the_secret_of_the_page(stage: SignIn) -> None:
    token = stage.issuer.token()
    claimed = jwt.decode(token, options={"verify_signature": False})["nonce"]
    for guess in (claimed, "A" * 43, "", "x", SECRET + "\n"):
        assert stage.post(token, guess).status in (401, 422)
    assert stage.post(token).status == 201, "no attempt has used it up"


@pytest.mark.parametrize(
    "groups",
    [
        None, [], "platform", "readers", {"platform": True}, ["Platform"], ["platform "], ["platforms"], ["plat"],
        ["ops, on-call"], [["platform"]], [1, None, True], ["other"],
    ],
)  # fmt: skip
def test_only_a_group_of_exactly_this_name_in_a_list_has_a_role(stage: SignIn, groups: Any) -> None:
    answer = stage.post(stage.issuer.token(groups=groups))
    assert (answer.status, answer.json["type"]) == (403, "urn:jobflow:problem:no-role")
    assert "none of your groups has a role" in answer.json["detail"]
    assert stage.refusals() == [(WHO, "no role")]
    assert parts.session_store.all() == []


def test_nobody_gets_a_role_by_a_claim_of_another_name(stage: SignIn) -> None:
    assert stage.post(stage.issuer.token(groups=None, roles=["platform"], role="admin")).status == 403


def test_a_body_cannot_choose_the_role_or_bring_a_key(stage: SignIn) -> None:
    body = {"id_token": stage.issuer.token(), "secret": SECRET}
    added: list[dict[str, Any]] = [{"role": "admin"}, {"keys": []}, {"issuer": "https://mallory.example"}]
    for more in added:
        assert stage.world.post("/session", {**body, **more}, role=None).status == 422
    assert stage.world.post("/session", body, role=Role.ADMIN).json["role"] == "viewer", "a token changes nothing"


def test_a_session_is_accepted_nowhere_but_in_its_header(stage: SignIn) -> None:
    text = stage.person()
    assert stage.world.get("/me", token=text).status == 200
    assert stage.world.get(f"/me?token={text}", role=None).status == 401
    assert stage.world.get(f"/me?access_token={text}", role=None).status == 401
    assert stage.world.get("/me", role=None, headers={"Cookie": f"session={text}"}).status == 401
    assert stage.world.call("GET", f"/jobs/{text}", role=None).status == 401


def test_a_guessed_or_mistyped_session_is_refused_without_a_read(
    stage: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = stage.person()

    def find(_: str) -> None:
        pytest.fail("no read is needed")

    monkeypatch.setattr(parts.session_store, "find", find)
    for other in ("jfs_" + "x" * 49, text[:-1], text + "0", text.replace("jfs_", "jf_"), "jfs_"):
        assert stage.world.get("/me", token=other).status == 401


def test_a_session_does_not_outlive_its_eight_hours(stage: SignIn) -> None:
    text = stage.person()
    stage.issuer.clock.now += SESSION_LASTS - 1
    assert stage.world.get("/me", token=text).status == 200
    stage.issuer.clock.now += 1
    assert stage.world.get("/me", token=text).status == 401
    assert (WHO, "expired session") in stage.refusals()


def test_a_session_ends_with_logout_also_in_a_process_that_has_just_used_it(stage: SignIn) -> None:
    text = stage.person()
    elsewhere = type(parts.sessions)(
        parts.session_store, parts.clock, parts.sessions.provider, lambda: pytest.fail("not asked")
    )
    elsewhere.verify(text)
    assert stage.world.call("DELETE", "/session", token=text).status == 200
    assert stage.world.get("/me", token=text).status == 401
    stage.issuer.clock.now += 10
    with pytest.raises(Exception, match="has ended"):
        elsewhere.verify(text)


def test_a_person_cannot_end_or_list_the_sessions_of_others(stage: SignIn) -> None:
    reader = stage.person()
    ops = stage.person("b" * 43, nonce=nonce_of("b" * 43), groups=["ops"], sub="ops")
    for text in (reader, ops):
        assert stage.world.get("/sessions", token=text).status == 403
        assert stage.world.post("/sessions/revoke", {"principal": WHO}, token=text).status == 403
    assert stage.world.call("DELETE", "/session", token=ops).status == 200
    assert stage.world.get("/me", token=reader).status == 200


def test_a_stage_without_a_provider_accepts_no_session_any_more(stage: SignIn) -> None:
    from dataclasses import replace

    text, store = stage.person(), parts.session_store
    parts.replace(settings=replace(parts.settings, sign_in=""), session_store=store, clock=parts.clock)
    with pytest.raises(Exception, match="has ended"):
        parts.sessions.verify(text)


def test_people_of_an_earlier_issuer_have_no_session_any_more(stage: SignIn) -> None:
    from chalicelib.sessions.provider import provider_of

    text = stage.person()
    other = json.dumps({"issuer": "https://other.example", "client": "x", "admins": "a"})
    sessions = type(parts.sessions)(
        parts.session_store, parts.clock, provider_of(other), lambda: pytest.fail("not asked")
    )
    with pytest.raises(Exception, match="has ended"):
        sessions.verify(text)


@pytest.mark.filterwarnings("ignore:The RSA key is 1024 bits")
def test_keys_that_are_too_small_or_private_or_for_something_else_sign_nobody_in(stage: SignIn) -> None:
    small, wide = rsa_key("small", 1024), ec_key("wide", ec.SECP384R1)
    stage.issuer.publish(
        public(small, "small"), public(wide, "wide"), public(rsa_key("r1"), "enc") | {"use": "enc"},
        public(rsa_key("r1"), "ops", key_ops=["encrypt"]), public(rsa_key("r1"), "alg", alg="RS512"),
        RSAAlgorithm.to_jwk(rsa_key("r1"), True) | {"kid": "private", "key_ops": ["verify"]},
    )  # fmt: skip
    for key, kid in ((small, "small"), *((rsa_key("r1"), kid) for kid in ("enc", "ops", "alg", "private"))):
        assert stage.post(stage.issuer.token(key=key, kid=kid)).status == 401, kid
