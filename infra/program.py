"""Say a message in the words of the command that was typed: make in a clone of JobFlow, `jobflow` elsewhere (pure).

Messages are written in make's words; `jobflow` sets the variable.
"""

import re

VARIABLE = "JOBFLOW_PROGRAM"
OPTIONS = {
    "YES=1": "--yes", "DRY_RUN=1": "--dry-run", "FORCE_REMOVE=1": "--force-remove", "NO_DASHBOARD=1": "--no-dashboard",
    "TOKEN_FILE=": "--token-file ", "TOKEN_SECRET=": "--token-secret ", "ROLE_ARN=": "--role-arn ", "ROLE=": "--role ",
    "STAGE=": "--stage ", "MONITOR=": "--monitor ", "LABEL=": "--label ", "make token ": "jobflow token issue ",
}  # fmt: skip
"""Variables of make, each with the option of the command; a name that begins like another one comes later."""
SET = re.compile(r'SET="([^"]*)"')
MAKE = re.compile(r"`make ([a-z-]+)")


def spoken(text: str, program: str) -> str:
    """Return a message of the platform as it is right for `make` or for `jobflow`."""
    if program != "jobflow":
        return text
    said = SET.sub(lambda found: " ".join(f"--set {word}" for word in found[1].split()), text)
    for of_make, own in OPTIONS.items():
        said = said.replace(of_make, own)
    return MAKE.sub(r"`jobflow \1", said)
