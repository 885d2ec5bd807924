"""`make e2e-ui` starts and stops the platform around the browser tests, which are Playwright's."""

from pathlib import Path

import httpx
import pytest

from scripts.browser_tests import CannotRun, browser, platform, viewer
from tests.infra.local.running import alive


def program(folder: Path, name: str) -> str:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.touch(mode=0o755)
    return str(path)


def test_the_browser_is_the_one_that_is_named_or_else_the_first_on_the_path(tmp_path: Path) -> None:
    own = program(tmp_path / "own", "my-chromium")
    found = program(tmp_path / "bin", "chromium-browser")
    path = str(tmp_path / "bin")

    assert browser({"PATH": path}) == found
    assert browser({"PATH": path, "CHROMIUM": own}) == own
    assert browser({"PATH": path, "CHROMIUM": ""}) == found


@pytest.mark.parametrize("named", ["", "/no/such/chromium"])
def test_no_browser_is_one_sentence(tmp_path: Path, named: str) -> None:
    with pytest.raises(CannotRun, match="Browser tests need Chromium"):
        browser({"PATH": str(tmp_path), "CHROMIUM": named})


def test_the_platform_knows_a_viewer_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with platform(tmp_path) as state:
        token = viewer(state)
        headers = {"Authorization": f"Bearer {token}"}
        me = httpx.get(f"{state['api']}/me", headers=headers).json()
        refused = httpx.post(f"{state['api']}/jobs", headers=headers, json={"type": "email.send", "payload": {}})
        page = httpx.get(f"{state['dashboard']}/dashboard")
        pids = [state["pids"][name] for name in ("runner", "emulator", "api")]

    assert me["role"] == "viewer"
    assert refused.status_code == 403
    assert "<title>JobFlow</title>" in page.text
    assert not [pid for pid in pids if alive(pid)]
    assert not (tmp_path / "dev.json").exists()
