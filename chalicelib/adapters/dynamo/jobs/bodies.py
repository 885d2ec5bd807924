"""Store payloads and results: in the main item, in a separate item, or in S3."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable

from chalicelib.adapters.constants import GROWTH_RESERVE, INLINE_PAYLOAD, INLINE_RESULT, LARGEST_ITEM, RENEW_WITHIN
from chalicelib.adapters.dynamo.jobs.rows import BodyRow, JobRow
from chalicelib.adapters.dynamo.tables.sizes import WRITE_UNIT, item_size
from chalicelib.adapters.dynamo.tables.whole_rows import write_whole
from chalicelib.adapters.s3.bodies import S3Bodies
from chalicelib.errors import PayloadUnreadable
from chalicelib.jobs.change import Change
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import JSON, to_text
from chalicelib.jobs.retention import KEEP_BODIES
from chalicelib.telemetry import events

S3_PREFIX = "s3:"
OF_PAYLOAD, OF_RESULT, OF_PAST = "PAYLOAD#", "RESULT#", "PAST#"
PAYLOADS, RESULTS = "payloads/", "results/"
PAST = f"{PAYLOADS}past"
DIGEST_BYTES = 12
"""Bytes of a payload's SHA-256 in its reference, written as 16 characters; more would not fit into the main item."""
WRITE_BYTES = 6
"""Random bytes in the name of an object, written as 8 characters: two writes of one job have the same ones with a
probability of 1 to 280 trillion."""


class Bodies:
    """Store and read the large parts of jobs. `clock` returns seconds since the epoch."""

    def __init__(self, rows: type[BodyRow], files: S3Bodies, clock: Callable[[], float]) -> None:
        self._rows = rows
        self._files = files
        self._clock = clock

    def place(self, job_id: str, change: Change) -> dict[str, str | None]:
        """Write the payload and result of the change, and return the attributes of the main item for them."""
        written = change.written()
        placed: dict[str, str | None] = {}
        if "payload" in written:
            text = None if written["payload"] is None else to_text(written["payload"])
            reference = None if text is None else self.keep_payload(job_id, change.job_type, text)
            placed |= {"payload": None, "payload_ref": reference}
        if "result" in written:
            placed |= self.place_result(job_id, change.job_type, _token(change), written["result"])
        return placed

    def place_result(self, job_id: str, job_type: str, token: str, result: JSON) -> dict[str, str | None]:
        """Write a large result, and return the attributes of the main item for it.

        `token` separates the results of different workers.
        """
        text = None if result is None else to_text(result)
        if text is None or len(text.encode()) <= INLINE_RESULT:
            return {"result": text, "result_ref": None}
        return {"result": None, "result_ref": self._keep_result(job_id, job_type, token, text)}

    def keep_payload(self, job_id: str, job_type: str, text: str, needed_at: float | None = None) -> str:
        """Store a payload outside of the main item; return the reference.

        `needed_at` is the time at which the payload is first read, if this is not now.

        The key of a row is derived from the content, and the name of an object ends with its digest. Two payloads that
        are stored at the same time for one Idempotency-Key therefore cannot overwrite each other, and an edited payload
        does not replace the earlier one. Objects are in a folder with the name of the job's type, because the role of a
        worker names this folder.
        """
        digest = _digest(text)
        return self._keep(job_id, OF_PAYLOAD + digest, PAYLOADS + _folder(job_type), digest, text, needed_at or 0)

    def renew_payload(self, job_id: str, job_type: str, reference: str, text: str) -> None:
        """Write a payload in S3 again to the object that the job's row names, so that it stays longer.

        Writes nothing if the text is not the one that the name says, or the object is not the job's own: another
        program may have written the row.
        """
        key = reference.removeprefix(S3_PREFIX)
        own = key.startswith(f"{PAYLOADS}{_folder(job_type)}/{job_id}/")
        if own and in_s3(reference) and key.endswith(f"/{_digest(text)}.json"):
            self._files.write(key, text)

    def keep_past(self, job_id: str, gen: int, text: str) -> None:
        """Store the payload of an earlier run, which the main item no longer refers to."""
        place = self._keep(job_id, _past(gen), PAST, _run(gen), text, 0)
        if place != _past(gen):
            # A reference needs no mark in the row, because no JSON text begins like a reference.
            self._put(job_id, _past(gen), place)

    def past(self, job_id: str, gen: int, since: float) -> JSON:
        """Return the payload of an earlier run; None if none was stored after `since` (epoch seconds)."""
        row = self._row(job_id, _past(gen))
        if row is None or row.expires_at - KEEP_BODIES <= since:
            return None
        if not row.body.startswith(S3_PREFIX):
            return from_text(row.body)
        key = row.body.removeprefix(S3_PREFIX)
        # a forged row must not make this function read another object
        own = key.startswith(f"{PAST}/{job_id}/") and key.endswith(f"/{_run(gen)}.json")
        return from_text(self._files.read(key)) if own else None

    def read_payload(self, job_id: str, inline: str | None, reference: str | None) -> JSON:
        """Return the payload, wherever it is stored; None if it is missing, or another text was stored in its place."""
        text = inline if reference is None else self._fetch(job_id, reference)
        return from_text(text if reference is None or text is None else _genuine(job_id, reference, text))

    def read_result(self, job_id: str, inline: str | None, reference: str | None) -> JSON:
        """Return the result, wherever it is stored; None if it is missing."""
        return from_text(inline if reference is None else self._fetch(job_id, reference))

    def keep_value(self, job_id: str, job_type: str, text: str, needed_at: float = 0) -> str:
        """Store the large value of a step; return the reference, which has a digest of the content.

        Two attempts that keep different values therefore cannot overwrite each other's value. `needed_at` is when the
        job is planned, if it is planned for later (epoch seconds).
        """
        digest = _digest(text)
        return self._keep(job_id, OF_RESULT + digest, RESULTS + _folder(job_type), digest, text, needed_at)

    def read_value(self, job_id: str, reference: str) -> JSON:
        """Return the large value of a step; raises PayloadUnreadable if it is missing or was overwritten."""
        if reference.startswith((OF_RESULT, S3_PREFIX + RESULTS)):
            text = self._fetch(job_id, reference)
            if text is not None and _digest(text) in reference:
                return from_text(text)
        raise PayloadUnreadable(
            "The value of a kept step cannot be read: it is gone, or this function may not read it."
        )

    def read_on(
        self, job_id: str, inline: str | None, reference: str | None, failed: Callable[[Exception], None],
        within: float = RENEW_WITHIN,
    ) -> JSON:  # fmt: skip
        """Read the payload of an unfinished job; if it is in the table and expires soon, let it expire later.

        `within` this number of seconds is soon. A payload that was to be read much later, because its job was planned
        and is run or cancelled before, expires earlier from now on.

        If the write of the new expiry fails, `failed` is called with the error. The error does not affect the job,
        because the next read repeats the write. No read follows a cancellation: then the payload keeps its expiry.
        """
        if reference is None or not in_table(reference):
            return self.read_payload(job_id, inline, reference)
        row = self._row(job_id, reference)
        left = within if row is None else row.expires_at - self._clock()
        if row is not None and (left < within or left > KEEP_BODIES + DAY):
            try:
                self._put(job_id, reference, row.body)
            except Exception as error:
                failed(error)
        return None if row is None else from_text(_genuine(job_id, reference, row.body))

    def _keep(self, job_id: str, sk: str, folder: str, name: str, text: str, needed_at: float) -> str:
        """Store a text in an item, or in S3 if it is too large; return the reference.

        Each write to S3, except a renewal, makes an object of its own. The delete of an object has no condition, so
        what removes the objects of an expired job could otherwise remove those that a later job with the same id has
        just written. (A renewal writes the object that the row of a living job names.)
        """
        if len(text.encode()) > LARGEST_ITEM:
            key = f"{folder}/{job_id}/{secrets.token_urlsafe(WRITE_BYTES)}/{name}.json"
            self._files.write(key, text)
            return S3_PREFIX + key
        self._put(job_id, sk, text, needed_at)
        return sk

    def _keep_result(self, job_id: str, job_type: str, token: str, text: str) -> str:
        sk = f"{OF_RESULT}{token.replace('-', '#')}"
        return self._keep(job_id, sk, RESULTS + _folder(job_type), token, text, 0)

    def _put(self, job_id: str, sk: str, text: str, needed_at: float = 0) -> None:
        write_whole(self._rows(pk=job_id, sk=sk, body=text, expires_at=max(self._clock(), needed_at) + KEEP_BODIES))

    def _fetch(self, job_id: str, reference: str) -> str | None:
        if reference.startswith(S3_PREFIX):
            return self._files.read(reference.removeprefix(S3_PREFIX))
        row = self._row(job_id, reference)
        return None if row is None else row.body

    def _row(self, job_id: str, sk: str) -> BodyRow | None:
        try:
            return self._rows.get(job_id, sk, consistent_read=True)
        except self._rows.DoesNotExist:
            return None


