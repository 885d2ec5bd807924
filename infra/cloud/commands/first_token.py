"""Give out the first admin token of a stage.

It is printed on a terminal, or written to a file or to Secrets Manager, but never written to a log.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chalicelib.access.tokens import Role, Token, Tokens
from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.terminal import Terminal

LABEL = "first admin"
OF_DEPLOYMENTS = "smoke of a deployment"
"""Label of the short-lived tokens that deployments issue to themselves."""
ONLY_THE_OWNER = 0o600


@dataclass(frozen=True)
class FirstToken:
    """Hand out the first token: to `file`, to `secret` (a new secret in Secrets Manager), or else to the terminal."""

    file: Path | None = None
    secret: str = ""

    def hand_out(
        self, tokens: Tokens, account: Account, terminal: Terminal, tags: Mapping[str, str] | None = None
    ) -> None:
        """Issue the token, unless the stage already has one. Raises CloudError if the file cannot be created.

        `tags` are the stage's; a secret gets them so that `destroy` finds it.
        """
        if any(token.label != OF_DEPLOYMENTS and not _taken_back(token) for token in tokens.list()):
            return
        if self.file is not None:
            _into_file(self.file, tokens, account)
            terminal.say(f"The first admin token is in {self.file}.")
        elif self.secret:
            _into_secret(self.secret, tokens, account, tags or {})
            terminal.say(f"The first admin token is in Secrets Manager as {self.secret}.")
        elif terminal.private:
            terminal.secret("The first admin token. It is shown this once; keep it safe:", _issue(tokens, account))
        else:
            terminal.say(
                "No token was issued: standard output is not a terminal, and a log would keep the token. Deploy with "
                "TOKEN_FILE=path or TOKEN_SECRET=name, or make one by hand: make token ROLE=admin."
            )


def _taken_back(token: Token) -> bool:
    """Return whether the token is a first token that was revoked, for example because it could not be written."""
    return token.label == LABEL and token.revoked_at is not None


def _issue(tokens: Tokens, account: Account) -> str:
    text, _ = tokens.issue(Role.ADMIN, LABEL, by=account.identity)
    return text


def _into_file(path: Path, tokens: Tokens, account: Account) -> None:
    try:
        # create the file before the token, and never overwrite an existing file
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, ONLY_THE_OWNER)
    except OSError as error:
        raise CloudError(f"The file for the token cannot be made: {error}. No token was issued.") from error
    with os.fdopen(descriptor, "w") as file:
        try:
            file.write(_issue(tokens, account) + "\n")
        except Exception:
            path.unlink()
            raise


def _into_secret(name: str, tokens: Tokens, account: Account, tags: Mapping[str, str]) -> None:
    client = account.client("secretsmanager")
    text, token = tokens.issue(Role.ADMIN, LABEL, by=account.identity)
    try:
        client.create_secret(
            Name=name,
            SecretString=text,
            Description="JobFlow: the first admin token",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
    except Exception:
        tokens.revoke(token.id)
        raise
