"""Check that the two files of docs/moving/celery.md run as printed, and that Django's connections are handled."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from jobflow.celery import shared_task
from jobflow.celery.worker import queue
from jobflow.testing import Platform, eager, run
from tests.chalicelib.api.support import only_types
from tests.jobflow.testing.test_docs import blocks


@pytest.fixture
def printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """A platform with the queue of the page, whose module of tasks can be imported."""
    files = blocks("docs/moving/celery.md")
    (tmp_path / "shop").mkdir()
    for name in ("shop/tasks.py", "handlers/celery_default.py"):
        (tmp_path / Path(name).parent).mkdir(exist_ok=True)
        (tmp_path / name).write_text(files[name])
    monkeypatch.syspath_prepend(tmp_path)
    made: dict[str, Any] = {}
    with only_types():
        exec(files["handlers/celery_default.py"], made)  # noqa: S102 - what the page prints
        with eager(made["celery_default"]) as platform:
            yield platform
    for name in ("shop", "shop.tasks"):
        sys.modules.pop(name, None)


def test_the_tasks_of_the_page_run_on_the_queue_of_the_page(printed: Platform) -> None:
    job = printed.finish(printed.submit("celery.default", {"task": "shop.tasks.charge", "args": [7]}))
    assert job.result == f"{job.id} charged 7, retry 0"
    from shop.tasks import charge  # type: ignore[import-not-found]

    done = charge.delay(7)
    assert done.get() == f"{done.id} charged 7, retry 0"
    assert charge.apply_async((7,), countdown=60, task_id="order-7").status == "SUCCESS"


def test_broken_and_old_connections_of_django_are_closed_around_each_task(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    database, settings = ModuleType("django.db"), ModuleType("django.conf")
    database.close_old_connections = lambda: seen.append("closed")  # type: ignore[attr-defined]
    settings.settings = SimpleNamespace(configured=True)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "django.db", database)
    monkeypatch.setitem(sys.modules, "django.conf", settings)

    @shared_task
    def query(fails: bool) -> None:
        seen.append("query")
        if fails:
            raise KeyError

    with only_types():
        kind = queue("mail")(lambda: None)
        run(kind, query.payload(False))
        with pytest.raises(KeyError):
            run(kind, query.payload(True))
        settings.settings.configured = False
        run(kind, query.payload(False))
    assert seen == ["closed", "query", "closed"] * 2 + ["query"]