def in_s3(reference: str | None) -> bool:
    """Return whether a payload or result is an object in S3."""
    return reference is not None and reference.startswith(S3_PREFIX)


def in_table(reference: str | None) -> bool:
    """Return whether a payload or result has an item of its own."""
    return reference is not None and not in_s3(reference)


def _token(change: Change) -> str:
    """Return the fencing token of the change as part of a key: `gen-claims`."""
    claims = [test.value for test in change.tests if (test.field, test.op) == ("claims", "=")]
    return f"{change.gen}-{claims[0] if claims else change.writer}"


def _genuine(job_id: str, reference: str, text: str) -> str | None:
    """Return the text; None if the payload does not match the digest in the main item.

    Workers of other types may write rows of this job, so a reference is accepted only in the form of a payload's
    reference. Otherwise a worker could use the hash of a short payload as a reference, because that hash is signed too.
    """
    digest = reference.removesuffix(".json").replace("/", "#").rpartition("#")[2]
    if reference.startswith((OF_PAYLOAD, S3_PREFIX + PAYLOADS)) and _digest(text) == digest:
        return text
    events.payload_differs(job_id)
    return None


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES]).decode()


def _folder(job_type: str) -> str:
    return job_type.replace(".", "-")


def _past(gen: int) -> str:
    return f"{OF_PAST}{gen:04}"


def _run(gen: int) -> str:
    return f"run-{gen}"


def from_text(text: str | None) -> JSON:
    """Return the value of a JSON text; None when there is none. Raises ValueError for a text that is not JSON."""
    try:
        return None if text is None else json.loads(text)
    except RecursionError:
        raise ValueError("The JSON is nested too deep to be read.") from None


def fits_inline(row: JobRow, text: str) -> bool:
    """Return whether a payload fits into the main item, which must stay within one write unit as it grows."""
    size = len(text.encode())
    return size <= INLINE_PAYLOAD and item_size(row.serialize()) + len("payload") + size + GROWTH_RESERVE <= WRITE_UNIT
