"""Keep sessions in memory; the contract tests of DynamoDB check this store too."""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.sessions.port import Revocation, Session


class MemorySessions:
    """See SessionStore."""

    def __init__(self) -> None:
        self._kept: dict[str, Session] = {}
        self._spent: dict[str, str] = {}
        self._revoked: dict[str, Revocation] = {}

    def spend(self, nonce: str, hand: str, until: float) -> bool:  # noqa: ARG002 - nothing expires here
        """See SessionStore."""
        return self._spent.setdefault(nonce, hand) == hand

    def add(self, session: Session) -> None:
        """See SessionStore."""
        self._kept.setdefault(session.hash, session)

    def find(self, session_hash: str) -> Session | None:
        """See SessionStore."""
        return self._kept.get(session_hash)

    def end(self, session_hash: str, at: float, by: str) -> bool:
        """See SessionStore."""
        found = self._kept.get(session_hash)
        if found is None or found.ended_at is not None:
            return False
        self._kept[session_hash] = replace(found, ended_at=at, ended_by=by)
        return True

    def revoke(self, principal: str, revoked: Revocation, until: float) -> None:  # noqa: ARG002 - nothing expires here
        """See SessionStore."""
        before = self._revoked.get(principal)
        if before is None or before.at < revoked.at:
            self._revoked[principal] = revoked

    def revoked(self, principal: str) -> Revocation | None:
        """See SessionStore."""
        return self._revoked.get(principal)

    def all(self) -> Sequence[Session]:
        """See SessionStore."""
        return sorted(self._kept.values(), key=lambda one: one.created_at)
