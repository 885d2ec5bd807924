"""Adapt a message to the typed command: make in a clone of JobFlow, `jobflow` elsewhere (pure).

The code contains the messages for make; `jobflow` sets the variable JOBFLOW_PROGRAM.
"""

import re
from collections.abc import Mapping

VARIABLE = "JOBFLOW_PROGRAM"
OPTIONS = {
    "YES=1": "--yes", "DRY_RUN=1": "--dry-run", "FORCE_REMOVE=1": "--force-remove", "NO_DASHBOARD=1": "--no-dashboard",
    "DROP_REST_API=1": "--drop-rest-api",
    "TOKEN_FILE=": "--token-file ", "TOKEN_SECRET=": "--token-secret ", "ROLE_ARN=": "--role-arn ", "ROLE=": "--role ",
    "STAGE=": "--stage ", "MONITOR=": "--monitor ", "LABEL=": "--label ", "LIST=1": "--list", "AT=": "--at ",
    "FROM=": "--from ", "TABLES=": "--tables ", "RUN=1": "--run", "KEEP=": "--keep ", "KEEP_TABLES=1": "--keep-tables",
    "FRESH=1": "--fresh", "make token ": "jobflow token issue ",
}  # fmt: skip
"""Variables of make, each with the option of the command."""
OF_MAKE = re.compile(rf"\b({'|'.join(map(re.escape, OPTIONS))})")
SET = re.compile(r'SET="([^"]*)"')
MAKE = re.compile(r"`make ([a-z-]+)")


def spoken(text: str, program: str) -> str:
    """Return a message of the platform with the commands of `make` or of `jobflow`."""
    if program != "jobflow":
        return text
    said = SET.sub(lambda found: " ".join(f"--set {word}" for word in found[1].split()), text)
    said = OF_MAKE.sub(lambda found: OPTIONS[found[1]], said)
    return MAKE.sub(r"`jobflow \1", said)


def called(environment: Mapping[str, str]) -> str:
    """Return the command's name for its usage text; make passes its variables to `jobflow`."""
    return "jobflow" if environment.get(VARIABLE) == "jobflow" else "python -m jobflow"
