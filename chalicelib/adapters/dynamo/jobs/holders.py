"""Store which job holds a key: one small item for each key, next to the jobs."""

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.binding import Table
from chalicelib.adapters.dynamo.tables.whole_rows import write_whole
from chalicelib.jobs.port import KeyLock, WaitingKey
from chalicelib.jobs.retention import KEEP_KEYS, KEEP_WAITING_KEYS

KEY = "KEY"


class KeyLockRow(Model):
    """The job that holds the key `pk`."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True, default_for_new=KEY)
    job = Text()
    until = Seconds()
    expires_at = Whole()


class KeyLocks:
    """Read and write the rows of keys."""

    def __init__(self, table: Table) -> None:
        self._rows = table.bind(KeyLockRow)

    def key_lock(self, key: str) -> KeyLock | None:
        """See JobStore.

        A row that has expired but is not removed yet still counts, because its job may also still exist.
        """
        try:
            row = self._rows.get(key, KEY, consistent_read=True)
        except self._rows.DoesNotExist:
            return None
        return KeyLock(row.job, row.until)

    def acquire(self, key: str, seen: KeyLock | None, new: KeyLock) -> bool:
        """See JobStore."""
        # keep the row until its job has run: otherwise the next request would make a second job
        kept = KEEP_WAITING_KEYS if isinstance(key, WaitingKey) else KEEP_KEYS
        row = self._rows(pk=str(key), job=new.job, until=new.until, expires_at=new.until + kept)
        same: Condition = KeyLockRow.pk.does_not_exist() if seen is None else KeyLockRow.job == seen.job
        try:
            write_whole(row, same)
        except UpdateError as error:
            if not refused(error):
                raise
            found = self.key_lock(key)
            return found is not None and found.job == new.job
        return True
