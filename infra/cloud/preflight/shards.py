"""Refuse a number of index partitions with which lists would miss jobs, at once or after a rollback. Pure."""

from collections.abc import Iterator, Mapping

from chalicelib.settings import SHARDS
from infra.cloud.preflight.finding import Finding

WRITTEN, READ = "IndexShards", "IndexShardsRead"


def findings(before: Mapping[str, str], values: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what is wrong with the new values.

    `before` are the values of the present deployment; empty if there is none.
    """
    if not before:
        return
    asked, written, read = _asked(before), int(values[WRITTEN]), _asked(values)
    if written > asked:
        yield Finding(
            "shards", f"The functions of the present deployment read {asked} partitions of each index, and would miss "
            f'jobs in the others of {written}. Deploy with SET="{READ}={written}" first, then with '
            f'SET="{WRITTEN}={written}".', stops=True,
        )  # fmt: skip
    elif read < asked:
        yield Finding(
            "shards", f"{read} partitions of each index would be read, and jobs may be in {asked}: they would be "
            f'missing from lists. Deploy with SET="{READ}={asked}".', stops=True,
        )  # fmt: skip


def kept(present: Mapping[str, str], former: Mapping[str, str]) -> dict[str, str]:
    """Return the earlier parameters, but with at least the present number of partitions to read.

    Each partition that is read now may contain jobs, even if no new job is written to it.
    """
    now = _asked(present)
    return dict(former) if _asked(former) >= now else {**former, READ: str(now)}


def _asked(values: Mapping[str, str]) -> int:
    """Return the number of partitions that functions read: never fewer than they write."""
    return max(int(values.get(name, SHARDS[0])) for name in (WRITTEN, READ))
