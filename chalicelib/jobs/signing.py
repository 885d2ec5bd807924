"""Sign the rows of jobs and check signatures, with one key for each job type that is derived from a master key. Pure.

A job function that may make jobs may write any row of the jobs table, because IAM cannot distinguish job types there.
Each row is therefore signed, and a worker runs no job whose row is not signed. A function holds the keys of its own
type and of the types that it makes jobs of; the API, the watchdog and the recount hold the master key.

`on_end` is signed separately, with a key of the type that it names: otherwise a function that may make jobs of one type
could have a job made of any type that is told ends.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from chalicelib.errors import ConfigurationError
from chalicelib.jobs.job import Job, to_text

if TYPE_CHECKING:
    from chalicelib.settings import Settings

SIGNATURE_BYTES = 16
"""Bytes of a key, and of a signature: HMAC-SHA-256 cut to 128 bits (RFC 2104, section 5)."""
PARAMETER = "SigningKey"
"""Name of the stack's parameter with the master keys. The names of the parameters with a type's keys end with this
name."""
END = "endOf"
"""Beginning of the names of the parameters with the keys that sign `on_end`."""


def parameter_of(job_type: str) -> str:
    """Return the name of the stack's parameter with a type's keys: "email.send" has EmailSendSigningKey."""
    return "".join(part.capitalize() for part in job_type.replace(".", "-").split("-")) + PARAMETER


def end_parameter_of(job_type: str) -> str:
    """Return the name of the stack's parameter with the keys that sign an `on_end` which names this type.

    It begins with a small letter, so it is never the parameter of another type.
    """
    return END + parameter_of(job_type)


def end_name(job_type: str) -> str:
    """Return the short name of the keys that sign an `on_end` which names this type."""
    return short_name(f"{END} {job_type}")


def short_name(job_type: str) -> str:
    """Return four characters for a job type: Lambda's 4 KB of environment variables are too small for 60 full names."""
    return base64.urlsafe_b64encode(hashlib.sha256(job_type.encode()).digest())[:4].decode()


def type_keys(masters: str, parameter: str) -> str:
    """Return the text of a type's parameter: the type's keys, or its keys for `on_end`, one for each master key."""
    keys = [_derived(master, parameter.removeprefix(END)) for master in masters.split(",") if master]
    return ",".join(_text(_end_key(key) if parameter.startswith(END) else key) for key in keys)


def read_keys(text: str) -> dict[str, tuple[bytes, ...]]:
    """Return the keys of types by short name; raises ConfigurationError for a text that is not name=key,key;name=key.

    A type whose parameter is empty has no keys.
    """
    try:
        pairs = [pair.split("=") for pair in text.split(";") if pair]
        return {name: tuple(_bytes(key) for key in keys.split(",") if key) for name, keys in pairs}
    except ValueError:
        raise ConfigurationError("SIGNING_KEYS must be like name=key,key;name=key, as the template writes it") from None


