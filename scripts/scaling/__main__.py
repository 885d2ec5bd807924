"""Print which limit is reached first, and what to set.

For 10 to 10,000 jobs a second, and for ten million waiting jobs.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from scripts.scaling.advice import divided, enough
from scripts.scaling.limits import Setting
from scripts.scaling.simulation import Played, play

RATES = (10, 100, 1_000, 10_000)
BACKLOG = 10_000_000
SECONDS = 0.2
PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
BEGIN, END = "<!-- made by: make scaling ARGS=--write -->", "<!-- end -->"


def told(name: str, played: Played) -> str:
    """Return a line about a simulation: the completed jobs, how long jobs wait, and the reached limits."""
    setting = played.setting
    ends = ", ".join(f"{limit} after {second} s" for limit, second in sorted(played.limits.items(), key=lambda x: x[1]))
    if played.growing:
        state = "the number of waiting jobs grows"
    elif played.drained is None:
        state = f"{played.waiting[-1]:,.0f} wait after {len(played.waiting) // 60} minutes"
    else:
        state = f"no job waits after {played.drained} s"
    if played.refused:
        state += f"; {played.refused / (setting.rate * len(played.done)):.0%} of the jobs refused"
    most = f"completes up to {max(played.done):,.0f} jobs a second"
    return f"{name}: {most}; {state}; limits reached: {ends or 'none'}"


def settings_of(setting: Setting) -> str:
    """Return the settings in a line."""
    several = f"{setting.types} job types of " if setting.types > 1 else ""
    return (
        f"{several}concurrency={setting.concurrency}, batch_size={setting.batch}; "
        f"{setting.in_request} jobs a request; {setting.account:,} concurrent functions in the account; "
        f"{setting.shards} shards; warm throughput of {setting.warm_writes:,} writes a second"
    )


def sizes(seconds: float) -> dict[str, tuple[Played, Played]]:
    """Simulate every size: first with the defaults, then with the settings and number of types that it needs."""
    settings = {f"{rate:,} jobs a second": Setting(rate, seconds) for rate in RATES}
    settings[f"{BACKLOG:,} jobs waiting"] = Setting(0, seconds, BACKLOG)
    played = {}
    for name, setting in settings.items():
        types = divided(setting)
        part = replace(setting, rate=setting.rate / types, backlog=setting.backlog // types, types=types)
        played[name] = play(setting), play(enough(part))
    return played


def report(played: Mapping[str, tuple[Played, Played]]) -> str:
    """Return three lines for each size."""
    lines = []
    for name, (before, after) in played.items():
        each = "each type " if after.setting.types > 1 else ""
        lines.append(told(f"{name}, with the defaults", before))
        lines.append(told(f"  {each}with the settings it needs", after))
        lines.append(f"    {settings_of(after.setting)}")
    return "\n".join(lines)


def document(text: str, told_now: str) -> str:
    """Return docs/scaling.md with these lines between its markers."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n```\n{told_now}\n```\n{end}{after}"


def main() -> int:
    """Print every size; with --write put it into the docs."""
    parser = argparse.ArgumentParser(prog="make scaling", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="what the job's function takes")
    parser.add_argument("--write", action="store_true", help="write docs/scaling.md")
    asked = parser.parse_args()
    played = sizes(asked.seconds)
    print(report(played))
    if asked.write:
        PAGE.write_text(document(PAGE.read_text(), report(played)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
