"""Refuse a number of index partitions with which jobs would be missing from lists, also on the way back. Pure."""

from collections.abc import Iterator, Mapping

from chalicelib.settings import SHARDS
from infra.cloud.preflight.finding import Finding

WRITTEN, READ = "IndexShards", "IndexShardsRead"


def findings(before: Mapping[str, str], values: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what is wrong with the new values beside those of the present deployment; `before` is empty without one."""
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
    """Return the former parameters, which ask no fewer partitions than the present ones.

    Jobs may lie in each partition that is asked now, whatever is written at present.
    """
    now = _asked(present)
    return dict(former) if _asked(former) >= now else {**former, READ: str(now)}


def _asked(values: Mapping[str, str]) -> int:
    """Return how many partitions functions with these parameters ask: never fewer than they write."""
    return max(int(values.get(name, SHARDS[0])) for name in (WRITTEN, READ))
