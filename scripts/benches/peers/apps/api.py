"""Serve a typical job API: FastAPI, a row in PostgreSQL, a list in Redis. It has the routes that the load needs."""

import os
import uuid
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, HTTPException
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel
from redis.asyncio import Redis

TABLE = """create table if not exists jobs (id uuid primary key, type text, payload jsonb, status text,
created_at timestamptz, finished_at timestamptz)"""
pool = AsyncConnectionPool(os.environ["PEERS_DATABASE"], min_size=4, max_size=20, open=False)
queue = Redis.from_url(os.environ["PEERS_REDIS"])


class NewJob(BaseModel):
    """A job in a POST."""

    type: str
    payload: Any


@asynccontextmanager
async def lifespan(_: FastAPI):
    """Open the pool, and make the table."""
    await pool.open()
    async with pool.connection() as connection:
        await connection.execute(TABLE)
    yield
    await pool.close()


app = FastAPI(lifespan=lifespan)


@app.get("/job-types")
async def job_types():
    """Return the only type."""
    return {"job_types": [{"type": "email.send", "example": {"to": ["ada@example.com"], "subject": "s", "text": "t"}}]}


@app.post("/jobs", status_code=201)
async def create(job: NewJob):
    """Store a job, and put its id into the queue."""
    job_id, now = uuid.uuid4(), datetime.now(UTC)
    async with pool.connection() as connection:
        await connection.execute(
            "insert into jobs values (%s, %s, %s, 'queued', %s, null)", (job_id, job.type, Jsonb(job.payload), now)
        )
    await queue.lpush("jobs", str(job_id))
    return {"id": str(job_id), "status": "queued", "created_at": now.isoformat()}


@app.get("/jobs/{job_id}")
async def show(job_id: uuid.UUID):
    """Return a job."""
    async with pool.connection() as connection:
        found = await connection.execute("select status, created_at, finished_at from jobs where id = %s", (job_id,))
        row = await found.fetchone()
    if row is None:
        raise HTTPException(404)
    return {
        "id": str(job_id),
        "status": row[0],
        "created_at": row[1].isoformat(),
        "finished_at": row[2] and row[2].isoformat(),
    }
