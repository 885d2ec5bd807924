"""What an emulator's process may see of the shell that it was started from."""

import os


def without_aws() -> dict[str, str]:
    """The environment without what is meant for real AWS, or leads there: a profile that is not here stops botocore."""
    return {name: value for name, value in os.environ.items() if not _leads_away(name)}


def _leads_away(name: str) -> bool:
    return name.startswith("AWS_") or name.lower().endswith("_proxy")
