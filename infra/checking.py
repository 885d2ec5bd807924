"""Check the job types of a repository: `python -m infra.checking`.

Each job type is checked with the libraries and variables that its own function has. The output lists what `make dev` or
AWS would refuse, before the code runs there.
"""

import json
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from infra.cloud.errors import CloudError
from infra.cloud.package import libraries, own_code, own_libraries
from infra.cloud.package.dependencies import SHIPPED
from infra.cloud.package.inner_imports import own_modules, refused_here
from infra.cloud.package.shipped import not_shipped, shipped_modules
from infra.cloud.package.shipped import own_libraries as libraries_of
from infra.code.declared import TOO_LONG, describe, run
from infra.local.deployment import Place, environment, function_specs
from infra.local.errors import BrokenCode
from infra.local.lifeline import PROGRAM
from infra.program import spoken

BUILT_IN = "chalicelib/builtin/types"
NOT_INSTALLED = "handlers/{file} lists what is not installed here: {names}. Run `{program} setup`."
PLACED = re.compile(r"^  (\S+:\d+)", re.MULTILINE)


def findings(root: Path) -> list[str]:
    """Return one text for each problem that the laptop or the cloud would refuse."""
    handlers = sorted(path for path in (root / "handlers").glob("*.py") if path.stem != "__init__")
    alone = [name for path in handlers for name in libraries.names(root, path.stem)]
    clashing = own_code.clashes(root, shipped_modules(root, alone))
    if clashing:
        return clashing  # check the names first, because clashing names may cause all later failures
    built_in = (path.stem for path in (root / BUILT_IN).glob("*.py"))
    if refused := list(_requirements(root, {*(path.stem for path in handlers), *built_in})):
        return [spoken(text, os.environ.get(PROGRAM, "make")) for text in refused]
    broken, environments, notes = [], dict[str, Mapping[str, str]](), list[str]()
    of_queue: dict[str, Sequence[str]] = {}
    try:
        described = describe(root, "jobflow-check", "http://localhost")
    except BrokenCode as error:
        broken.append(str(error))
    else:
        filled = environment(described, Place("http://127.0.0.1:1", "123456789012", "us-east-1", {}), {})
        by_handler = {spec.handler: spec.environment for spec in function_specs(described, filled, 1)}
        of_queue = {module: modules for modules in described.modules.values() for module in modules}
        environments = {module: by_handler[at] for at, modules in described.modules.items() for module in modules}
        notes = [*described.limits, *described.notes]
    if broken != [TOO_LONG]:
        broken += _probed(root, handlers, environments, of_queue)
    found = [*broken, *refused_here(root), *notes]
    # Report a failed import only once, even if it fails in the API, in the type's function and when its file is read.
    return list({(PLACED.findall(text) or [text])[-1]: text for text in reversed(found)}.values())[::-1]


def _requirements(root: Path, modules: Collection[str]) -> Iterator[str]:
    shipped = (root / SHIPPED).read_text()
    try:
        own_libraries.files_of(root, modules)
    except CloudError as error:
        yield str(error)
    for path in libraries.files(root).values():
        try:
            own_libraries.hashed(path, shipped, root)
        except CloudError as error:
            yield str(error)


def _probed(
    root: Path, handlers: Sequence[Path], environments: Mapping[str, Mapping[str, str]],
    of_queue: Mapping[str, Sequence[str]],
) -> Iterator[str]:  # fmt: skip
    """Yield the error of each handler that cannot be imported in its function.

    `of_queue`: by the name of a handler's file, the files of all types of its queue, whose libraries ship together.
    """
    asked = [
        {
            "modules": [f"handlers.{path.stem}", *own_modules(root, root / "handlers" / path.name)],
            "variables": environments.get(path.stem, {}),
            "lacking": not_shipped(root, libraries_of(root, of_queue.get(path.stem, [path.stem]))),
        }
        for path in handlers
    ]
    program = os.environ.get(PROGRAM, "make")
    try:
        complaints = run(root, ["infra.code.probe"], {PROGRAM: program}, json.dumps(asked), len(asked) or 1)
    except BrokenCode as error:
        yield str(error)
        return
    for path, complaint in zip(handlers, complaints, strict=True):
        absent = [name for name in libraries.names(root, path.stem) if not _is_installed(name)]
        if absent and "No module named" in complaint:
            file = libraries.file_of(root, path.stem).name
            yield NOT_INSTALLED.format(file=file, names=", ".join(absent), program=program)
        elif complaint:
            yield complaint


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def main() -> int:
    """Print the findings about the code on standard error; return the exit code."""
    found = findings(Path(__file__).parents[1])
    if found:
        print("\n".join(found), file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
