"""The job types: one file for each queue that Celery had."""
