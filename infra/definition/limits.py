"""Report which of CloudFormation's limits for a stack the job types exceed, before anything is packaged. Pure."""

import json
from collections.abc import Iterator

from chalicelib.errors import ConfigurationError
from infra.definition.template import MOST_PARAMETERS, Types, merge_template

LARGEST = 1_000_000
"""Maximum bytes of a template that is uploaded to S3, before and after the SAM transform."""
GROWTH = 1.2
"""The factor by which the SAM transform enlarges a template of many job types, in bytes."""
WAY_OUT = "Let several types share a queue (queue=Queue(…)), remove job types, or move some to a stage of their own."


def exceeded(types: Types, stack: str) -> Iterator[str]:
    """Yield a sentence for each limit that the stack would exceed, as far as this is known before packaging.

    The packaged template also contains the resources that Chalice makes for the API, which do not depend on the job
    types.
    """
    try:
        template = merge_template(types, stack)
    except ConfigurationError as error:
        yield str(error)
        return
    if len(template["Parameters"]) > MOST_PARAMETERS:
        yield (
            f"{len(types)} job types need {len(template['Parameters'])} parameters, and CloudFormation takes "
            f"{MOST_PARAMETERS} a stack. {WAY_OUT}"
        )
    size = round(GROWTH * len(json.dumps(template, separators=(",", ":")).encode()))
    if size > LARGEST:
        yield (
            f"The template of {len(types)} job types has about {size:,} bytes, and CloudFormation takes {LARGEST:,}. "
            f"Shorten environment=, grants= and secrets= in their AwsAccess(…). {WAY_OUT}"
        )
