"""Ask for known advisories against what ships (`make audit`): pip-audit for the functions, npm for the console."""

import re
import subprocess
import sys
from collections.abc import Sequence

UNREACHABLE = re.compile(
    r"could not be audited|ConnectionError|ServiceError|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|audit endpoint"
)
"""Messages of the two tools when no source answers, or one that has no advisories."""
FOUND, NOT_ASKED = 1, 2
COMMANDS = {
    "the functions' libraries": (
        "pip-audit", "--strict", "--requirement", "requirements.txt", "--no-deps", "--disable-pip",
    ),
    "the dashboard's packages": ("npm", "--prefix", "dashboard", "audit", "--omit=dev"),
}  # fmt: skip


def verdict(what: str, code: int, said: str) -> tuple[int, str]:
    """Return the exit code and the text for what one tool said."""
    if code == 0:
        return 0, f"No known advisories against {what}."
    if UNREACHABLE.search(said):
        return (
            NOT_ASKED,
            f"Not audited: no source of advisories answers for {what}. Try again with access to the network.",
        )
    return FOUND, f"Advisories against {what}:\n{said.strip()}"


def main(commands: Sequence[tuple[str, Sequence[str]]] = tuple(COMMANDS.items())) -> int:
    """Run both; 1 when there are advisories, 2 when a source could not be asked."""
    codes = []
    for what, command in commands:
        done = subprocess.run(list(command), check=False, capture_output=True, text=True)
        code, text = verdict(what, done.returncode, done.stdout + done.stderr)
        print(text)
        codes.append(code)
    return FOUND if FOUND in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
