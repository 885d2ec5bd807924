"""The site's paths: which file answers each, in the cloud and on the laptop alike."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.definition.web.site import REWRITE
from infra.local.dashboard.built import Dashboard

PATHS = {
    "/": "/index.html",
    "/dashboard": "/index.html",
    "/jobs/8a1f": "/index.html",
    "/reference": "/reference/index.html",
    "/reference/": "/reference/index.html",
    "/reference/index.html": "/reference/index.html",
    "/references": "/index.html",
    "/jobs/reference": "/index.html",
    "/assets/main-1a2b.js": "/assets/main-1a2b.js",
    "/theme.js": "/theme.js",
}
"""What is asked for, and the file that answers."""


def node() -> str:
    """The Node that builds the dashboard: the system's, or the one in the virtual environment."""
    found = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    assert found, "the dashboard is built with Node, and so it is there"
    return found


def test_cloudfronts_function_finds_the_file() -> None:
    ask = f"console.log(JSON.stringify({json.dumps(list(PATHS))}.map(uri => handler({{request: {{uri}}}}).uri)))"
    done = subprocess.run([node(), "-e", REWRITE + ask], capture_output=True, text=True, check=True)
    assert dict(zip(PATHS, json.loads(done.stdout), strict=True)) == PATHS


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    """The laptop's site, in which each file says its own name."""
    for name in set(PATHS.values()):
        file = tmp_path / name.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    dashboard = Dashboard(tmp_path, 0, {}, "default-src 'none'")
    with httpx.Client(base_url=f"http://127.0.0.1:{dashboard.port}") as asking:
        yield asking
    dashboard.close()


def test_the_laptop_finds_the_same(client: httpx.Client) -> None:
    assert {path: client.get(path).text for path in PATHS} == PATHS
