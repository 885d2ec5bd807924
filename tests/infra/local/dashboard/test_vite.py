"""Test `make dev WATCH=1`: the dashboard is served from its sources to a browser."""

import re
import shutil
import signal
import socket
from pathlib import Path

import httpx
import pytest

from infra.local.dashboard.built import content_security_policy
from infra.local.dashboard.vite import HotDashboard, hot_policy
from infra.local.errors import CannotRun
from tests.infra.local.running import BOUND_SECONDS, ROOT, alive, copy_of_the_code, running, until

API, FILES = "http://127.0.0.1:8000", "http://127.0.0.1:4566"

FOREIGN = (
    {"Host": "rebound.test"},
    {"Origin": "http://localhost:9999"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
)


def sources(folder: Path) -> Path:
    """A copy of the dashboard's sources, which the test can edit, with the packages of the real one."""
    packages = ROOT / "dashboard" / "node_modules"
    shutil.copytree(
        ROOT / "dashboard",
        folder,
        ignore=shutil.ignore_patterns("node_modules", "dist", "shots", "test-results", "playwright-report"),
    )
    (folder / "node_modules").symlink_to(packages)
    client = Path("clients", "typescript", "src")
    shutil.copytree(ROOT / client, folder.parent / client)
    return folder


def listen_for_edits(port: int) -> socket.socket:
    """Open the WebSocket on which Vite tells a browser what to load again."""
    client = httpx.get(f"http://127.0.0.1:{port}/@vite/client", timeout=60).text
    [token] = re.findall(r'const wsToken = "(.+?)"', client)
    ear = socket.create_connection(("127.0.0.1", port), timeout=BOUND_SECONDS)
    ear.sendall(
        f"GET /?token={token} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: vite-hmr\r\n\r\n".encode()
    )
    assert heard(ear, b'"connected"').startswith(b"HTTP/1.1 101")
    return ear


def heard(ear: socket.socket, words: bytes) -> bytes:
    """Return all messages until those words."""
    said = b""
    while words not in said:
        more = ear.recv(65_536)
        assert more, said
        said += more
    return said


def test_an_edit_reaches_the_browser_and_nothing_is_left_behind(tmp_path: Path) -> None:
    root = copy_of_the_code(tmp_path / "code")
    edited = sources(root / "dashboard") / "src" / "shell" / "Help.tsx"
    state = tmp_path / "state"
    state.mkdir()
    with running(root, state, WATCH="1") as run:
        origin, pid = run.state["dashboard"], run.state["pids"]["dashboard"]
        port = httpx.URL(origin).port
        assert port
        page = httpx.get(f"{origin}/jobs/some-id", timeout=60)
        config = httpx.get(f"{origin}/config.json", timeout=60).json()
        others = [httpx.get(f"{origin}/config.json", headers=headers, timeout=60).status_code for headers in FOREIGN]
        preflight = run.client.options("/jobs")
        httpx.get(f"{origin}/src/shell/Help.tsx", timeout=60).raise_for_status()
        with listen_for_edits(port) as ear:
            edited.write_text(edited.read_text().replace("export default", "// edited\nexport default", 1))
            heard(ear, b"/src/shell/Help.tsx")
        until(lambda: "// edited" in httpx.get(f"{origin}/src/shell/Help.tsx", timeout=60).text)
        code = run.stop(signal.SIGINT)

    [nonce] = re.findall(r"script-src 'self' 'nonce-(.+?)'", page.headers["content-security-policy"])
    assert f'<script type="module" src="/src/main.tsx" nonce="{nonce}">' in page.text
    assert (config["apiUrl"], config["devToken"]) == (str(run.client.base_url), (state / "token").read_text().strip())
    assert others == [403] * len(FOREIGN)
    assert preflight.headers["access-control-allow-origin"] == origin
    assert code == 0
    assert not alive(pid)


def test_without_its_packages_it_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="make dev WATCH=1"):
        HotDashboard(tmp_path, 0, {"apiUrl": API}, FILES, tmp_path / "log")


def test_what_keeps_vite_from_starting_is_shown(tmp_path: Path) -> None:
    folder = sources(tmp_path / "dashboard")
    (folder / "vite.config.ts").write_text("throw new Error('this configuration is broken');")
    with pytest.raises(CannotRun, match="this configuration is broken"):
        HotDashboard(folder, 1, {"apiUrl": API}, FILES, tmp_path / "log")


