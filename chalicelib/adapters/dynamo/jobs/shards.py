"""Decide into which partition of an index group an entry goes, and which partitions readers query. Pure."""

import itertools
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import BY_TYPE, group
from chalicelib.settings import SHARDS, Settings


@dataclass(frozen=True, slots=True)
class Shards:
    """Write new entries to `written` partitions of each group; read `asked` partitions, never fewer than `written`.

    `written` and `asked` are powers of two. When `written` grows, an entry stays where it is, or moves to a higher
    shard when its job changes. A reader that starts with the lower shards finds a moving entry once or twice, and never
    misses it.
    """

    written: int = SHARDS[0]
    asked: int = SHARDS[0]

    @classmethod
    def of(cls, settings: Settings) -> "Shards":
        """Return the shards of a stage."""
        return cls(settings.index_shards, max(settings.index_shards, settings.index_shards_read))

    @property
    def waves(self) -> Sequence[range]:
        """Return the shards to read, in portions: readers read one portion after the other."""
        borders = [0, SHARDS[0]]
        while borders[-1] < self.asked:
            borders.append(borders[-1] * 2)
        return [range(low, high) for low, high in itertools.pairwise(borders)]

    def shard_of(self, job_id: str) -> int:
        """Return the shard of a job's new index entries."""
        return zlib.crc32(job_id.encode()) % self.written

    def group_of(self, job_id: str, status: Status, job_type: str, *, parked: bool = False) -> str | None:
        """Return the job's partition of the sparse index; None if the job is not in that index."""
        name = group(status, parked=parked)
        if name is None:
            return None
        return partition(f"{name}#{job_type}" if name in BY_TYPE else name, self.shard_of(job_id))

    def failure_of(self, job_id: str, fingerprint: str | None) -> str | None:
        """Return the job's partition of the index of failures; None if the job is not in that index."""
        return None if fingerprint is None else partition(fingerprint, self.shard_of(job_id))


FOUR = Shards()
"""The shards of a stage that sets no numbers of shards."""


def partition(group_name: str, shard: int) -> str:
    """Return the name of one shard of a group."""
    return f"{group_name}#{shard}"
