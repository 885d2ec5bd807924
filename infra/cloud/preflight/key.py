"""Check the customer's KMS key (`KmsKeyArn`). CloudFormation would report a problem with it only minutes later."""

import re
from collections.abc import Iterator
from typing import Any

from infra.cloud.preflight.asking import Asking
from infra.cloud.preflight.finding import Finding

ABOUT = "key"
ARN = re.compile(r"arn:[^:]+:kms:([^:]+):\d+:key/[^/]+")
USAGE, SPEC = "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"


def findings(asking: Asking, arn: str, region: str) -> Iterator[Finding]:
    """Yield the problems of the key; nothing if the stage does not set `KmsKeyArn`."""
    if not arn:
        return
    named = ARN.fullmatch(arn)
    if named is None:
        yield Finding(
            ABOUT, f"KmsKeyArn={arn} is not the ARN of a key (arn:aws:kms:{region}:…:key/…). Roles name the key "
            "itself: an alias does not do.", stops=True,
        )  # fmt: skip
    elif named[1] != region:
        yield Finding(
            ABOUT,
            f"KmsKeyArn is a key of {named[1]}, and the stage is in {region}: name a key of {region}.",
            stops=True,
        )
    else:
        yield from _as_it_is(asking, arn, region)


def _as_it_is(asking: Asking, arn: str, region: str) -> Iterator[Finding]:
    found = asking.ask(ABOUT, "kms", "describe_key", KeyId=arn)
    if found is not None:
        yield from _metadata(found["KeyMetadata"])
    elif asking.refused[ABOUT] == "NotFoundException":
        del asking.refused[ABOUT]
        yield Finding(ABOUT, f"There is no key {arn}.", stops=True)
        return
    policy = asking.ask("key policy", "kms", "get_key_policy", KeyId=arn, PolicyName="default")
    if policy is None:
        # no finding: a deployer may have the permission to use a key, but not to read its policy
        asking.refused.pop("key policy", None)
    elif f"logs.{region}." not in policy["Policy"]:
        yield Finding(
            ABOUT, f"The key's policy does not name logs.{region}.amazonaws.com: CloudWatch Logs refuses a log group "
            "under a key that it may not use. Let it kms:Encrypt, Decrypt, ReEncrypt*, GenerateDataKey*, DescribeKey.",
        )  # fmt: skip


def _metadata(key: dict[str, Any]) -> Iterator[Finding]:
    if key["KeyState"] != "Enabled":
        yield Finding(ABOUT, f"The key of KmsKeyArn is {key['KeyState']}, not Enabled.", stops=True)
    if (key["KeyUsage"], key["KeySpec"]) != (USAGE, SPEC):
        yield Finding(
            ABOUT, f"The key of KmsKeyArn is {key['KeySpec']} for {key['KeyUsage']}; tables and queues take only "
            f"{SPEC} for {USAGE}.", stops=True,
        )  # fmt: skip
