"""Follow README in an empty folder until the user's first job has completed, and measure the time.

Run it as `python -m scripts.wheels.first_job`. It runs README's own commands. Afterwards it adds the job type of *Add a
job type*, and the repository's checks and tests must pass. The time includes making the virtual environment. It does
not include building the wheels, filling pip's cache, or the steps after the first job. The program exits with 1 if
README has too many commands, or if they take too long. On an overloaded machine it counts the CPU time of all commands
instead of the clock.
"""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.wheels.build import build, build_platform

ROOT = Path(__file__).parents[2]
MOST_SECONDS, MOST_COMMANDS = 90.0, 4
START_SECONDS = 120.0
HANDLER, BEFORE, AFTER = "handlers/hello_world.py", "Hello, ", "Good morning, "
"""The only edited file, and its content before and after the edit."""
PORTS = {"API_PORT": "0", "AWS_PORT": "0", "DASHBOARD_PORT": "0"}
FOREIGN = ("AWS_", "JOBFLOW_", "PYTHON", "VIRTUAL_ENV", "MAKE", "MFLAGS", "UV_")


class Failed(Exception):
    """A command did not have the result that README describes; the message contains its output."""


def commands() -> list[str]:
    """Return the commands of README's first block, without their comments."""
    found = re.search(r"```sh\n(pip install .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = found[1].splitlines() if found else []
    return [command for line in lines if (command := line.partition("  #")[0].strip())]


class Folder:
    """An empty folder with the wheels, and a shell with a virtual environment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        self._environment = {**own, **PORTS, "PATH": f"{path / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        self.took: dict[str, tuple[float, float]] = {}
        """Seconds by the clock, and of CPU, of each command; a running command has no CPU time yet."""
        self._begun = 0.0

    @property
    def cpu(self) -> float:
        """Return the CPU seconds of all commands, including those in the background."""
        return _cpu() - self._begun

    def prepare(self) -> None:
        """Copy the wheels there, and fill pip's cache."""
        for wheel in (build(self.path / "wheels"), build_platform(self.path / "build")):
            wheel.rename(self.path / "wheels" / wheel.name)
        with tempfile.TemporaryDirectory() as unused:
            self._run([sys.executable, "-m", "pip", "download", "-q", "-d", unused, *map(str, self._wheels())])
        shutil.rmtree(self.path / "build")
        self._begun = _cpu()

    def _wheels(self) -> list[Path]:
        return sorted((self.path / "wheels").glob("*.whl"))

    def make_environment(self) -> None:
        """Make the virtual environment."""
        with self._timed("python -m venv .venv"):
            self._run([sys.executable, "-m", "venv", ".venv"])

    def type(self, command: str) -> str:
        """Run a command as a shell does; return its output. Raises Failed."""
        with self._timed(command):
            return self._run(["bash", "-c", command])

    @contextlib.contextmanager
    def running(self, command: str) -> Iterator[None]:
        """Run a command in the background until the end of the block, which begins when the platform is up.

        Raises Failed.
        """
        with (self.path / ".output").open("w") as output:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=self.path, env=self._environment, stdout=output, stderr=output
            )
        try:
            with self._timed(command):
                end = time.monotonic() + START_SECONDS
                while not (self.path / ".jobflow" / "dev.json").exists():
                    if process.poll() is not None or time.monotonic() > end:
                        raise Failed(f"{command}:\n{(self.path / '.output').read_text()}")
                    time.sleep(0.05)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)

    @contextlib.contextmanager
    def _timed(self, command: str) -> Iterator[None]:
        begun, used = time.monotonic(), _cpu()
        yield
        self.took[command] = (time.monotonic() - begun, _cpu() - used)

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(
            command, cwd=self.path, env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Failed(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
        return done.stdout


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def follow(folder: Folder, typed: list[str]) -> str:
    """Install, create the repository, edit its job type, run it, create a job; return the job's result."""
    install, new, dev, create = typed
    folder.make_environment()
    folder.type(install)
    folder.type(new)
    handler = folder.path / HANDLER
    handler.write_text(handler.read_text().replace(BEFORE, AFTER))
    with folder.running(dev):
        last = folder.type(create).splitlines()[-1]
    return str(json.loads(last)["result"]["text"])


def add_type(folder: Folder) -> None:
    """Add README's job type to the repository as printed; its checks and tests must pass. Raises Failed."""
    found = re.search(r"```python\n# (handlers/\S+)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    if found is None:
        raise Failed("There is no job type in README.")
    (folder.path / found[1]).write_text(found[2])
    edited = folder.path / HANDLER  # restore the text that this handler's test expects
    edited.write_text(edited.read_text().replace(AFTER, BEFORE))
    for command in ("jobflow check", "jobflow test -q"):
        folder.type(command)


def main() -> int:
    """Print how long each command took; return the exit code."""
    typed = commands()
    with tempfile.TemporaryDirectory() as where:
        folder = Folder(Path(where) / "my-jobs")
        folder.path.mkdir()
        try:
            folder.prepare()
            result = follow(folder, typed)
            total, used = sum(seconds for seconds, _ in folder.took.values()), folder.cpu
            add_type(folder)
        except Failed as failed:
            print(f"What README says does not work. {failed}", file=sys.stderr)
            return 1
    for command, (seconds, cpu) in folder.took.items():
        print(f"{seconds:6.1f} s, {cpu:5.1f} s of CPU  {command}")
    print(f"{total:6.1f} s, {used:5.1f} s of CPU, of {MOST_SECONDS:g} s; {len(typed)} commands, 1 edited file")
    return 0 if fits(total, used, busy=is_busy()) and len(typed) <= MOST_COMMANDS and result.startswith(AFTER) else 1


def fits(seconds: float, cpu: float, *, busy: bool) -> bool:
    """Return whether the run was fast enough; on a busy machine only the CPU time counts."""
    return (cpu if busy else seconds) <= MOST_SECONDS


def is_busy() -> bool:
    """Return whether more processes than processors were ready to run in the last five minutes (the load average)."""
    return os.getloadavg()[1] > (os.cpu_count() or 1)


if __name__ == "__main__":
    sys.exit(main())
