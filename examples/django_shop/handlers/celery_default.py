"""The job type celery.default: the tasks of the shop, with Django and its database."""

import os

from chalicelib import Function, consume
from jobflow.celery.worker import queue


# With PostgreSQL, add: access=AwsAccess(secrets={"DATABASE_URL": "shop/database"}), Function(…, vpc=True)
@queue("default", timeout=60, function=Function(memory=512, concurrency=5))
def celery_default() -> None:
    """Start Django and import the tasks, once in each process."""
    import django

    # With PostgreSQL: os.environ["DATABASE_URL"] = jobflow.current().secret("DATABASE_URL")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    django.setup()
    import shop.tasks  # noqa: F401


handler = consume(celery_default)
