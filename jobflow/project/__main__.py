"""Update a repository's tree from its jobflow.toml; a running `jobflow dev` calls this after an edit."""

import sys
from pathlib import Path

from jobflow.errors import ConfigurationError
from jobflow.project import tree


def main(folder: str) -> None:
    """Build the tree of a repository; on failure print why, and exit with 1."""
    try:
        tree.of(Path(folder))
    except ConfigurationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
