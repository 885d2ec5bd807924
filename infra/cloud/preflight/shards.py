"""Refuse a number of index partitions with which jobs would be missing from lists, also on the way back. Pure."""

from collections.abc import Collection, Iterator, Mapping

from chalicelib.settings import SHARDS
from infra.cloud.errors import CloudError
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


def kept(present: Mapping[str, str], former: Mapping[str, str], declared: Collection[str]) -> dict[str, str]:
    """Return the parameters with which a former template, which has the `declared` ones, asks no fewer than now.

    Jobs may lie in each partition that is asked now, whatever is written at present. Raises CloudError when the former
    functions cannot ask so many: theirs had a fixed number.
    """
    now = _asked(present)
    then = _asked({name: value for name, value in {**present, **former}.items() if name in declared})
    if then >= now:
        return dict(former)
    if READ not in declared:
        raise CloudError(
            f"The deployment before reads {then} partitions of each index, jobs may be in {now}, and it has no "
            f"{READ}: they would be missing from lists. Deploy a version that has it instead."
        )
    return {**former, READ: str(now)}


def _asked(values: Mapping[str, str]) -> int:
    """Return how many partitions functions with these parameters ask: never fewer than they write."""
    return max(int(values.get(name, SHARDS[0])) for name in (WRITTEN, READ))
