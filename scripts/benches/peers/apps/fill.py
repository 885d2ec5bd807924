"""Put jobs that do nothing into the queue of Celery or of RQ: `python fill.py celery 500`."""

import os
import sys

from redis import Redis
from rq import Queue
from tasks import nothing, nothing_for_rq

number = int(sys.argv[2])
if sys.argv[1] == "celery":
    for n in range(number):
        nothing.delay(n)
else:
    queue = Queue(connection=Redis.from_url(os.environ["PEERS_REDIS"]))
    for n in range(number):
        queue.enqueue(nothing_for_rq, n)
