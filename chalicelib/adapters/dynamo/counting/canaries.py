"""Write canaries to the jobs table: items that show a recount how far the stream is processed."""

import uuid

from chalicelib.adapters.constants import CANARIES_AT_ONCE
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.schema import CANARY
from chalicelib.jobs.retention import KEEP_MARKS
from chalicelib.settings import Settings
from chalicelib.side_by_side import side_by_side


class DynamoCanaries:
    """See Canaries. Canaries are in no index; `adapters/dynamo/counting/changes.py` recognises them in the stream."""

    def __init__(self, settings: Settings) -> None:
        self._table = binding.jobs(settings)

    def release(self, run: str, number: int) -> None:
        """See Canaries. Each canary has a random key, and takes one request."""
        attributes = {"run": {"S": run}, "expires_at": {"N": str(int(int(run) / 1000 + KEEP_MARKS))}}

        def put(key: str) -> None:
            self._table.put_item(self._table.name, key, CANARY, attributes=dict(attributes))

        side_by_side(put, [f"{CANARY}#{uuid.uuid4()}" for _ in range(number)], CANARIES_AT_ONCE)
