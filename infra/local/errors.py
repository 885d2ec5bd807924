"""What can keep the platform from running here, in sentences for the person at the keyboard."""


class CannotRun(RuntimeError):
    """The run ends with this sentence."""


class BrokenCode(RuntimeError):
    """The code on disk cannot be loaded; the message is what a person needs in order to mend it."""
