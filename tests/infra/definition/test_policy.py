"""The content security policy of the cloud and of the laptop, as Google's CSP Evaluator judges it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.definition.web.site import content_security_policy as cloud_policy
from infra.local.dashboard.built import content_security_policy as local_policy

ROOT = Path(__file__).parents[3]
MEDIUM = 30
"""The evaluator's severities: the lower, the graver."""
FACTS = {
    "AWS::AccountId": "123456789012",
    "AWS::Region": "eu-west-1",
    "AWS::URLSuffix": "amazonaws.com",
    "ApiOrigin": "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
}


def resolved(value: Any, api_is_known: bool) -> str:
    """A value of the template as CloudFormation makes it."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return FACTS[name]
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{(.+?)\}", lambda found: FACTS[found[1]], text)
        case {"Fn::If": ["HasApiOrigin", known, unknown]}:
            return resolved(known if api_is_known else unknown, api_is_known)
        case {"Fn::Join": [between, parts]}:
            return str(between).join(resolved(part, api_is_known) for part in parts)
    raise AssertionError(f"a form that this test does not know: {value}")


POLICIES = {
    "cloud": resolved(cloud_policy("jobflow-prod"), api_is_known=True),
    "cloud, first step": resolved(cloud_policy("jobflow-prod"), api_is_known=False),
    # The loopback is as safe as HTTPS, which the evaluator does not know.
    "laptop": local_policy("https://127.0.0.1:8000", "https://127.0.0.1:4566"),
}


def findings(*policies: str) -> list[list[dict[str, Any]]]:
    """What the evaluator finds in each policy."""
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

    assert [grave(found) for found in ours] == [[], [], []]
    assert [finding["value"] for finding in grave(weak)] == ["'unsafe-inline'"]


def test_the_laptop_forbids_what_the_cloud_forbids() -> None:
    directives = {name: {part.split()[0] for part in policy.split("; ")} for name, policy in POLICIES.items()}

    assert directives["cloud"] - directives["laptop"] == {"upgrade-insecure-requests"}
    assert directives["laptop"] <= directives["cloud"]
