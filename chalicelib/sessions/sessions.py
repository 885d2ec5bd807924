"""Begin, check, list and end sessions."""

import hmac
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.access.constants import MOST_TOKENS_REMEMBERED, TOKEN_TRUSTED
from chalicelib.access.secret_text import SESSION_PREFIX, new_text, possible_session
from chalicelib.access.tokens import Role, hash_of
from chalicelib.errors import SessionNotFound, SignInNotConfigured, SignInRefused, Unauthorized
from chalicelib.sessions import events
from chalicelib.sessions.constants import REVOCATION_COUNTS, SESSION_LASTS
from chalicelib.sessions.port import Revocation, Session, SessionStore
from chalicelib.sessions.provider import Provider
from chalicelib.sessions.rule import Person, withdrawn

REFUSED = "This session is unknown or has ended. Sign in again, or send Authorization: Bearer <token>."
HAND_BYTES = 12


class Sessions:
    """The sessions of a stage.

    `provider` is the present one, None without one: people of an earlier issuer have no session any more. `identify`
    verifies an ID token with the page's secret; it is made at the first sign-in, because it imports a library.
    """

    def __init__(
        self,
        store: SessionStore,
        clock: Callable[[], float],
        provider: Provider | None,
        identify: Callable[[], Callable[[str, str], Person]],
    ) -> None:
        self._store, self._clock, self._provider, self._identify = store, clock, provider, identify
        self._lock = threading.Lock()
        self._verified: dict[str, tuple[Session, float]] = {}

    @property
    def provider(self) -> Provider:
        """Return the identity provider; raises SignInNotConfigured."""
        if self._provider is None:
            raise SignInNotConfigured
        return self._provider

    def identify(self, id_token: str, secret: str) -> Person:
        """Return who signs in, and write nothing: the same ID token can be sent again.

        Raises SignInNotConfigured, SignInRefused, NoRole, SignInUnavailable, and the store's errors.
        """
        person = self._identify()(id_token, secret)
        if self._withdrawn(person.principal, person.issued):
            raise _refused(person.principal)
        return person

    def use(self, person: Person) -> None:
        """Mark a sign-in as used; raises SignInRefused if it was used before, and the store's errors."""
        if not self._store.spend(person.nonce, secrets.token_hex(HAND_BYTES), person.until):
            raise SignInRefused("used before", "the ID token was used before", person.principal)

    def begin(self, principal: str, role: Role, label: str, issued: float) -> tuple[str, Session]:
        """Return the text of a new session of a person, which cannot be read again, and its stored part.

        `issued`: the time of the ID token. Raises SignInRefused if the person was revoked since.
        """
        text, now = new_text(SESSION_PREFIX), self._clock()
        session = Session(hash_of(text), principal, role, label, now, now + SESSION_LASTS)
        self._store.add(session)
        # Look after the write: a revocation at the same time either finds the session, or is found here. The text is
        # known to nobody yet, so a death before this line leaves a session that nobody can use.
        if revoked := self._withdrawn(principal, issued):
            self._end(session, revoked.by)
            raise _refused(principal)
        events.begun(session.id, session.principal, session.role)
        return text, session

    def verify(self, text: str) -> Session:
        """Return the session with that text; raises Unauthorized. A session that cannot be checked is not accepted."""
        now = self._clock()
        session = self._look_up(text, now) if self._provider and possible_session(text) else None
        if session is None or self._provider is None:
            raise Unauthorized(REFUSED, "unknown session")
        if not session.principal.startswith(self._provider.prefix):
            raise Unauthorized(REFUSED, "session of another issuer", session.principal)
        if (state := session.state(now)) != "works":
            raise Unauthorized(REFUSED, f"{state} session", session.principal)
        return session

    def end(self, session_hash: str, by: str) -> str:
        """End a session (logout) everywhere within ten seconds, and return its id; raises SessionNotFound without one.

        A second call changes nothing.
        """
        session = self._store.find(session_hash) if session_hash else None
        if session is None:
            raise SessionNotFound
        self._end(session, by)
        return session.id

    def revoke(self, principal: str, by: str) -> int:
        """End all sessions of a person everywhere within ten seconds; return how many worked until now.

        An ID token that was issued before signs nobody in any more.
        """
        now, ended = self._clock(), 0
        # before the sessions are listed: see `begin`
        self._store.revoke(principal, Revocation(now, by), now + REVOCATION_COUNTS)
        while found := [one for one in self._store.all() if one.principal == principal and self._works(one)]:
            ended += sum(self._end(one, by) for one in found)
        return ended

    def list(self) -> Sequence[Session]:
        """Return every session that is stored, oldest first."""
        return self._store.all()

    def _withdrawn(self, principal: str, issued: float) -> Revocation | None:
        found = self._store.revoked(principal)
        return found if found and withdrawn(issued, found.at) else None

    def _works(self, session: Session) -> bool:
        return session.state(self._clock()) == "works"

    def _end(self, session: Session, by: str) -> bool:
        done = self._store.end(session.hash, self._clock(), by)
        with self._lock:
            self._verified.pop(session.hash, None)
        if done:
            events.ended(session.id, session.principal, by)
        return done

    def _look_up(self, text: str, now: float) -> Session | None:
        digest = hash_of(text)
        session, until = self._verified.get(digest, (None, 0.0))
        if session is not None and now < until:
            return session
        session = self._store.find(digest)
        # as for tokens: a store that returns the row of another session must not be believed
        if session is None or not hmac.compare_digest(session.hash, digest):
            return None
        mark = self._store.revoked(session.principal)
        if mark and session.ended_at is None and session.created_at <= mark.at:
            # the revocation has not reached this session: its requests end one session after the other
            session = replace(session, ended_at=mark.at, ended_by=mark.by)
        with self._lock:
            if len(self._verified) >= MOST_TOKENS_REMEMBERED:
                self._verified.clear()
            self._verified[digest] = (session, now + TOKEN_TRUSTED)
        return session


def _refused(principal: str) -> SignInRefused:
    told = "your sessions were revoked after this ID token was issued. If you may still sign in, wait a few minutes"
    return SignInRefused("revoked since", told, principal)
