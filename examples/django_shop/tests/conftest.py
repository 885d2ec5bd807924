"""A database in memory for the tests."""

import os
from collections.abc import Iterator

import django
import pytest
from django.conf import settings
from django.test.utils import get_runner

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()


@pytest.fixture(scope="session", autouse=True)
def database() -> Iterator[None]:
    """Create the test's database with all migrations, and delete it at the end."""
    runner = get_runner(settings)(verbosity=0, interactive=False)
    made = runner.setup_databases()
    yield
    runner.teardown_databases(made)
