"""Record in a stage's audit log what a command does, such as a deployment, a restore or the issue of a token."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum

from chalicelib.access.scope import WHOLE, Scope
from chalicelib.access.tokens import Role, Token, Tokens, TokenStore
from chalicelib.audit.port import Recorder
from chalicelib.audit.recording import Change, recorded
from chalicelib.audit.rule import End, Entry, Outcome
from chalicelib.errors import InvalidRequest, TokenNotFound

HERE = "this machine"
"""The principal of commands for the platform on a laptop, which has no AWS identity."""
REMOVE = "job-type.remove"
"""The action of an entry about a removed job type whose unfinished jobs are cancelled."""


class Command(StrEnum):
    """Name the action of each command that changes a stage; `token` has its own entries."""

    DEPLOY = "stage.deploy"
    ROLLBACK = "stage.rollback"
    RESTORE = "stage.restore"
    RECOUNT = "stage.recount"
    BACKUP = "stage.backup"
    DESTROY = "stage.destroy"


class RecordedTokens(Tokens):
    """Tokens whose issue, rotation and revocation is recorded. Raises NotAudited if the first two cannot be recorded.

    A revocation is made all the same, because it takes rights away, and `say` is told.
    """

    def __init__(self, store: TokenStore, log: Recorder, say: Callable[[str], None], identity: str = "") -> None:
        super().__init__(store)
        self._log, self._say, self._identity = log, say, identity or HERE

    def issue(
        self, role: Role, label: str, ttl: float | None = None, by: str = "", rate: int = 0, scope: Scope = WHOLE
    ) -> tuple[str, Token]:
        """See Tokens."""
        with recorded(self._log, time.time, self._change("issue")) as entry:
            text, token = super().issue(role, label, ttl, by, rate, scope)
            entry.target = token.id
        return text, token

    def rotate(self, name: str, overlap: float, ttl: float | None = None, by: str = "") -> tuple[str, Token]:
        """See Tokens."""
        with recorded(self._log, time.time, self._change("rotate")) as entry:
            try:
                text, token = super().rotate(name, overlap, ttl, by)
            except (TokenNotFound, InvalidRequest):
                entry.outcome = Outcome.REFUSED
                raise
            entry.target = token.principal
        return text, token

    def revoke(self, token_id: str, by: str = "") -> Token:
        """See Tokens."""
        log = _AsFarAsPossible(lambda: self._log, self._say)
        with recorded(log, time.time, self._change("revoke", token_id)) as entry:
            try:
                return super().revoke(token_id, by)
            except TokenNotFound:
                entry.outcome = Outcome.REFUSED
                raise

    def _change(self, what: str, token_id: str = "") -> Change:
        return Change(f"token.{what}", "token", token_id, self._identity)


class _AsFarAsPossible:
    """A log that raises nothing. A first deployment has no table before it, so its entry is stored at the end."""

    def __init__(self, log: Callable[[], Recorder], say: Callable[[str], None]) -> None:
        self._log, self._say, self._begun = log, say, False

    def begin(self, entry: Entry) -> None:
        try:
            self._log().begin(entry)
        except Exception:  # `end` tries again, and reports an error
            return
        self._begun = True

    def end(self, entry: Entry, end: End) -> None:
        try:
            if not self._begun:
                self._log().begin(entry)
            self._log().end(entry, end)
        except Exception as error:
            self._say(f"The audit log will not show this command, or not its end: {type(error).__name__}.")


@contextmanager
def acting(
    log: Callable[[], Recorder],
    command: Command,
    stack: str,
    identity: str,
    say: Callable[[str], None],
    version: str = "",
    removed: Sequence[str] = (),
) -> Iterator[None]:
    """Record a command with AWS credentials, with its outcome.

    `removed` are the types whose unfinished jobs the command gives up: each has an entry of its own. The command is
    carried out even if it cannot be recorded: it may be what repairs the table, and AWS's CloudTrail has its requests.
    """
    change = Change(command, "stage", stack, identity, version=version)
    with recorded(_AsFarAsPossible(log, say), time.time, change), giving_up(log, identity, say, version, removed):
        yield


@contextmanager
def giving_up(
    log: Callable[[], Recorder], identity: str, say: Callable[[str], None], version: str, removed: Sequence[str]
) -> Iterator[None]:
    """Record for each of these types that a command gives its unfinished jobs up. See acting."""
    with ExitStack() as entries:
        for name in removed:
            change = Change(REMOVE, "job-type", name, identity, version=version)
            entries.enter_context(recorded(_AsFarAsPossible(log, say), time.time, change))
        yield
