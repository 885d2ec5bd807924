"""`python -m infra.local.emulator --host 127.0.0.1 --port 4599`: the emulator as a process of its own."""

import argparse
import asyncio
import ipaddress
import os
import signal
import sys
import threading


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; with --die-with-parent also until standard input ends. Returns the exit code."""
    options = _parse(arguments)
    if options.switch_interval is not None:
        sys.setswitchinterval(options.switch_interval)
    if options.die_with_parent:
        die_when_input_ends()
    try:
        asyncio.run(_serve(options.host, options.port))
    except OSError as error:
        print(f"the emulator cannot listen on {options.host}:{options.port}: {error}", file=sys.stderr)
        return 1
    return 0


def die_when_input_ends() -> None:
    """End this process when its standard input does: the parent holds the other end and closes it by dying."""

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os._exit(0)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


async def _serve(host: str, port: int) -> None:
    from .host import serve

    task = asyncio.ensure_future(serve(host, port, lambda url: print(url, flush=True)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.emulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", type=_loopback)
    parser.add_argument("--port", default=4599, type=int, help="0 takes a free one; the URL is printed")
    parser.add_argument("--backend", default="moto", choices=["moto"])
    parser.add_argument("--die-with-parent", action="store_true", help="end when standard input ends")
    parser.add_argument("--switch-interval", type=float, help="seconds between thread switches; tests of races only")
    return parser.parse_args(arguments)


def _loopback(text: str) -> str:
    if not ipaddress.ip_address(text).is_loopback:
        raise argparse.ArgumentTypeError(f"{text} is not a loopback address: the emulator has no authentication")
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
