"""Take ids from Redis, read each job from PostgreSQL, do nothing, and write that it is done."""

import os

import psycopg
from redis import Redis

queue = Redis.from_url(os.environ["PEERS_REDIS"])
with psycopg.connect(os.environ["PEERS_DATABASE"], autocommit=True) as database:
    while True:
        _, job_id = queue.brpop("jobs")
        database.execute(
            "update jobs set status = 'processing' where id = %s and status = 'queued'", (job_id.decode(),)
        )
        database.execute("update jobs set status = 'completed', finished_at = now() where id = %s", (job_id.decode(),))
