"""Limit what an emulator's process gets from the environment of its shell."""

import os


def without_aws() -> dict[str, str]:
    """Return the environment without settings for real AWS: botocore fails if a profile does not exist here."""
    return {name: value for name, value in os.environ.items() if not _leads_away(name)}


def _leads_away(name: str) -> bool:
    return name.startswith("AWS_") or name.lower().endswith("_proxy")
