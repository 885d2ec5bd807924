"""Provide the two wheels in an environment with nothing else, and run commands there."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.wheels.build import build, build_platform
from tests.infra.local.running import untouched


@dataclass(frozen=True)
class Own:
    """An environment, and its folder."""

    folder: Path

    @property
    def program(self) -> Path:
        """The command line."""
        return self.folder / "venv" / "bin" / "jobflow"

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment variables of commands: nothing of the machine's user, and `more`."""
        return {**untouched(), "XDG_STATE_HOME": str(self.folder / "state"), "AWS_DEFAULT_REGION": "us-east-1", **more}

    def type(self, line: str, folder: Path, **more: str) -> "subprocess.CompletedProcess[str]":
        """Type a command."""
        command = [str(self.program), *line.split()]
        return subprocess.run(
            command, cwd=folder, env=self.environment(**more), capture_output=True, text=True, check=False
        )

    def done(self, line: str, folder: Path, **more: str) -> str:
        """Run a command that must succeed; return its output."""
        done = self.type(line, folder, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


def install(folder: Path) -> Own:
    """Make the environment."""
    wheels = [build(folder / "wheels"), build_platform(folder / "wheels")]
    uv = [sys.executable, "-m", "uv"]
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")], check=True)
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, *map(str, wheels)], check=True)
    # installed as users do: pip stores the hashes of the two wheels, which `jobflow new` pins
    pip = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", "--no-index"]
    subprocess.run([*pip, *map(str, wheels)], check=True)
    return Own(folder)


def share(project: Path, greeting: str) -> None:
    """Write a package beside the job types of a repository, with a greeting, and let hello.world import it."""
    (project / "acme").mkdir()
    (project / "acme" / "__init__.py").write_text('"""What the job types share."""\n')
    say(project, greeting)
    handler = project / "handlers" / "hello_world.py"
    text = handler.read_text().replace("from chalicelib", "from acme.words import GREETING\nfrom chalicelib")
    handler.write_text(re.sub(r'f"[^"]*, \{payload', 'f"{GREETING}, {payload', text))


def say(project: Path, greeting: str) -> None:
    """Write the module of this package."""
    (project / "acme" / "words.py").write_text(f'"""Words."""\n\nGREETING = "{greeting}"\n')
