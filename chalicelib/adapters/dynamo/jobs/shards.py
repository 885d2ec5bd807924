"""Say into which partition of an index group an entry goes, and which of them readers ask. Pure."""

import itertools
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import BY_TYPE, group
from chalicelib.settings import SHARDS, Settings


@dataclass(frozen=True, slots=True)
class Shards:
    """New entries go into `written` partitions of each group; readers ask `asked` of them, which are never fewer.

    Both are powers of two: when there are more, an entry stays where it is, or goes to a higher shard when its job
    changes. Whoever asks the lower ones first meets an entry that moves meanwhile once or twice, and never misses it.
    """

    written: int = SHARDS[0]
    asked: int = SHARDS[0]

    @classmethod
    def of(cls, settings: Settings) -> "Shards":
        """Return the shards of a stage."""
        return cls(settings.index_shards, max(settings.index_shards, settings.index_shards_read))

    @property
    def waves(self) -> Sequence[range]:
        """Return the shards that are asked, in the portions to ask for one after the other."""
        borders = [0, SHARDS[0]]
        while borders[-1] < self.asked:
            borders.append(borders[-1] * 2)
        return [range(low, high) for low, high in itertools.pairwise(borders)]

    def shard_of(self, job_id: str) -> int:
        """Return the shard of a job's new index entries."""
        return zlib.crc32(job_id.encode()) % self.written

    def group_of(self, job_id: str, status: Status, job_type: str, *, parked: bool = False) -> str | None:
        """Return the job's partition of the sparse index; None when it is not in there."""
        name = group(status, parked=parked)
        if name is None:
            return None
        return partition(f"{name}#{job_type}" if name in BY_TYPE else name, self.shard_of(job_id))

    def failure_of(self, job_id: str, fingerprint: str | None) -> str | None:
        """Return the job's partition of the index of failures; None when it is not in there."""
        return None if fingerprint is None else partition(fingerprint, self.shard_of(job_id))


FOUR = Shards()
"""Shards of a stage that names none."""


def partition(group_name: str, shard: int) -> str:
    """Return the name of one shard of a group."""
    return f"{group_name}#{shard}"
