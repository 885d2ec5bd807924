"""A number of index partitions with which jobs would be missing from lists is refused before the deployment."""

import pytest

from infra.cloud.preflight.shards import READ, findings, kept


def told(before: dict[str, str], written: int, read: int) -> str:
    found = list(findings(before, {"IndexShards": str(written), "IndexShardsRead": str(read)}))
    assert all(finding.stops for finding in found)
    return " ".join(finding.sentence for finding in found)


def of(written: int, read: int) -> dict[str, str]:
    return {"IndexShards": str(written), "IndexShardsRead": str(read)}


@pytest.mark.parametrize(
    ("before", "written", "read"),
    [({}, 16, 4), (of(4, 8), 8, 8), (of(4, 8), 8, 4), (of(8, 8), 4, 8), (of(8, 8), 8, 16)],
)
def test_what_finds_every_job_is_fine(before: dict[str, str], written: int, read: int) -> None:
    assert told(before, written, read) == ""


def test_more_shards_are_asked_a_deployment_before_they_are_written() -> None:
    assert 'SET="IndexShardsRead=8" first' in told(of(4, 4), 8, 8)


@pytest.mark.parametrize(("written", "read"), [(4, 4), (4, 8)])
def test_shards_that_may_hold_jobs_are_asked_for_good(written: int, read: int) -> None:
    assert 'SET="IndexShardsRead=16"' in told(of(4, 16), written, read)


@pytest.mark.parametrize(
    ("present", "former", "asked"),
    [(of(8, 8), of(4, 8), "8"), (of(4, 8), of(4, 4), "8"), (of(8, 4), of(4, 4), "8"), (of(4, 4), of(4, 4), "4"),
     (of(4, 4), of(4, 16), "16"), (of(16, 8), of(8, 8), "16")],
)  # fmt: skip
def test_the_way_back_asks_no_fewer_partitions(present: dict[str, str], former: dict[str, str], asked: str) -> None:
    assert kept(present, former) == {**former, READ: asked}
