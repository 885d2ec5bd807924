"""Measure this platform beside FastAPI with PostgreSQL and Redis, and beside the workers of Celery and RQ.

The load is that of `make load`.
"""
