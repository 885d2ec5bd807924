"""Print what the code on disk declares, as JSON: `python -m infra.code.describe STACK ORIGIN [CONDITION …]`.

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

from infra.cloud.package import own_code
from infra.local.lifeline import NOT_SHIPPED, PROGRAM, NotShipped

ROOT = Path(__file__).parents[2]
SENDER = "{sender}"
"""A placeholder for the sender address, which a variable of the shell may set."""
NOT_SHOWN = ("chalicelib/job_types/jobtype.py", "infra/")
"""Files of JobFlow that only load the code; the text of an error omits their lines."""
ENVIRON = frozenset({os.__file__, "<frozen os>"})
"""The names of the module `os` in tracebacks: `os.environ[…]` raises its error there."""
SHIPS = "in what ships"
UNSET = (
    "The variable {name} is not set: the API imports every job type without its environment=. Read it inside of the "
    "job function, and declare it there"
)
PLACE = ("{endpoint}", "{account}", "{region}")
"""A placeholder for values that only the running emulator knows."""


def describe(stack: str, origin: str, *conditions: str) -> dict[str, Any]:
    """Return the resources that hold data, the functions, the environment, the roles, and notes for the author.

    `conditions` are those of the template that hold.

    Raises the errors of the code.
    """
    sys.meta_path.insert(0, NotShipped(os.environ.pop(NOT_SHIPPED, ""), os.environ.pop(PROGRAM, "make")))
    from chalicelib.api.platform.reference import VERSION
    from chalicelib.job_types.jobtype import load
    from chalicelib.job_types.queues import queues_of
    from infra.definition import functions, local_environment, stateful
    from infra.definition.lambdas import signing
    from infra.definition.lambdas.compute import compute, role_id
    from infra.definition.limits import exceeded
    from infra.local.roles.resolve import chosen, statements

    types = load()
    importlib.import_module("app")
    resources = compute(functions(types, stack))
    for function in functions(types, stack):
        if function.works is not None:  # in the cloud, CloudFormation fills in the keys
            variables = resources[function.logical_id]["Properties"]["Environment"]["Variables"]
            variables |= signing.local(function.works)
    for resource in resources.values():
        for event in resource["Properties"].get("Events", {}).values():
            criteria = event["Properties"].get("FilterCriteria", {"Filters": []})
            found = [chosen(one, conditions) for one in criteria["Filters"]]
            criteria["Filters"] = [one for one in found if "Fn::If" not in one]
    data = stateful(types, stack, origin)
    return {
        "stateful": data,
        "functions": {name: r for name, r in resources.items() if r["Type"] == "AWS::Serverless::Function"},
        "environment": local_environment(*PLACE, stack, origin),
        "types": {kind.name: kind.example for kind in types},
        "roles": {
            function.name: statements(
                resources[role_id(function)], {**resources, **data}, {"MailFrom": SENDER}, conditions
            )
            for function in functions(types, stack)
        },
        "modules": {queue.handler: [kind.module for kind in queue.types] for queue in queues_of(types)},
        "version": VERSION.rpartition(".dev")[0] or VERSION,
        "limits": list(exceeded(types, stack)),
        "notes": [kind.problem for kind in types if kind.problem is not None],
        "secrets": {kind.name: dict(kind.access.secrets) for kind in types if kind.access.secrets},
    }


def complaint(error: BaseException, root: Path, unset: str = UNSET) -> str:
    """Return an error of the code as a text: the error, and the project's lines that led to it, the innermost last.

    `unset` is the sentence about a variable that is not set.
    """
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(error)).strip().replace(f"{root}/", "")
    frames = traceback.extract_tb(error.__traceback__)
    places = ((frame.filename.removeprefix(f"{root}/"), frame) for frame in frames)
    ours = [(path, f) for path, f in places if path != f.filename and not path.startswith(NOT_SHOWN)]
    where = [f"  {path}:{f.lineno} in {f.name}: {f.line}" for path, f in ours[-4:]]
    return "\n".join([_sentence(error, frames, root, unset), *where])


def _sentence(error: BaseException, frames: traceback.StackSummary, root: Path, unset: str) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        text = str(error)
        return text if SHIPS in text else own_code.explained(error.name, None, root)
    if isinstance(error, KeyError) and frames and frames[-1].filename in ENVIRON:
        return unset.format(name=error.args[0])
    return "".join(traceback.format_exception_only(error)).strip()


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
