"""The job type celery.mail: the tasks of the queue "mail", at most ten a second."""

from chalicelib import Rate, consume
from jobflow.celery.worker import queue


@queue("mail", timeout=30, rate=Rate(10, per=1))
def celery_mail() -> None:
    """Import the tasks, once in each process."""
    import shop.tasks  # noqa: F401


handler = consume(celery_mail)
