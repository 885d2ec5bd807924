"""Test who may send requests to the servers of this machine."""

import httpx
import pytest

from infra.local import callers

OURS = "http://localhost:8080"


def refused(headers: dict[str, str], *, embeddable: bool = False) -> bool:
    sent = httpx.Headers({"host": "127.0.0.1:8000"} | headers)
    return callers.refusal(sent.get, (OURS,), embeddable=embeddable) is not None


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "LocalHost:8000"])
def test_the_names_of_this_machine_are_let_in(host: str) -> None:
    assert not refused({"host": host})


HOSTS = (
    "", "rebound.test", "localhost.test:80", "127.0.0.1.test", "a.localhost:1", "x@localhost", "127.0.0.2", "[::1]:1",
)  # fmt: skip
ORIGINS = ("http://localhost:9999", "http://127.0.0.1:8080", "null", "", OURS + "0")


@pytest.mark.parametrize(("name", "value"), [*(("host", one) for one in HOSTS), *(("origin", one) for one in ORIGINS)])
def test_any_other_name_and_a_page_of_another_origin_are_refused(name: str, value: str) -> None:
    assert refused({name: value})
    assert refused({name: value}, embeddable=True)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_foreign_page_may_lead_here_and_embed_only_what_is_embeddable(site: str) -> None:
    image = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
    assert refused(image)
    assert not refused(image, embeddable=True)
    assert not refused({"sec-fetch-site": site, "sec-fetch-mode": "navigate"})
    assert not refused({"origin": OURS, "sec-fetch-site": site, "sec-fetch-mode": "cors"}), "a page of ours"


@pytest.mark.parametrize(
    ("headers", "page"),
    [({}, False), ({"sec-fetch-site": "none"}, False), ({"sec-fetch-site": "same-origin"}, True),
     ({"sec-fetch-site": "cross-site"}, True), ({"origin": "null"}, True)],
)  # fmt: skip
def test_pages_are_told_from_programs(headers: dict[str, str], page: bool) -> None:
    assert callers.is_page(headers.get) is page
