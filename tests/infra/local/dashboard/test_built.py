"""Test the dashboard's static server."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from infra.local import ports
from infra.local.dashboard.built import Dashboard, content_security_policy

POLICY = content_security_policy("http://127.0.0.1:8000", "http://127.0.0.1:4566")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    build = tmp_path / "dist"
    (build / "assets").mkdir(parents=True)
    (build / "index.html").write_text("the app's page")
    (build / "assets" / "main.js").write_text("the script")
    (tmp_path / "secret.txt").write_text("not for anybody")
    with ports.listen(0, "DASHBOARD_PORT") as listener, start_blocking_portal() as portal:
        dashboard = Dashboard(portal, build, listener, {"apiUrl": "http://127.0.0.1:8000"}, POLICY)
        with httpx.Client(base_url=f"http://127.0.0.1:{ports.port_of(listener)}", timeout=60) as client:
            yield client
        dashboard.close()




def test_a_file_is_served_with_its_type(client: httpx.Client) -> None:
    answer = client.get("/assets/main.js")

    assert answer.text == "the script"
    assert "javascript" in answer.headers["content-type"]


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone.js",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/x%00.y",
        f"/{300 * 'x'}.y",
    ],
    ids=range(6),
)
def test_a_missing_file_and_one_outside_stay_missing(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-security-policy"] == POLICY




def test_the_config_is_made_at_run_time(client: httpx.Client) -> None:
    assert client.get("/config.json").json() == {"apiUrl": "http://127.0.0.1:8000"}


@pytest.mark.parametrize("path", ["/", "/assets/main.js", "/config.json", "/gone.js"])
def test_every_answer_carries_the_strict_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"




@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.test"},
        {"Origin": "http://localhost:9999"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_of_another_origin_gets_nothing(client: httpx.Client, method: str, headers: dict[str, str]) -> None:
    answer = client.request(method, "/config.json", headers=headers)

    assert answer.status_code == 403
    assert "apiUrl" not in answer.text


def test_its_own_pages_and_links_to_it_are_served(client: httpx.Client) -> None:
    own = {"Origin": f"http://127.0.0.1:{client.base_url.port}", "Sec-Fetch-Site": "same-origin"}
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    assert client.get("/assets/main.js", headers=own).text == "the script"
    assert client.get("/jobs", headers=link).text == "the app's page"


def test_a_connection_that_was_kept_ends_with_it(tmp_path: Path) -> None:
    with ports.listen(0, "DASHBOARD_PORT") as listener, start_blocking_portal() as portal:
        dashboard = Dashboard(portal, tmp_path, listener, {}, POLICY)
        with httpx.Client(base_url=f"http://127.0.0.1:{ports.port_of(listener)}", timeout=60) as client:
            assert client.get("/config.json").status_code == 200
            dashboard.close()
            with pytest.raises(httpx.TransportError):
                client.get("/config.json")
