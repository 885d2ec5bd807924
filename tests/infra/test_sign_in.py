"""Test how the addresses of an identity provider are found, and what the console and the API are told."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.access.tokens import Role
from chalicelib.sessions.fetch import NotFetched
from chalicelib.sessions.provider import provider_of
from infra import sign_in
from infra.cloud.errors import CloudError
from infra.cloud.preflight.sign_in import findings
from infra.cloud.stack.parameters import refuse_wrong
from infra.definition.parameters import parameters
from infra.definition.template import merge_template
from infra.definition.web.gateway import HANDLER
from tests.infra.cloud.support import decided
from tests.support import built_in

ISSUER = "https://login.example.com/abc"
GOOD = {
    "issuer": ISSUER, "authorization_endpoint": "https://login.example.com/authorize",
    "token_endpoint": "https://login.example.com/token",
}  # fmt: skip
DEFAULTS = {name: str(about.get("Default", "")) for name, about in parameters().items()}
CHOSEN = {
    **DEFAULTS, "SignInIssuer": ISSUER, "SignInClientId": "console", "SignInAdmins": "platform, root",
    "SignInAuthorizeUrl": "https://a.example", "SignInTokenUrl": "https://t.example/token",
}  # fmt: skip


def serving(document: Any) -> Callable[[str], bytes]:
    def get(url: str) -> bytes:
        assert url == f"{ISSUER}/.well-known/openid-configuration"
        return document if isinstance(document, bytes) else json.dumps(document).encode()

    return get


def test_the_issuer_says_where_a_sign_in_begins_and_ends() -> None:
    found = sign_in.discovered(ISSUER, serving(GOOD))
    assert (found.authorize, found.token) == (GOOD["authorization_endpoint"], GOOD["token_endpoint"])


@pytest.mark.parametrize(
    "document",
    [
        b"<html>", [], {}, {**GOOD, "issuer": ISSUER + "/"}, {**GOOD, "token_endpoint": "http://login.example.com/t"},
        {**GOOD, "authorization_endpoint": "javascript:alert(1)"}, {**GOOD, "token_endpoint": 1},
        {**GOOD, "token_endpoint": "https://login.example.com/t; form-action *"},
    ],
)  # fmt: skip
def test_a_document_that_is_not_the_issuers_is_refused(document: Any) -> None:
    with pytest.raises(sign_in.NotDiscovered):
        sign_in.discovered(ISSUER, serving(document))


def test_an_issuer_that_does_not_answer_is_told() -> None:
    def get(_: str) -> bytes:
        raise NotFetched("status 404")

    with pytest.raises(sign_in.NotDiscovered, match="status 404"):
        sign_in.discovered(ISSUER, get)
    with pytest.raises(sign_in.NotDiscovered, match="https"):
        sign_in.discovered("http://login.example.com", get)


@pytest.mark.parametrize(
    ("given", "chosen", "asks"),
    [
        ({}, DEFAULTS, False), ({}, CHOSEN, False), ({"SignInIssuer": ISSUER}, CHOSEN, True),
        ({"SignInAdmins": "x"}, {**CHOSEN, "SignInTokenUrl": ""}, True),
        ({"SignInIssuer": ISSUER, "SignInAuthorizeUrl": "a", "SignInTokenUrl": "t"}, CHOSEN, False),
        ({"SignInIssuer": ""}, {**CHOSEN, "SignInIssuer": ""}, False),
    ],
)  # fmt: skip
def test_deploy_asks_the_issuer_if_it_changes_or_an_address_is_missing(
    given: dict[str, str], chosen: dict[str, str], asks: bool
) -> None:
    assert sign_in.missing(given, chosen) is asks


def filled(value: Any, values: dict[str, str]) -> str:
    """Return a value of the template as CloudFormation computes it."""
    text = str(value["Fn::Sub"]) if isinstance(value, dict) else str(value)
    for name, given in values.items():
        text = text.replace(f"${{{name}}}", given)
    return text


def test_the_api_of_a_stage_reads_what_the_parameters_say() -> None:
    template = decided(merge_template(built_in(), "jobflow-x"), SignInIssuer=ISSUER)
    variables = template["Resources"][HANDLER]["Properties"]["Environment"]["Variables"]
    found = provider_of(filled(variables["SIGN_IN"], CHOSEN))
    assert found == provider_of(sign_in.setting(CHOSEN))
    assert found is not None
    assert (found.issuer, found.client, found.claim, found.label) == (ISSUER, "console", "groups", "")
    assert found.groups[Role.ADMIN] == {"platform", "root"}


def test_a_stage_without_an_issuer_tells_nothing_of_it() -> None:
    template = decided(merge_template(built_in(), "jobflow-x"))
    assert template["Resources"][HANDLER]["Properties"]["Environment"]["Variables"]["SIGN_IN"] == ""
    assert sign_in.of_console(DEFAULTS) is None
    assert sign_in.setting(DEFAULTS) == ""


def test_the_console_is_told_no_group_and_no_secret() -> None:
    assert sign_in.of_console(CHOSEN) == {
        "name": "single sign-on", "issuer": ISSUER, "clientId": "console", "authorizeUrl": "https://a.example",
        "tokenUrl": "https://t.example/token", "scopes": "openid profile",
    }  # fmt: skip


def test_a_laptop_has_its_provider_from_one_variable() -> None:
    text = json.dumps({"issuer": ISSUER, "client": "console", "admins": "platform", "name": "Example"})
    told = sign_in.of_local_console(text, serving(GOOD))
    assert told is not None
    assert (told["name"], told["tokenUrl"], told["scopes"]) == ("Example", GOOD["token_endpoint"], "openid profile")
    assert sign_in.of_local_console("") is None


@pytest.mark.parametrize(
    ("wrong", "about"),
    [
        ({"SignInIssuer": "http://login.example.com"}, "https"), ({"SignInClientId": ""}, "client"),
        ({"SignInAdmins": ""}, "name a group"),
        ({"SignInTokenUrl": "https://t.example/; script-src *"}, "SignInTokenUrl"),
        ({"SignInTokenUrl": "https://t.example https://*"}, "SignInTokenUrl"),
        ({"SignInTokenUrl": "https://*.example/t"}, "SignInTokenUrl"), ({"SignInName": ""}, "SignInName"),
        ({"SignInScopes": "profile"}, "openid"), ({"SignInClientId": " console"}, "space"),
        ({"SignInAuthorizeUrl": "javascript:alert(1)"}, "SignInAuthorizeUrl"),
        ({"SignInAdmins": ",".join(f"{n:036}" for n in range(20)), "SignInViewers": "v" * 4000}, "bytes"),
    ],
)  # fmt: skip
def test_preflight_stops_at_parameters_that_would_sign_nobody_in(wrong: dict[str, str], about: str) -> None:
    assert list(findings(CHOSEN, built_in(), "jobflow-x")) == []
    found = list(findings({**CHOSEN, **wrong}, built_in(), "jobflow-x"))
    assert all(one.stops for one in found)
    assert about in " ".join(one.sentence for one in found)
    assert list(findings(DEFAULTS, built_in(), "jobflow-x")) == []


@pytest.mark.parametrize("wrong", [{"SignInAdmins": 'a"b'}, {"SignInAdmins": "a\\b"}, {"SignInName": "a\nb"}])
def test_a_deployment_says_which_characters_no_parameter_of_sign_in_may_have(wrong: dict[str, str]) -> None:
    with pytest.raises(CloudError, match="must not have quotation marks, backslashes or line ends"):
        refuse_wrong(parameters(), wrong)
    refuse_wrong(parameters(), CHOSEN)
