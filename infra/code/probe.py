"""Import handlers, each as its own function does, and print what fails: `python -P -m infra.code.probe`.

Standard input is a JSON list with an entry for each handler: its module, further modules that the job function imports,
the function's own variables, and the modules that it lacks. The last line of standard output is a JSON list with an
error text for each handler, "" for none. Each handler is imported in a fork of this process, so imports of other
handlers have no effect on it. Modules that all functions have are imported once, before the forks.
"""

import importlib
import json
import os
import sys
from typing import Any

from chalicelib.job_types.jobtype import JobType
from infra.code.describe import ROOT, complaint
from infra.local.lifeline import PROGRAM, NotShipped

UNDECLARED = 'The variable {name} is not set. Declare it in @job: access=AwsAccess(environment={{"{name}": …}})'
ENDED = "The import of {module} ends the process."


def main() -> int:
    """Import all, one after the other; print the error texts. Return the exit code."""
    from chalicelib import consume  # noqa: F401 - imported once, before all forks

    print("\n" + json.dumps([_forked(asked) for asked in json.load(sys.stdin)]))
    return 0


def _forked(asked: dict[str, Any]) -> str:
    sys.stdout.flush()
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        with os.fdopen(write_end, "w") as answer:
            answer.write(json.dumps(_imported(**asked)))
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        said = answer.read()
    os.waitpid(pid, 0)
    return str(json.loads(said)) if said else ENDED.format(module=asked["modules"][0])


def _imported(modules: list[str], variables: dict[str, str], lacking: str) -> str:
    """Import the modules, the handler first; return the error text of the first import that fails.

    If a job function has a function `imports`, this function imports the modules, because they may need more than an
    import (Django's models, for example).
    """
    os.environ.update(variables)
    sys.meta_path.insert(0, NotShipped(lacking, os.environ.get(PROGRAM, "make")))
    try:
        for module in modules:
            for kind in vars(importlib.import_module(module)).values():
                if module == modules[0] and isinstance(kind, JobType) and hasattr(kind.run, "imports"):
                    kind.run.imports()
    except (Exception, SystemExit) as error:
        return complaint(error, ROOT, UNDECLARED)
    return ""


if __name__ == "__main__":
    sys.exit(main())
