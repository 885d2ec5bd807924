"""Run the command line: `python -m jobflow`."""

from jobflow.cli import main

main()
