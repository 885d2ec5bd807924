"""A small shop, whose background work was done by Celery."""
