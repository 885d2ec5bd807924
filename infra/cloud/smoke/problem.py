"""Report that a deployed version does not work."""

from infra.cloud.errors import CloudError


class SmokeFailed(CloudError):
    """Something that must work after a deployment does not; the message says what, and where to look.

    `undone` if the tested version was undone.
    """

    def __init__(self, message: str, *, undone: bool = False) -> None:
        super().__init__(message)
        self.undone = undone
