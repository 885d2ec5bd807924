"""Bring a repository's tree up to date with its jobflow.toml, as a running `jobflow dev` has it done after an edit."""

import sys
from pathlib import Path

from jobflow.errors import ConfigurationError
from jobflow.project import tree


def main(folder: str) -> None:
    """Put the tree of a repository together; say why it cannot be, and end with 1."""
    try:
        tree.of(Path(folder))
    except ConfigurationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
