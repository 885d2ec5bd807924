"""What goes wrong on the way to the cloud, in sentences for the person at the terminal."""


class CloudError(Exception):
    """Deploying, packaging or destroying cannot go on; the message says why and what to do."""
