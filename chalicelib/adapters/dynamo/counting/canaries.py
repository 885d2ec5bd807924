"""Write canaries to the jobs table: items that show a recount how far the stream is processed."""

import uuid

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.schema import CANARY
from chalicelib.jobs.retention import KEEP_MARKS
from chalicelib.settings import Settings


class DynamoCanaries:
    """See Canaries. Canaries are in no index; `adapters/dynamo/counting/changes.py` recognises them in the stream."""

    def __init__(self, settings: Settings) -> None:
        self._table = binding.jobs(settings)

    def release(self, run: str, number: int) -> None:
        """See Canaries. Each canary has a random key, and takes one request."""
        expires_at = int(int(run) / 1000 + KEEP_MARKS)
        for _ in range(number):
            attributes = {"run": {"S": run}, "expires_at": {"N": str(expires_at)}}
            self._table.put_item(self._table.name, f"{CANARY}#{uuid.uuid4()}", CANARY, attributes=attributes)
