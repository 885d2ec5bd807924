"""`python -m infra.local`: the whole platform on this machine."""

import sys

from infra.local.runner import run

if __name__ == "__main__":
    sys.exit(run())
