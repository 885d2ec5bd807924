"""Compare two versions by `make load`, which take turns: `python -m scripts.benches.pairs OLD NEW [--rounds 10]`.

OLD and NEW are folders with a clone each, after `make setup`. Both get the same job type without limits meanwhile. It
prints the ratio new/old of each round: of the jobs a second, and of the requests a second. On a machine that does other
things, the spread is large.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from tests.infra.local.running import BOUND_SECONDS, until, untouched

TYPE, WARMING = "load.probe", 100
KIND = '''\
"""Define a job type without limits that does nothing."""

from pydantic import BaseModel, ConfigDict, Field

from chalicelib import Function, JobContext, consume, job


class Nothing(BaseModel):
    """Nothing."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"text": "a"}]})
    text: str = Field(description="A text.", examples=["a"])


@job("load.probe", timeout=30, function=Function(batch_size=1, concurrency=10))
def load_probe(payload: Nothing, ctx: JobContext) -> str:
    """Return the text."""
    return payload.text


handler = consume(load_probe)
'''
NUMBERS = ("jobs_per_second", "posts_per_second")


@contextmanager
def platform(folder: Path) -> Iterator[Path]:
    """Run the platform of a clone; yield the folder of its state."""
    added = folder / "handlers" / "load_probe.py"
    added.write_text(KIND)
    with TemporaryDirectory(prefix="jobflow-pairs-") as state:
        ports = {"API_PORT": "0", "AWS_PORT": "0", "DASHBOARD_PORT": "0", "RATE_LIMIT_MAX": "1000000"}
        with Path(state, "output").open("w") as output:
            process = subprocess.Popen(
                [folder / ".venv/bin/python", "-m", "infra.local"], cwd=folder, stdout=output, stderr=output,
                env={**untouched(), **ports, "JOBFLOW_STATE_DIR": state, "JOBFLOW_EXAMPLES": ""},
            )  # fmt: skip
        try:
            until(lambda: Path(state, "dev.json").exists() or process.poll() is not None)
            if process.poll() is not None:
                raise SystemExit(Path(state, "output").read_text()[-2000:])
            yield Path(state)
        finally:
            process.terminate()
            process.wait(BOUND_SECONDS)
            added.unlink()


def load(folder: Path, state: Path, count: int) -> dict[str, Any]:
    """Return what `make load` of a clone prints."""
    command = [str(folder / ".venv/bin/python"), "-m", "scripts.load", "--type", TYPE, "--count", str(count)]
    environment = {**untouched(), "JOBFLOW_STATE_DIR": str(state)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{folder}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    numbers: dict[str, Any] = json.loads(done.stdout)
    return numbers


def main() -> int:
    """Print the ratios."""
    parser = argparse.ArgumentParser(prog="python -m scripts.benches.pairs", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--count", type=int, default=400, help="jobs of one load")
    asked = parser.parse_args()
    folders, ratios = [asked.old.resolve(), asked.new.resolve()], list[list[float]]()
    with ExitStack() as stack:
        states = {folder: stack.enter_context(platform(folder)) for folder in folders}
        for folder, state in states.items():
            load(folder, state, WARMING)
        for number in range(asked.rounds):
            turn = folders if number % 2 else folders[::-1]
            found = {folder: load(folder, states[folder], asked.count) for folder in turn}
            old, new = (found[folder] for folder in folders)
            ratios.append([new[name] / old[name] for name in NUMBERS])
            print(", ".join(f"{name} {ratio:.2f}" for name, ratio in zip(NUMBERS, ratios[-1], strict=True)), flush=True)
    for place, name in enumerate(NUMBERS):
        values = sorted(ratio[place] for ratio in ratios)
        print(f"{name}, new/old: median {median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
