"""Use each example repository as its owner does: with the two wheels, its libraries, checks, tests and package."""

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from infra.cloud.package.build import HERE
from tests.e2e.cloud import ministack
from tests.infra.local.running import ROOT
from tests.installed import Own, install

pytestmark = pytest.mark.ministack
"""Run by `make e2e`: it builds two wheels and its own environment."""
SHOP = """
import os
import django

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
django.setup()
from django.core.management import call_command
from django.test import Client
from jobflow.testing import eager

call_command("makemigrations", check=True, dry_run=True)
call_command("migrate", verbosity=0)
with eager():
    Client().post("/orders/7/place")
print(Client().get("/orders/7").json()["receipt"])
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Own:
    return install(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def projects(own: Own) -> dict[str, Path]:
    """Copies of the examples, with their libraries installed."""
    copies = {name: own.folder / name for name in ("celery", "django_shop")}
    for name, project in copies.items():
        unwanted = shutil.ignore_patterns(".jobflow", "build", "*.sqlite3")
        shutil.copytree(ROOT / "examples" / name, project, ignore=unwanted)
        own.done("setup", project)
    return copies


def packaged(own: Own, project: Path) -> dict[str, dict[str, str]]:
    """Package a repository; return the properties of its functions by handler."""
    own.done(f"package --architecture {ministack.architecture()} --python {HERE}", project)
    resources = json.loads((project / "build" / "sam.json").read_text())["Resources"].values()
    return {one["Properties"]["Handler"]: one["Properties"] for one in resources if "Handler" in one["Properties"]}


@pytest.mark.parametrize("name", ["celery", "django_shop"])
def test_an_example_passes_its_checks_and_tests(own: Own, projects: dict[str, Path], name: str) -> None:
    for line in ("check", "test -q"):
        own.done(line, projects[name])


def test_the_tasks_of_celery_ship_with_the_client(own: Own, projects: dict[str, Path]) -> None:
    project = projects["celery"]
    functions = packaged(own, project)
    assert {"handlers.celery_default.handler", "handlers.celery_mail.handler"} <= functions.keys()
    with zipfile.ZipFile(project / "build" / "deployment.zip") as archive:
        assert {"shop/tasks.py", "jobflow/celery/worker.py"} <= set(archive.namelist())


def test_django_ships_with_its_queue_only(own: Own, projects: dict[str, Path]) -> None:
    project = projects["django_shop"]
    function = packaged(own, project)["handlers.celery_default.handler"]
    assert function["CodeUri"] == "./celery-default.zip"
    names = {}
    for file in ("celery-default.zip", "deployment.zip"):
        with zipfile.ZipFile(project / "build" / file) as archive:
            names[file] = set(archive.namelist())
    assert [("django/__init__.py" in found, "shop/models.py" in found) for found in names.values()] == [
        (True, True),
        (False, True),
    ]


def test_the_shop_works_with_its_own_database(own: Own, projects: dict[str, Path]) -> None:
    python = own.folder / "venv" / "bin" / "python"
    done = subprocess.run(
        [python, "-c", SHOP], cwd=projects["django_shop"], env=own.environment(PYTHONPATH="."),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1:] == ["receipt-7"], done.stdout + done.stderr
