"""Compare this platform with FastAPI, PostgreSQL and Redis, and with the workers of Celery and RQ.

The load is that of `make load`.
"""
