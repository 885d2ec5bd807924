"""The job that does nothing, for Celery and for RQ."""

import os

from celery import Celery

app = Celery("tasks", broker=os.environ["PEERS_REDIS"], backend=os.environ["PEERS_REDIS"])


@app.task
def nothing(number):
    """Do nothing."""
    return number


def nothing_for_rq(number):
    """Do nothing."""
    return number
