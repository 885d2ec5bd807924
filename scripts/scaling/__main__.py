"""Print which limit is reached first, and what to set.

For 10 to 10,000 jobs a second, and for ten million waiting jobs.
"""

import argparse
import sys
from collections.abc import Mapping

from scripts.scaling.advice import enough_in_types
from scripts.scaling.dollars import cost_of
from scripts.scaling.limits import Setting
from scripts.scaling.simulation import Played, play

RATES = (10, 100, 1_000, 10_000)
BACKLOG = 10_000_000
SECONDS = 0.2
"""Seconds of the job's function, also in docs/scaling.md."""


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
        f"{setting.requests:,} requests a second of the stage; {setting.shards} shards; "
        f"warm throughput of the table: {setting.warm_writes:,} writes a second"
    )


def sizes(seconds: float) -> dict[str, tuple[Played, Played]]:
    """Simulate every size: first with the defaults, then with the settings and number of types that it needs."""
    settings = {f"{rate:,} jobs a second": Setting(rate, seconds) for rate in RATES}
    settings[f"{BACKLOG:,} jobs waiting"] = Setting(0, seconds, BACKLOG)
    return {name: (play(setting), play(enough_in_types(setting))) for name, setting in settings.items()}


def report(played: Mapping[str, tuple[Played, Played]]) -> str:
    """Return four lines for each size."""
    lines = []
    for name, (before, after) in played.items():
        each = "each type " if after.setting.types > 1 else ""
        lines.append(told(f"{name}, with the defaults", before))
        lines.append(told(f"  {each}with the settings it needs", after))
        lines.append(f"    {settings_of(after.setting)}")
        lines.append(f"    {cost_of(after.setting)}")
    return "\n".join(lines)


def main() -> int:
    """Print every size."""
    parser = argparse.ArgumentParser(prog="make scaling", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="what the job's function takes")
    print(report(sizes(parser.parse_args().seconds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
