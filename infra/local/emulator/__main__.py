"""Run the emulator as a process: `python -m infra.local.emulator --port 4599`.

It listens only on the loopback address, because it checks no credentials.
"""

import argparse
import asyncio
import os
import signal
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from infra.local.errors import IncompatibleMoto
from infra.local.ports import HOST
from infra.local.state.folder import hold

announce = partial(print, flush=True)


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM, SIGINT or SIGHUP; return the exit code."""
    options = _parse(arguments)
    try:
        # an earlier emulator that is ending may still write its snapshot
        with hold(options.state) if options.state else nullcontext():
            asyncio.run(_serve(options))
    except IncompatibleMoto as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"the emulator cannot listen on {HOST}:{options.port}: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(options: argparse.Namespace) -> None:
    from infra.local import descriptions

    descriptions.share()  # moto creates a session for each service that has a list of regions
    from .serving.host import serve

    given = (HOST, options.port, announce, options.origin, options.state, options.keep_every)
    task = asyncio.ensure_future(serve(*given))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # keep SIGHUP ignored under `nohup`
            loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.emulator", description=__doc__)
    parser.add_argument("--port", default=4599, type=int, help="0 takes a free one; the URL is printed")
    parser.add_argument("--origin", action="append", default=[], help="of pages that may read and upload objects")
    parser.add_argument("--state", type=Path, help="the folder that keeps everything over a restart")
    every = os.environ.get("JOBFLOW_KEEP_SECONDS") or "60"
    parser.add_argument("--keep-every", type=float, default=every, help="seconds between snapshots")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
