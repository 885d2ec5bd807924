"""Run the recipes of docs/recipes.md as printed, in separate processes, with the API available and unavailable."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.job_types import jobtype
from tests.chalicelib.api.support import World
from tests.infra.local.running import ROOT, untouched
from tests.jobflow.recipes import served
from tests.jobflow.testing.test_docs import blocks

DJANGO = """
import django
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.db"}}, USE_TZ=True)
django.setup()
from django.db import connection, transaction
from outbox.models import Outbox, enqueue, send
if "outbox_outbox" not in connection.introspection.table_names():
    with connection.schema_editor() as editor:
        editor.create_model(Outbox)

def order(number, fails=False):
    try:
        with transaction.atomic():
            enqueue("email.send", {"to": ["ada@example.com"], "subject": f"Order {number}", "text": "Thanks."})
            if fails:
                raise ValueError
    except ValueError:
        pass
"""
FASTAPI = """
from fastapi.testclient import TestClient
from shop_fastapi import app

def order(number, fails=False):
    with TestClient(app, raise_server_exceptions=False) as client:
        client.post(f"/orders/{number}")

def send():
    with TestClient(app):
        pass
"""
FLASK = """
from shop_flask import app, send_outbox

def order(number, fails=False):
    app.test_client().post(f"/orders/{number}")

def send():
    app.test_cli_runner().invoke(send_outbox, catch_exceptions=False)
"""
RECIPES = {"outbox/models.py": DJANGO, "shop_fastapi.py": FASTAPI, "shop_flask.py": FLASK}


@pytest.fixture
def world() -> Iterator[World]:
    jobtype.load()
    yield World()
    parts.reset()


def run(folder: Path, code: str, url: str, token: str) -> None:
    """Run the recipe in its folder; fail with its output."""
    environment = {**untouched(), "PYTHONPATH": f"{folder}:{ROOT}", "JOBFLOW_URL": url, "JOBFLOW_TOKEN": token}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", RECIPES)
def test_a_job_is_created_exactly_when_the_transaction_commits(name: str, world: World, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(blocks("docs/recipes.md")[name])
    secret, down = world.secrets[Role.OPERATOR], threading.Event()
    with served(world, down) as url:
        run(tmp_path, f"{RECIPES[name]}\norder(1)\norder(1, fails=True)", url, secret)
        assert subjects(world) == ["Order 1"]
        down.set()
        run(tmp_path, f"{RECIPES[name]}\ntry:\n    order(2)\nexcept Exception:\n    pass", url, secret)
        assert subjects(world) == ["Order 1"]
        down.clear()
        run(tmp_path, f"{RECIPES[name]}\nsend()\nsend()", url, secret)
    assert subjects(world) == ["Order 1", "Order 2"]


def subjects(world: World) -> list[str]:
    """Return the orders that have a job."""
    return sorted(str(job.payload["subject"]) for job in world.store._jobs.values() if isinstance(job.payload, dict))
