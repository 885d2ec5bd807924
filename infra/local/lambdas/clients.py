"""Make SDK clients for the runner's own calls to the emulator, independent of the shell's AWS settings."""

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from infra.local.lambdas.specs import REGION

# Calls run in a few threads, each with an open connection. A blocked call must end soon after a shutdown.
CONFIG = Config(
    max_pool_connections=64,
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 2},
    account_id_endpoint_mode="disabled",  # otherwise the host name of a stream request contains the account
    proxies={},  # no proxy: the emulator is on this machine
)
OF_A_STACK = CONFIG.merge(Config(read_timeout=60))
"""The configuration of the client for CloudFormation: it waits 60 s for an answer. At the first call about a stack, the
emulator loads its code, which takes over ten seconds on a busy laptop."""
NOTHING_OF_THE_SHELL: dict[str, Any] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Session variables of botocore, without AWS_PROFILE: its profile may not exist here, or may have settings for real
AWS."""


def session(aws: Mapping[str, str]) -> boto3.Session:
    """Return a session whose clients use the emulator of `aws`, environment variables that point to it."""
    made = boto3.Session(
        botocore_session=botocore.session.Session(NOTHING_OF_THE_SHELL),
        aws_access_key_id=aws.get("AWS_ACCESS_KEY_ID", "local"),
        aws_secret_access_key=aws.get("AWS_SECRET_ACCESS_KEY", "local"),
        region_name=aws.get("AWS_DEFAULT_REGION", REGION),
    )
    made.client = partial(made.client, endpoint_url=aws["AWS_ENDPOINT_URL"], config=CONFIG)  # type: ignore[method-assign]
    return made
