"""Find the account and the region first, so that missing settings are reported before anything is built."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from infra.cloud.errors import CloudError


@dataclass(frozen=True)
class Account:
    """An AWS account in a region, and clients for it; AWS_ENDPOINT_URL redirects them to an emulator.

    `identity` is the ARN of the credentials.
    """

    session: boto3.Session
    id: str
    region: str
    identity: str = ""

    def client(self, service: str, **options: Any) -> Any:
        """Return a client of a service in the region; `options` are boto3's."""
        return self.session.client(service, **options)  # type: ignore[call-overload]

    @cached_property
    def cloudformation(self) -> Any:
        """Return the client of CloudFormation, which almost all commands need."""
        return self.client("cloudformation")


def sign_in() -> Account:
    """Return the account of the environment's credentials and region.

    Raises CloudError that names a missing setting.
    """
    try:
        # boto3 reads only AWS_DEFAULT_REGION; all other AWS tools prefer AWS_REGION
        session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
        if not session.region_name:
            raise CloudError("No region is set. Set AWS_REGION, for example AWS_REGION=eu-central-1.")
        caller = session.client("sts").get_caller_identity()
    except ProfileNotFound as error:
        raise CloudError(f"{error}. `aws configure list-profiles` lists the profiles.") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise CloudError(
            "No AWS credentials were found. Set AWS_PROFILE (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), "
            "or sign in with `aws sso login`."
        ) from error
    except EndpointConnectionError as error:
        raise CloudError(f"AWS cannot be reached: {error}") from error
    except (ClientError, BotoCoreError) as error:
        raise CloudError(f"AWS does not accept these credentials: {error}") from error
    return Account(session, caller["Account"], session.region_name, caller["Arn"])
