"""Keep the token of this checkout. It is made once, and stored in the emulator at each start."""

import time
from pathlib import Path

from infra.local.state.folder import replace

LABEL = "dev"
VARIABLE = "JOBFLOW_DEV_TOKEN"
"""The variable that gives the token to the first API process of a run. That process stores the token, because it has
already imported the necessary code."""


def text_of(folder: Path) -> str:
    """Return the text of the token.

    It is kept in the state folder, so that a browser stays signed in from run to run.
    """
    path = folder / "token"
    if path.exists():
        return path.read_text().strip()
    from chalicelib.access.secret_text import new_text

    folder.mkdir(parents=True, exist_ok=True)
    replace(path, f"{new_text()}\n".encode())
    return path.read_text().strip()


def store(text: str) -> None:
    """Store the token with an administrator's role, and record the start of this run as a deployment."""
    from chalicelib.access.tokens import Role, Token, hash_of
    from chalicelib.assembly import parts

    parts.token_store.put(Token(hash_of(text), Role.ADMIN, LABEL, time.time()))
    parts.deploys.deployed(LABEL, time.time())
