"""Store sessions on the control table: one row each, in one partition, which no function except the API may read.

The partition also has the last revocation of each person that a held ID token, or a session that the
revocation did not reach, could get around.

A process reads the row of a session six times a minute at most, so one partition is enough; and all sessions of a
person are found with one query, without a second row that could be missing.
"""

from collections.abc import Sequence

from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.access.tokens import ID_LENGTH, Role
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import written
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.schema import SESSIONS, SIGN_INS
from chalicelib.jobs.retention import KEEP_MARKS, KEEP_SESSIONS
from chalicelib.sessions import events
from chalicelib.sessions.port import Revocation, Session
from chalicelib.settings import Settings

SESSION = "SESSION#"
"""Begins the sort keys of sessions."""
REVOKED = "REVOKED#"
"""Begins the sort keys of revocations; the person's principal follows."""


class SessionRow(Model):
    """A session."""

    pk = Text(hash_key=True, default=SESSIONS)
    sk = Text(range_key=True)
    principal = Text()
    role = Text()
    label = Text(null=True)
    created_at = Seconds()
    ends_at = Seconds()
    ended_at = Seconds(null=True)
    ended_by = Text(null=True)
    expires_at = Whole()


class RevokedRow(Model):
    """The last revocation of a person."""

    pk = Text(hash_key=True, default=SESSIONS)
    sk = Text(range_key=True)
    at = Seconds()
    by = Text()
    expires_at = Whole()


class SignInRow(Model):
    """The nonce of a sign-in, and the random text of the request that has used it."""

    pk = Text(hash_key=True, default=SIGN_INS)
    sk = Text(range_key=True)
    hand = Text()
    expires_at = Whole()


class DynamoSessions:
    """See SessionStore."""

    def __init__(self, settings: Settings) -> None:
        table = binding.control(settings)
        self._rows = table.bind(SessionRow)
        self._sign_ins = table.bind(SignInRow)
        self._revoked = table.bind(RevokedRow)

    def spend(self, nonce: str, hand: str, until: float) -> bool:
        """See SessionStore. One conditional write."""
        row = SignInRow
        free = row.pk.does_not_exist() | (row.hand == hand)
        # A row that has expired is kept for hours: a day more costs nothing, and bounds a wrong clock.
        actions: list[Action] = [row.hand.set(hand), row.expires_at.set(until + KEEP_MARKS)]
        return written(lambda: self._sign_ins(SIGN_INS, nonce).update(actions, free))

    def add(self, session: Session) -> None:
        """See SessionStore. One write, which leaves the end of a session as it is."""
        row = SessionRow
        actions: list[Action] = [
            row.principal.set(session.principal), row.role.set(str(session.role)),
            row.created_at.set(session.created_at), row.ends_at.set(session.expires_at),
            row.expires_at.set(session.expires_at + KEEP_SESSIONS),
            *([row.label.set(session.label)] if session.label else ()),
        ]  # fmt: skip
        self._rows(SESSIONS, SESSION + session.hash).update(actions)

    def find(self, session_hash: str) -> Session | None:
        """See SessionStore. One read unit."""
        try:
            return _session(self._rows.get(SESSIONS, SESSION + session_hash, consistent_read=True))
        except self._rows.DoesNotExist:
            return None

    def end(self, session_hash: str, at: float, by: str) -> bool:
        """See SessionStore. One conditional write."""
        row = SessionRow
        actions: list[Action] = [row.ended_at.set(at), row.ended_by.set(by)]
        lives = row.role.exists() & row.ended_at.does_not_exist()
        return written(lambda: self._rows(SESSIONS, SESSION + session_hash).update(actions, lives))

    def revoke(self, principal: str, revoked: Revocation, until: float) -> None:
        """See SessionStore. One conditional write."""
        row = RevokedRow
        later = row.pk.does_not_exist() | (row.at < revoked.at)
        actions: list[Action] = [
            row.at.set(revoked.at), row.by.set(revoked.by), row.expires_at.set(until + KEEP_MARKS),
        ]  # fmt: skip
        written(lambda: self._revoked(SESSIONS, REVOKED + principal).update(actions, later))

    def revoked(self, principal: str) -> Revocation | None:
        """See SessionStore. One read unit."""
        try:
            found = self._revoked.get(SESSIONS, REVOKED + principal, consistent_read=True)
        except self._revoked.DoesNotExist:
            return None
        return Revocation(found.at, found.by)

    def all(self) -> Sequence[Session]:
        """See SessionStore. One query; 1,000 sessions take about 35 read units."""
        rows = self._rows.query(SESSIONS, SessionRow.sk.startswith(SESSION), consistent_read=True)
        found = [_readable(row) for row in rows]
        return sorted((one for one in found if one is not None), key=lambda one: one.created_at)


def _readable(row: SessionRow) -> Session | None:
    """Return the session; None, after a report, for a row that cannot be read: it must not prevent a revocation."""
    try:
        return _session(row)
    except (AttributeError, TypeError, ValueError) as error:
        events.unreadable(row.sk.removeprefix(SESSION)[:ID_LENGTH], error)
        return None


def _session(row: SessionRow) -> Session:
    return Session(
        row.sk.removeprefix(SESSION), row.principal, Role(row.role), row.label or "", row.created_at, row.ends_at,
        row.ended_at, row.ended_by or "",
    )  # fmt: skip
