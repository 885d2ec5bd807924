"""Create the jobs of the table job_outbox: run it beside your application, one or several of it.

The row's id is the idempotency key. So a relay that ends between the API's answer and its own commit makes no second
job, and neither do two relays. Reads DATABASE_URL; JOBFLOW_URL and JOBFLOW_TOKEN as the client does.
"""

import os
from typing import Any

import psycopg

from jobflow import ApiError, JobFlow

LOOK = 60.0
"""Seconds after which it looks again although nothing was told: a notification is lost while nobody listens."""
TAKE = """
    select id, type, payload from job_outbox where refused is null
    order by created_at limit 1 for update skip locked
"""


def relay(database: str, jobs: JobFlow, *, forever: bool = True) -> None:
    """Create the jobs that are there, then each one that comes. Raises what the database and the API raise."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("listen job_outbox")
        while True:
            while one(connection, jobs):
                pass
            if not forever:
                return
            for _ in connection.notifies(timeout=LOOK, stop_after=1):
                pass


def one(connection: psycopg.Connection[Any], jobs: JobFlow) -> bool:
    """Create one job and delete its row, in one transaction; return False when there is none.

    A row that the API refuses stays with the reason, for somebody to look at.
    """
    with connection.transaction():
        row = connection.execute(TAKE).fetchone()
        if row is None:
            return False
        job_id, job_type, payload = row
        try:
            jobs.submit(job_type, payload, key=f"outbox-{job_id}")
        except ApiError as error:
            if error.status >= 500 or error.status in (401, 403, 429):
                raise
            connection.execute("update job_outbox set refused = %s where id = %s", [str(error), job_id])
        else:
            connection.execute("delete from job_outbox where id = %s", [job_id])
        return True


if __name__ == "__main__":
    with JobFlow() as client:
        relay(os.environ["DATABASE_URL"], client)
