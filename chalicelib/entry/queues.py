"""Define the Lambda functions of shared queues: `chalicelib.entry.queues.mail` works for `Queue("mail")`.

A process imports the file of a type in `handlers/` with the first message of this type.
"""

from functools import cache as _cache  # a queue may have the name "cache"

from chalicelib.entry.worker import Handler, consume_queue


@_cache
def _handler(name: str) -> Handler:
    return consume_queue(name)


def __getattr__(name: str) -> Handler:
    """Return the Lambda handler of the queue with that name."""
    if name.startswith("_"):
        raise AttributeError(name)
    return _handler(name)
