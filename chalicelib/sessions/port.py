"""Define a session and declare its store as a Protocol; both adapters pass one contract suite."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from chalicelib.access.tokens import ID_LENGTH, Role


@dataclass(frozen=True, slots=True)
class Session:
    """Store a session as the SHA-256 of its text, never as the text. Times in seconds since the epoch.

    `label` is the person's name for display, which is stored nowhere else; empty unless the stage asks for one.
    `ended_by` is the principal that has ended it before its time.
    """

    hash: str
    principal: str
    role: Role
    label: str
    created_at: float
    expires_at: float
    ended_at: float | None = None
    ended_by: str = ""

    @property
    def id(self) -> str:
        """Return an id for display, which cannot be used to call the API."""
        return self.hash[:ID_LENGTH]

    def state(self, now: float) -> Literal["works", "expired", "ended"]:
        """Return whether the session works, and if not, why."""
        if self.ended_at is not None:
            return "ended"
        return "works" if now < self.expires_at else "expired"


@dataclass(frozen=True, slots=True)
class Revocation:
    """When the sessions of a person were revoked, in seconds since the epoch, and by which principal."""

    at: float
    by: str


class SessionStore(Protocol):
    """Store sessions, which sign-ins were used, and when a person was revoked. Raises the store's errors."""

    def spend(self, nonce: str, hand: str, until: float) -> bool:
        """Mark the nonce of a sign-in as used; False if another hand has used it before `until`.

        The same `hand` may repeat the call, because a reply can be lost.
        """

    def add(self, session: Session) -> None:
        """Store a new session. A repetition does not undo an end."""

    def find(self, session_hash: str) -> Session | None:
        """Return the session with that hash, with a strongly consistent read."""

    def end(self, session_hash: str, at: float, by: str) -> bool:
        """End a session; False, without a change, if it has ended before or does not exist."""

    def revoke(self, principal: str, revoked: Revocation, until: float) -> None:
        """Store when a person was revoked, at least until then. An earlier time does not replace a later one."""

    def revoked(self, principal: str) -> Revocation | None:
        """Return the last revocation of a person, with a strongly consistent read; None, perhaps, after its end."""

    def all(self) -> Sequence[Session]:
        """Return every session that is stored, oldest first, with a strongly consistent read."""
