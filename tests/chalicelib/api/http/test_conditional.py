"""A poll that would see nothing new is answered 304."""

import pytest

from tests.chalicelib.api.support import World

READS = ["/metrics", "/jobs?limit=5", "/metrics/series?metric=throughput", "/errors", "/metrics/health"]


@pytest.mark.parametrize("path", READS)
def test_what_did_not_change_is_not_sent_again_though_time_passes(world: World, path: str) -> None:
    first = world.get(path)
    world.clock.now += 7
    again = world.get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status, again.text, again.headers["etag"]) == (304, "", first.headers["etag"])
    assert again.headers["cache-control"] == "no-store"
    assert "x-correlation-id" in again.headers


@pytest.mark.parametrize("path", READS[:2])
def test_what_changed_is_sent(world: World, path: str) -> None:
    tag = world.get(path).headers["etag"]
    world.create()
    world.clock.now += 7
    again = world.get(path, headers={"If-None-Match": tag})
    assert (again.status, again.headers["etag"] != tag) == (200, True)


def test_other_answers_have_no_tag(world: World) -> None:
    assert "etag" not in world.get("/job-types").headers
    assert "etag" not in world.get("/metrics", headers={"Accept": "text/plain"}).headers
