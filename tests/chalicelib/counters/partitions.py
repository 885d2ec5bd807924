"""Simulate a jobs table with several partitions.

Every four hours each shard of the stream ends, and a new one begins.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from chalicelib.jobs.constants import DAY
from tests.chalicelib.counters.support import image
from tests.support import T0

ROLL = 4 * 3600.0
"""Seconds for which a shard gets records."""
APART = 600.0
"""Seconds between the ends of the shards of two partitions."""
STEPS = ("queued", "processing", "completed")
MIDNIGHT = T0 - T0 % DAY
Record = dict[str, Any]


@dataclass
class Partitions:
    """The records of jobs that are created one after the other, by shard, in the stream's order."""

    number: int = 4
    shards: dict[str, list[Record]] = field(default_factory=dict)
    jobs: int = 0

    def shard(self, partition: int, at: float) -> str:
        """Return the name of the shard of a partition; it is as long as AWS's own names."""
        born = at - (at - partition * APART) % ROLL
        return f"shardId-{born * 1000:020.0f}-{hashlib.sha256(f'{partition} {born}'.encode()).hexdigest()[:8]}"

    def job(self, at: float, job_type: str = "email.send") -> tuple[str, list[Record]]:
        """Let a job be created, run and end within two seconds; return its shard and its three records."""
        shard = self.shard(self.jobs % self.number, at)
        told = self.shards.setdefault(shard, [])
        images = [
            image(status, at + place, type=job_type, pk=f"job-{self.jobs:x}", started_at=at + 1, finished_at=at + 2)
            for place, status in enumerate(STEPS)
        ]
        new = []
        for place, (old, now) in enumerate(zip([None, *images], images, strict=False)):
            sequence = f"{44_215_845_000_000_000 + len(told) + place:017}{self.jobs:011}"
            change = {
                "SequenceNumber": sequence,
                "ApproximateCreationDateTime": float(int(at + place)),
                "NewImage": now,
            }
            new.append({"dynamodb": change | ({"OldImage": old} if old else {})})
        told += new
        self.jobs += 1
        return shard, new
