"""Draw a tour of the command line (docs/images/tour.svg): real commands, on a platform that is started for them.

Run it as `python -m scripts.documents.tour`. Each command runs in its own terminal; its output is drawn unchanged.
"""

import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from scripts.browser_tests import platform

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs" / "images" / "tour.svg"
COLUMNS, ROWS = 124, 60
TOUR = (
    "jobflow jobs create email.send --example --wait",
    "jobflow jobs create image.process -f key=uploads/6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0.png --max-attempts 1",
    "jobflow jobs tail @last",
    "jobflow jobs show @last",
    "jobflow errors",
    "jobflow jobs list",
)
FINE = (0, 3)
"""Accepted exit codes. 3 is accepted, because one of the tour's jobs fails on purpose."""
FONT = re.compile(r"@font-face \{[^}]*\}\s*")
"""The part of the drawing that loads fonts from another server: a reader's browser must not load them."""
CHUNK = 65_536


def typed(command: str, environment: Mapping[str, str]) -> str:
    """Run a command in a terminal; return its output with colours. Raises CalledProcessError."""
    words = shlex.split(command)
    main, terminal = pty.openpty()
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    program = [sys.executable, "-m", *words]
    process = subprocess.Popen(program, stdin=terminal, stdout=terminal, stderr=terminal, env=dict(environment))
    os.close(terminal)
    printed = b""
    try:
        while chunk := os.read(main, CHUNK):
            printed += chunk
    except OSError:  # Linux raises this error when the other end of the terminal is closed
        pass
    finally:
        os.close(main)
    if process.wait() not in FINE:
        raise subprocess.CalledProcessError(process.returncode, command, printed.decode())
    return printed.decode().replace("\r\n", "\n")


def drawn(shown: Sequence[tuple[str, str]]) -> str:
    """Return commands and their output as an SVG."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, color_system="truecolor")
        for command, printed in shown:
            console.print(Text.assemble(("$ ", "bold green"), (command, "bold")), soft_wrap=True)
            console.print(Text.from_ansi(printed.rstrip()), overflow="fold")
            console.print()
    drawing = console.export_svg(title="jobflow", theme=MONOKAI, unique_id="tour")
    return "\n".join(line.rstrip() for line in FONT.sub("", drawing).splitlines()) + "\n"


def main() -> int:
    """Start a platform, run every command, write the drawing; return the exit code."""
    with tempfile.TemporaryDirectory() as folder, platform(Path(folder)) as state:
        environment = {
            **os.environ, "JOBFLOW_URL": state["api"], "JOBFLOW_TOKEN": state["token"], "TERM": "xterm-256color",
            "XDG_STATE_HOME": folder, "COLUMNS": str(COLUMNS),
        }  # fmt: skip
        shown = [(command, typed(command, environment)) for command in TOUR]
    drawing = drawn(shown)
    if state["token"] in drawing:
        raise AssertionError("the drawing holds the token")
    TARGET.write_text(drawing)
    print(f"{TARGET.relative_to(ROOT)}: {len(TOUR)} commands, {len(drawing):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