@dataclass(frozen=True)
class Signing:
    """Sign with the first key of a type, and accept signatures by all of its keys, so that the master key can change.

    A function has either `masters`, the master keys, or `keys`, the keys of some types by short name. Rows that were
    created before `unsigned_until` (epoch seconds) are accepted without a signature. A function without any keys signs
    nothing and accepts everything; the same is true for a type with an empty list of keys. A function with `keys`
    accepts no row of a type that is not among them.
    """

    masters: tuple[str, ...] = ()
    keys: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    unsigned_until: float = 0.0

    @classmethod
    def of(cls, settings: "Settings") -> Self:
        """Return the signing that the environment sets; raises ConfigurationError for keys that cannot be read."""
        masters = tuple(master for master in settings.signing_key.split(",") if master)
        return cls(masters, read_keys(settings.signing_keys), settings.unsigned_until)

    def signs(self, job_type: str) -> bool:
        """Return whether rows of this type are signed."""
        return bool(self._keys(job_type))

    def signature(self, job: Job) -> bytes | None:
        """Return the signature of a job as it is to be stored; None without a key of its type."""
        keys = self._keys(job.type)
        return _signature(keys[0], job) if keys and _signable(job) else None

    def accepts(self, job: Job) -> bool:
        """Return whether a job that was read may run: its row is signed, or was created before rows were signed."""
        if not self.masters and self.keys and short_name(job.type) not in self.keys:
            return False
        keys = self._keys(job.type)
        # Accept no negative `created_at`, because it is before every `unsigned_until`, even before the 0 of a stage
        # that has always signed rows.
        if not keys or 0 <= job.created_at < self.unsigned_until:
            return True
        return _signable(job) and any(hmac.compare_digest(_signature(key, job), job.signature or b"") for key in keys)

    def mark(self, job: Job, text: str) -> bytes | None:
        """Return the signature of a text about a job; None without a key of its type."""
        keys = self._keys(job.type)
        return _mark(keys[0], job, text) if keys and _signable(job) else None

    def marked(self, job: Job, text: str, signature: bytes | None) -> bool:
        """Return whether a text about a job was signed by this platform.

        Also return True for a type whose rows are not signed, and for a job that was created before rows were signed.
        """
        keys = self._keys(job.type)
        if not keys or 0 <= job.created_at < self.unsigned_until:
            return True
        return any(hmac.compare_digest(_mark(key, job, text), signature or b"") for key in keys)

    def end_mark(self, job: Job) -> str | None:
        """Return the signature of the job's `on_end`; None without `on_end`, or without a key of the type it names."""
        keys = self._end_keys(job.on_end or "")
        return _end_mark(keys[0], job) if job.on_end is not None and keys and _end_signable(job) else None

    def accepts_end(self, job: Job) -> bool:
        """Return whether the end of a job that was read may be told: its `on_end` is signed.

        As with rows, accept jobs that were created before rows were signed, and everything without any keys.
        """
        keys = self._end_keys(job.on_end or "")
        if not keys and not self.masters and self.keys and short_name(job.on_end or "") not in self.keys:
            return False
        if not keys or 0 <= job.created_at < self.unsigned_until:
            return True
        found = (job.end_mark or "").encode()
        return _end_signable(job) and any(hmac.compare_digest(_end_mark(key, job).encode(), found) for key in keys)

    def batch_mark(self, named: str, texts: Sequence[str]) -> str | None:
        """Return the signature that lets the end of a batch make jobs of the type `named`; None without its key.

        `texts` say for which batch, and what else is signed; only the last one may be any text.
        """
        keys = self._end_keys(named)
        return _batch_mark(keys[0], texts) if keys and _separable(texts) else None

    def accepts_batch(self, named: str, texts: Sequence[str], created_at: float, mark: str | None) -> bool:
        """Return whether this platform has allowed the end of a batch to make jobs of the type `named`.

        As with rows, accept batches that were created before rows were signed, and everything without any keys.
        """
        keys = self._end_keys(named)
        if not keys and not self.masters and self.keys and short_name(named) not in self.keys:
            return False
        if not keys or 0 <= created_at < self.unsigned_until:
            return True
        found = (mark or "").encode()
        return _separable(texts) and any(hmac.compare_digest(_batch_mark(key, texts).encode(), found) for key in keys)

    def _end_keys(self, job_type: str) -> tuple[bytes, ...]:
        """Return the keys that sign an `on_end`: made from the type's keys, or held without them."""
        return tuple(map(_end_key, self._keys(job_type))) or self.keys.get(end_name(job_type), ())

    def _keys(self, job_type: str) -> tuple[bytes, ...]:
        if self.masters:
            return tuple(_derived(master, parameter_of(job_type)) for master in self.masters)
        return self.keys.get(short_name(job_type), ())


def _signable(job: Job) -> bool:
    """Return whether the signed text has only one meaning.

    The id of a job can come from the row of a key, so it may contain any text, even the separator.
    """
    return "\0" not in job.id


def _signature(key: bytes, job: Job) -> bytes:
    """Sign the job's id, type, run, payload and principal. The principal comes last, because it may be any text."""
    body = job.payload_ref or hashlib.sha256(to_text(job.payload).encode()).hexdigest()
    signed = "\0".join((job.id, job.type, str(job.gen), body, job.principal))
    return hmac.digest(key, signed.encode("utf-8", "replace"), "sha256")[:SIGNATURE_BYTES]


def _mark(key: bytes, job: Job, text: str) -> bytes:
    signed = "\0".join(("step", job.id, job.type, text))
    return hmac.digest(key, signed.encode("utf-8", "replace"), "sha256")[:SIGNATURE_BYTES]


def _end_signable(job: Job) -> bool:
    return "\0" not in job.id + job.type


def _end_mark(key: bytes, job: Job) -> str:
    """Sign the job's id, type and principal with a key of the type that `on_end` names.

    The run is not signed, because each run of a job is told to the same type.
    """
    signed = "\0".join((job.id, job.type, job.principal))
    return _text(hmac.digest(key, signed.encode("utf-8", "replace"), "sha256")[:SIGNATURE_BYTES])


def _separable(texts: Sequence[str]) -> bool:
    return not any("\0" in text for text in texts[:-1])


def _batch_mark(key: bytes, texts: Sequence[str]) -> str:
    """Sign the texts about a batch. They are more than the three parts of `_end_mark`, so the two are never equal."""
    signed = "\0".join(("batch", *texts))
    return _text(hmac.digest(key, signed.encode("utf-8", "replace"), "sha256")[:SIGNATURE_BYTES])


def _end_key(key: bytes) -> bytes:
    return hmac.digest(key, END.encode() + b"\x01", "sha256")[:SIGNATURE_BYTES]


def _derived(master: str, parameter: str) -> bytes:
    # HKDF-Expand (RFC 5869) with one block; HKDF-Extract is not needed, because a master key is random
    return hmac.digest(master.encode(), parameter.encode() + b"\x01", "sha256")[:SIGNATURE_BYTES]


def _text(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "==", altchars=b"-_", validate=True)
