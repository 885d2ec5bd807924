"""Test which file answers each path of the site, in the cloud and on the laptop, and the content security policy.

Google's CSP Evaluator checks the policy.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from infra.definition.web.site import REWRITE
from infra.definition.web.site import content_security_policy as cloud_policy
from infra.local import ports
from infra.local.dashboard.built import Dashboard
from infra.local.dashboard.built import content_security_policy as local_policy

PATHS = {
    "/": "/index.html",
    "/dashboard": "/index.html",
    "/jobs/8a1f": "/index.html",
    "/reference": "/reference/index.html",
    "/reference/": "/reference/index.html",
    "/reference/index.html": "/reference/index.html",
    "/references": "/index.html",
    "/jobs/reference": "/index.html",
    "/assets/main-1a2b.js": "/assets/main-1a2b.js",
    "/theme.js": "/theme.js",
}
"""Requested paths, and the file that answers each."""


def node() -> str:
    """Return the Node that builds the dashboard: the system's, or the one in the virtual environment."""
    found = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    assert found, "the dashboard is built with Node, and so it is there"
    return found


def test_cloudfronts_function_finds_the_file() -> None:
    ask = f"console.log(JSON.stringify({json.dumps(list(PATHS))}.map(uri => handler({{request: {{uri}}}}).uri)))"
    done = subprocess.run([node(), "-e", REWRITE + ask], capture_output=True, text=True, check=True)
    assert dict(zip(PATHS, json.loads(done.stdout), strict=True)) == PATHS


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    """The laptop's site, in which each file contains its own name."""
    for name in set(PATHS.values()):
        file = tmp_path / name.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    with ports.listen(0, "DASHBOARD_PORT") as listener, start_blocking_portal() as portal:
        dashboard = Dashboard(portal, tmp_path, listener, {}, "default-src 'none'")
        with httpx.Client(base_url=f"http://127.0.0.1:{ports.port_of(listener)}", timeout=60) as asking:
            yield asking
        dashboard.close()


def test_the_laptop_finds_the_same(client: httpx.Client) -> None:
    assert {path: client.get(path).text for path in PATHS} == PATHS


ROOT = Path(__file__).parents[3]
MEDIUM = 30
"""The evaluator's severities; a lower number is more serious."""
FACTS = {
    "AWS::AccountId": "123456789012",
    "AWS::Region": "eu-west-1",
    "AWS::URLSuffix": "amazonaws.com",
    "SignInTokenUrl": "https://login.example.com/oauth2/token",
    "ApiOrigin": "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
}


def resolved(value: Any, api_is_known: bool, signs_in: bool = False) -> str:
    """Return a value of the template as CloudFormation computes it."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return FACTS[name]
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{(.+?)\}", lambda found: FACTS[found[1]], text)
        case {"Fn::If": ["HasApiOrigin", known, unknown]}:
            return resolved(known if api_is_known else unknown, api_is_known)
        case {"Fn::If": ["HasSignIn", with_it, without]}:
            return resolved(with_it if signs_in else without, api_is_known)
        case {"Fn::Join": [between, parts]}:
            return str(between).join(resolved(part, api_is_known, signs_in) for part in parts)
    raise AssertionError(f"a form that this test does not know: {value}")


POLICIES = {
    "cloud": resolved(cloud_policy("jobflow-prod"), api_is_known=True),
    "cloud, first step": resolved(cloud_policy("jobflow-prod"), api_is_known=False),
    "cloud, sign-in": resolved(cloud_policy("jobflow-prod"), api_is_known=True, signs_in=True),
    # the loopback address is as safe as HTTPS, but the evaluator does not take this into account
    "laptop": local_policy("https://127.0.0.1:8000", "https://127.0.0.1:4566"),
}


def findings(*policies: str) -> list[list[dict[str, Any]]]:
    """Return the evaluator's findings for each policy."""
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    assert node, "the dashboard is built with Node, and so it is there"
    done = subprocess.run(
        [node, "node_modules/tsx/dist/cli.mjs", "scripts/csp.ts", *policies],
        cwd=ROOT / "dashboard",
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def grave(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [finding for finding in found if finding["severity"] <= MEDIUM]


def test_the_evaluator_finds_nothing_grave_in_ours_and_would_in_a_weaker_one() -> None:
    weaker = POLICIES["cloud"].replace("script-src 'self'", "script-src 'self' 'unsafe-inline'")
    *ours, weak = findings(*POLICIES.values(), weaker)

    assert [grave(found) for found in ours] == [[], [], [], []]
    assert [finding["value"] for finding in grave(weak)] == ["'unsafe-inline'"]


def test_the_laptop_forbids_what_the_cloud_forbids() -> None:
    directives = {name: {part.split()[0] for part in policy.split("; ")} for name, policy in POLICIES.items()}

    assert directives["cloud"] - directives["laptop"] == {"upgrade-insecure-requests"}
    assert directives["laptop"] <= directives["cloud"]


def test_with_sign_in_the_page_may_also_exchange_a_code_and_nothing_else() -> None:
    token, laptop = FACTS["SignInTokenUrl"], POLICIES["laptop"].split("; ")
    without, with_it = (POLICIES[name].split("; ") for name in ("cloud", "cloud, sign-in"))
    assert [one.replace(f" {token}", "") for one in with_it] == without
    assert next(one for one in with_it if one.startswith("connect-src")).endswith(f" {token}")
    local = local_policy("https://127.0.0.1:8000", "https://127.0.0.1:4566", token).split("; ")
    assert [one.replace(f" {token}", "") for one in local] == laptop
