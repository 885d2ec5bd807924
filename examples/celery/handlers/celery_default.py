"""The job type celery.default: the tasks without a queue of their own."""

from chalicelib import Cron, Function, consume
from jobflow.celery.worker import queue

NIGHTLY = {"task": "shop.tasks.report_yesterday"}


@queue(
    "default",
    timeout=60,
    function=Function(concurrency=10),
    enqueues=("celery.mail",),
    schedule=Cron("0 3 * * *", timezone="Europe/Berlin", payload=NIGHTLY, name="report"),
)
def celery_default() -> None:
    """Import the tasks, once in each process."""
    import shop.tasks  # noqa: F401


handler = consume(celery_default)
