"""Start PostgreSQL, Redis and the peers' programs on free loopback ports, in a temporary folder."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
APPS = Path(__file__).parent / "apps"
ENVIRONMENT = ROOT / "build" / "peers"
PYTHON = ENVIRONMENT / "bin" / "python"
START_SECONDS = 30.0


class Missing(Exception):
    """A server is not installed; the message names it."""


@dataclass(frozen=True)
class Servers:
    """Servers that run. `variables` are environment variables with their addresses, for the programs."""

    variables: Mapping[str, str]
    folder: Path


def install() -> None:
    """Make the environment of the peers, unless it exists."""
    if not PYTHON.exists():
        run = [sys.executable, "-m", "uv"]
        subprocess.run([*run, "venv", "--quiet", str(ENVIRONMENT)], check=True)
        needs = str(Path(__file__).with_name("requirements.txt"))
        subprocess.run([*run, "pip", "install", "--quiet", "--python", str(PYTHON), "-r", needs], check=True)


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Run PostgreSQL and Redis with their own defaults. Raises Missing."""
    redis, found = shutil.which("redis-server"), sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if redis is None or not found:
        raise Missing("PostgreSQL and Redis are needed: apt-get install postgresql redis-server")
    database, queue = free_port(), free_port()
    data = folder / "database"
    # PostgreSQL refuses to run as root.
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
    folder.chmod(0o755)
    subprocess.run(
        [*user, found[-1].parent / "initdb", "--auth=trust", "-U", "jobs", "-D", data], check=True, capture_output=True
    )
    with ExitStack() as running:
        postgres: list[str | Path] = [
            *user,
            found[-1],
            "-D",
            data,
            "-p",
            str(database),
            "-k",
            folder,
            "-h",
            "127.0.0.1",
        ]
        running.enter_context(program(postgres))
        running.enter_context(
            program([redis, "--port", str(queue), "--bind", "127.0.0.1", "--dir", folder, "--save", ""])
        )
        for port in (database, queue):
            wait_for(port)
        yield Servers(
            {
                "PEERS_DATABASE": f"host=127.0.0.1 port={database} user=jobs dbname=postgres",
                "PEERS_REDIS": f"redis://127.0.0.1:{queue}/0",
            },
            folder,
        )


@contextmanager
def program(command: Sequence[str | Path], variables: Mapping[str, str] | None = None) -> Iterator[None]:
    """Run a program in the folder of the peers' apps while the block runs."""
    started = subprocess.Popen(
        command, cwd=APPS, env={**os.environ, **(variables or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        started.terminate()
        started.wait(20)


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until a program listens there. Raises TimeoutError."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"Nobody listens on port {port}.")
