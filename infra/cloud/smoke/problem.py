"""Tell that a deployed version does not work."""

from infra.cloud.errors import CloudError


class SmokeFailed(CloudError):
    """Something that must work after a deployment does not; the message says what, and where to look."""
