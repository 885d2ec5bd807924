"""Check the parameters of sign-in: a mistake would show only when the first person tries."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.jobtype import JobType
from chalicelib.sessions.provider import fits, provider_of
from infra import sign_in
from infra.cloud.preflight.finding import Finding
from infra.definition.lambdas.reaching import LARGEST_ENVIRONMENT
from infra.definition.names import EXPORTS_SPANS, Value
from infra.definition.template import merge_template
from infra.definition.web.gateway import HANDLER
from infra.definition.web.sign_in import AUTHORIZE, ISSUER, SETTING, TOKEN

ABOUT = "sign-in"
GUESS = 64
"""Characters of a value that is not known before the deployment, such as the name of a bucket."""
GIVEN_BY = {EXPORTS_SPANS: "OtlpEndpoint", "HasTraceUrl": "TraceUrl"}
"""The parameter on which a condition depends."""


def findings(values: Mapping[str, str], types: Sequence[JobType[Any, Any]], stack: str) -> Iterator[Finding]:
    """Yield the problems of a stage with these parameters; nothing without `SignInIssuer`."""
    if not values[ISSUER]:
        return
    for name in sorted(one for one in values if one.startswith("SignIn")):
        if values[name] != values[name].strip():
            yield Finding(ABOUT, f"{name} must not begin or end with a space.", stops=True)
    if not values["SignInName"].strip():
        yield Finding(ABOUT, "SignInName must not be empty: it names the button of the sign-in page.", stops=True)
    if "openid" not in values["SignInScopes"].split():
        yield Finding(ABOUT, "SignInScopes must have openid: without it, there is no ID token.", stops=True)
    try:
        provider_of(sign_in.setting(values))
    except ConfigurationError as error:
        names = ", ".join(SETTING.values())
        yield Finding(ABOUT, f"{error}. These parts are the parameters {names}: docs/sign-in.md.", stops=True)
    for name in (AUTHORIZE, TOKEN):
        # it becomes a part of the console's security policy
        if values[name] and not fits(values[name]):
            yield Finding(ABOUT, f"{name} must be an https:// address without a query.", stops=True)
    size = sum(len(name) + length(value, values) for name, value in _variables(types, stack).items())
    size += len(sign_in.setting(values))
    if size > LARGEST_ENVIRONMENT:
        yield Finding(
            ABOUT, f"The API's variables would have about {size:,} bytes, and Lambda takes {LARGEST_ENVIRONMENT:,}. "
            "Name fewer groups, or let several types share a queue (queue=Queue(…)).", stops=True,
        )  # fmt: skip


def _variables(types: Sequence[JobType[Any, Any]], stack: str) -> dict[str, Value]:
    template = merge_template(types, stack)
    own = template["Resources"][HANDLER]["Properties"]["Environment"]["Variables"]
    return {**template["Globals"]["Function"]["Environment"]["Variables"], **own}


def length(value: Value, values: Mapping[str, str]) -> int:
    """Return about how long a variable is."""
    match value:
        case {"Ref": name}:
            return len(values.get(name, "x" * GUESS))
        case {"Fn::Sub": text}:
            filled = re.sub(r"\$\{([^}]+)\}", lambda found: values.get(found[1], "x" * 36), text)
            return len(filled)
        case {"Fn::If": [str(condition), given, _]} if condition in GIVEN_BY:
            return length(given, values) if values.get(GIVEN_BY[condition]) else 0
        case str():
            return len(value)
    return GUESS
