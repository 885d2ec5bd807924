"""Print what the code on disk declares, as JSON: `python -m infra.local.code.describe STACK ORIGIN`.

It runs in a new process each time, because only a new process loads all edited code; its exit code shows that the code
loads.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from infra.local import lifeline
from infra.local.lifeline import NOT_SHIPPED, PROGRAM, NotShipped

ROOT = Path(__file__).parents[3]
SENDER = "{sender}"
"""A placeholder for the sender address, which the shell may set."""
PLACE = ("{endpoint}", "{account}", "{region}")
"""A placeholder for values that only the running emulator knows."""


def describe(stack: str, origin: str) -> dict[str, Any]:
    """Return resources with data, functions, environment, roles, and notes for the author.

    Raises the errors of the code.
    """
    sys.meta_path.insert(0, NotShipped(os.environ.pop(NOT_SHIPPED, ""), os.environ.pop(PROGRAM, "make")))
    from chalicelib.job_types.jobtype import load
    from infra.definition import functions, local_environment, stateful
    from infra.definition.lambdas import signing
    from infra.definition.lambdas.compute import compute, role_id
    from infra.local.roles.resolve import statements

    types = load()
    importlib.import_module("app")
    resources = compute(functions(types, stack))
    for function in functions(types, stack):
        if function.job_type is not None:  # in the cloud, CloudFormation fills in the keys
            variables = resources[function.logical_id]["Properties"]["Environment"]["Variables"]
            variables |= signing.local(function.job_type)
    data = stateful(types, stack, origin)
    return {
        "stateful": data,
        "functions": {name: r for name, r in resources.items() if r["Type"] == "AWS::Serverless::Function"},
        "environment": local_environment(*PLACE, stack, origin),
        "types": {kind.name: kind.example for kind in types},
        "roles": {
            function.name: statements(resources[role_id(function)], {**resources, **data}, {"MailFrom": SENDER})
            for function in functions(types, stack)
        },
        "notes": [kind.problem for kind in types if kind.problem is not None],
        "secrets": {kind.name: dict(kind.access.secrets) for kind in types if kind.access.secrets},
    }


def complaint(error: BaseException, root: Path) -> str:
    """Return an error of the code as a text: the error, and the project's lines that led to it, the innermost last."""
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(error)).strip()
    frames = traceback.extract_tb(error.__traceback__)
    own = {__file__, lifeline.__file__}
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(root) and frame.filename not in own]
    where = [f"  {Path(f.filename).relative_to(root)}:{f.lineno} in {f.name}: {f.line}" for f in ours[-4:]]
    return "\n".join(["".join(traceback.format_exception_only(error)).strip(), *where])


def main(arguments: list[str]) -> int:
    """Print the description, or the error on standard error. Return the exit code."""
    try:
        print(json.dumps(describe(*arguments)))
    except (Exception, SystemExit) as error:
        print(complaint(error, ROOT), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
