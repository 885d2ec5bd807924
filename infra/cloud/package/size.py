"""Refuse a template that is too large for CloudFormation, before or after the SAM transform. Pure."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from infra.cloud.errors import CloudError
from infra.cloud.package.translate import translated
from infra.definition.template import MOST_RESOURCES

LARGEST = 1_000_000
"""Maximum bytes of a template that is uploaded to S3, before and after the transform. (51,200 is the limit of an inline
template.)"""
GROWTH = 2
"""Upper bounds: how many times the transform may enlarge a template, in bytes and in resources. In fact, the transform
enlarges a template by a fifth."""
SMALLER = "Remove job types, or move some of them into a repository with a stage of its own."
LARGEST_SHOWN = 3
SHORTENED = ("AWS::Serverless::Function", "AWS::Lambda::Function", "AWS::IAM::Role")
"""Parts of the template that the author of a job type can make smaller. The platform's own API and dashboard are not
listed."""


def compact(template: Mapping[str, Any]) -> bytes:
    """Return the template in the form that is sent."""
    return json.dumps(template, separators=(",", ":")).encode()


def check_size(template: dict[str, Any]) -> None:
    """Raise CloudError for a template over one of the two limits, with the large parts and a solution.

    The transform takes half a second of CPU, so it runs here only for a large template.
    """
    size = _checked(template, "")
    if size * GROWTH > LARGEST or len(template["Resources"]) * GROWTH > MOST_RESOURCES:
        copy: dict[str, Any] = json.loads(compact(template))
        _checked(translated(copy), " after the SAM transform")


def _checked(template: Mapping[str, Any], when: str) -> int:
    resources, size = template["Resources"], len(compact(template))
    if len(resources) > MOST_RESOURCES:
        told = _by_kind(Counter(resource["Type"] for resource in resources.values()))
        raise CloudError(
            f"The template has {len(resources)} resources{when} ({told}, \u2026), and CloudFormation takes "
            f"{MOST_RESOURCES}. {SMALLER}"
        )
    if size > LARGEST:
        own = [name for name, resource in resources.items() if resource["Type"] in SHORTENED]
        largest = sorted(own, key=lambda name: len(compact(resources[name])), reverse=True)[:LARGEST_SHOWN]
        told = ", ".join(f"{name} {len(compact(resources[name])):,}" for name in largest)
        kinds: Counter[str] = Counter()
        for resource in resources.values():
            kinds[resource["Type"]] += len(compact(resource))
        raise CloudError(
            f"The template has {size:,} bytes{when}, and CloudFormation takes {LARGEST:,}. What takes "
            f"them: {_by_kind(kinds)}, \u2026. The largest parts: {told}. Shorten environment=, grants= and secrets= "
            f"in their AwsAccess(\u2026). {SMALLER}"
        )
    return size


def _by_kind(numbers: Counter[str]) -> str:
    return ", ".join(f"{number:,} {kind}" for kind, number in numbers.most_common(LARGEST_SHOWN))
