"""Run the whole platform on this machine: `python -m infra.local`."""

import signal
import sys


def main() -> int:
    """Run until a signal; return the exit code."""
    # While the modules load, an interrupt ends this process without a traceback: nothing needs to be stopped yet.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from infra.local.runner import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
