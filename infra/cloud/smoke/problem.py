"""Report that a deployed version does not work."""

from infra.cloud.errors import CloudError


class SmokeFailed(CloudError):
    """After a deployment, something that must work does not work. The message says what it is, and where to look.

    `undone`: the tested version was undone.
    """

    def __init__(self, message: str, *, undone: bool = False) -> None:
        super().__init__(message)
        self.undone = undone
