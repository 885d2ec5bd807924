"""Name the parameters of sign-in, and make the API's setting and the console's policy from them."""

from infra.definition.names import Value, sub

NAME, SCOPES = "single sign-on", "openid profile"
"""What the console's button says after "Sign in with", and what the console asks the provider for."""
ISSUER, AUTHORIZE, TOKEN = "SignInIssuer", "SignInAuthorizeUrl", "SignInTokenUrl"
SETTING = {
    "issuer": ISSUER, "client": "SignInClientId", "claim": "SignInGroupsClaim", "label": "SignInLabelClaim",
    "viewers": "SignInViewers", "operators": "SignInOperators", "admins": "SignInAdmins",
}  # fmt: skip
"""The parts of the API's setting SIGN_IN, with the parameters of a stage."""
PLAIN = r'[^"\\\x00-\x1f]*'
"""The values of these parameters: the setting is JSON, and CloudFormation does not quote what it inserts."""


def setting() -> Value:
    """Return the variable SIGN_IN of the API; empty without an issuer."""
    parts = ", ".join(f'"{part}": "${{{name}}}"' for part, name in SETTING.items())
    return {"Fn::If": ["HasSignIn", sub(f"{{{parts}}}"), ""]}


def source() -> Value:
    """Return what the console's policy allows in addition: to exchange a code at the provider."""
    return {"Fn::If": ["HasSignIn", sub(f" ${{{TOKEN}}}"), ""]}
