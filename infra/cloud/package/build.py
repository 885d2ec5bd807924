"""Make `build/deployment.zip`, `build/sam.json` and `build/sbom.json`: the functions, their template, their contents.

A job type with its own libraries gets its own zip, such as `build/report-pdf.zip`; types with the same libraries share
one, which has the name of the first of them. The same sources give the same
bytes, on any day and in any folder.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.job_types.queues import TypeQueue, queues_of
from infra.cloud.errors import CloudError
from infra.cloud.package import aws_data, client, own_code, size
from infra.cloud.package.archive import pack, unpack
from infra.cloud.package.dependencies import LOCK, SHIPPED, download, fetch
from infra.cloud.package.dependencies import unpack as unpack_wheels
from infra.cloud.package.imports import check_imports, check_inner_imports, handlers_of
from infra.cloud.package.own_libraries import check_size, files_of, together
from infra.cloud.package.own_libraries import hashed as own_lines
from infra.cloud.package.shipped import shipped_modules
from infra.cloud.package.target import Target
from infra.definition.lambdas.runtime import ARCHITECTURE, PYTHON
from infra.definition.names import stack_name
from infra.definition.template import Types, finish, merge_template

ROOT = Path(__file__).parents[3]
SOURCES = ("app.py", "chalicelib", "handlers", "vendor", SHIPPED, LOCK, ".chalice/config.json")
LINKED = "vendor"
"""The folder whose links are copied as links, because they point to other packaged sources."""
OF_THE_MACHINE = ("__pycache__", "*.pyc", ".*")
"""Byte code, and files that editors, tools and operating systems store beside code, such as `.env`, `.mypy_cache` and
`.DS_Store`."""
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
NO_BYTE_CODE = (
    "The functions run Python {there}, this is Python {here}, and no python{there} is on the path to compile for it: "
    "the package has no byte code, and cold starts take longer."
)
COMPILED_BY = "The functions run Python {there}, this is Python {here}: byte code was made by {compiler}."
PACKAGING_REGION = "us-east-1"
"""Chalice needs a region and credentials to package, but neither becomes part of the result."""


@dataclass(frozen=True, slots=True)
class Package:
    """The files of a build. `notes` are sentences for the person at the terminal.

    `own` are the zips of types with their own libraries; `unpacked` is the size of each zip's content in bytes.
    """

    archive: Path
    template: Path
    stack: str
    notes: tuple[str, ...] = ()
    own: tuple[Path, ...] = ()
    unpacked: Mapping[str, int] = field(default_factory=dict)

    @property
    def archives(self) -> tuple[Path, ...]:
        """Return every zip: the common one first, then those of single job types."""
        return (self.archive, *self.own)

    def sizes(self) -> list[str]:
        """Return a line for each zip: its name, its size, and its unpacked size if it was built here."""
        lines = []
        for archive in self.archives:
            whole = self.unpacked.get(archive.name)
            unpacked = f", {whole / 1e6:.1f} MB unpacked" if whole else ""
            lines.append(f"{archive.name}: {archive.stat().st_size / 1e6:.1f} MB{unpacked}")
        return lines

    def read_template(self) -> dict[str, Any]:
        """Return the SAM template as a value."""
        template: dict[str, Any] = json.loads(self.template.read_text())
        return template


def build(
    stage: str,
    types: Types,
    root: Path = ROOT,
    target: Path | None = None,
    architecture: str = ARCHITECTURE,
    python: str = PYTHON,
) -> Package:
    """Package the sources of `root` for a stage to `target` (default: `build/`). Raises CloudError."""
    # import it only here, because the import reads all licences, which is slow
    from infra.cloud.package.sbom import sbom

    if broken := [kind.problem for kind in types if kind.problem is not None]:
        raise CloudError("\n".join(broken))
    target = target or root / "build"
    stack = stack_name(stage)
    work = target / "work"
    if clashing := own_code.clashes(root, shipped_modules(root)):
        raise CloudError("\n".join(clashing))
    shutil.rmtree(work, ignore_errors=True)
    sources = copy_sources(root, work / "sources")
    _choose(sources / ".chalice" / "config.json", architecture)
    # Give Chalice an empty list, so that it downloads no libraries. Chalice would not check the hashes of libraries,
    # and would choose files for the Python on which it runs.
    (sources / SHIPPED).write_text("")
    merged = work / "merge.json"
    merged.write_text(json.dumps(merge_template(types, stack)))
    _chalice(sources, merged, work / "chalice", stage)
    files, wheels = work / "files", fetch(root, work / "wheels", python, architecture)
    unpack(work / "chalice" / "deployment.zip", files)
    unpack_wheels(wheels, files)
    for name in own_code.packages(root):
        _copy_code(root / name, files / name)
    client.ship(root, files)
    aws_data.write(files, types)
    notes = compile_all(files, python)
    own = _own_zips(root, types, work, target, Target(python, architecture))
    (target / "sbom.json").write_text(sbom({*wheels, *own.wheels}, stack))
    template = target / "sam.json"
    merged_by_chalice = json.loads((work / "chalice" / "sam.json").read_text())
    made = finish(merged_by_chalice, architecture, f"python{python}", own.by_handler)
    size.check_size(made)
    check_imports(files, handlers_of(made), work / "runtime")
    check_inner_imports(root, files, own.libraries)
    sizes = {"deployment.zip": check_size("deployment.zip", files), **own.sizes}
    archive = pack(files, target / "deployment.zip")
    template.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")
    shutil.rmtree(work)
    return Package(archive, template, stack, notes, own.archives, sizes)


@dataclass(slots=True)
class OwnZips:
    """The zips of job types with their own libraries: wheels, unpacked sizes in bytes and libraries."""

    archives: tuple[Path, ...] = ()
    by_handler: dict[str, str] = field(default_factory=dict)
    wheels: set[Path] = field(default_factory=set)
    sizes: dict[str, int] = field(default_factory=dict)
    libraries: dict[str, Path] = field(default_factory=dict)


def _own_zips(root: Path, types: Types, work: Path, target: Path, to: Target) -> OwnZips:
    made = OwnZips()
    shipped = (root / SHIPPED).read_text()
    found = files_of(root, {kind.module for kind in types})
    alike: dict[str, list[TypeQueue]] = {}
    for queue in queues_of(types):
        needed = [own_lines(found[kind.module], shipped, root, to) for kind in queue.types if kind.module in found]
        alike.setdefault(together(queue.key, needed), []).append(queue)
    for lines, queues in alike.items():
        if not lines:  # the common package contains all libraries of these types
            continue
        name, handlers = f"{queues[0].short}.zip", [queue.handler for queue in queues]
        modules = [kind.module for queue in queues for kind in queue.types]
        folder = work / "own" / modules[0]
        own, files = folder / "libraries", folder / "files"
        wheels = download(lines, folder / "wheels", to.python, to.architecture)
        unpack_wheels(wheels, own)
        if clashing := own_code.clashes(root, (path.name.split(".")[0] for path in own.iterdir())):
            raise CloudError("\n".join(clashing))
        compile_all(own, to.python)  # the common files already have their byte code
        shutil.copytree(work / "files", files)
        shutil.copytree(own, files, dirs_exist_ok=True)
        check_imports(files, handlers, folder / "runtime")
        made.sizes[name] = check_size(name, files)
        made.archives += (pack(files, target / name),)
        made.by_handler |= dict.fromkeys(handlers, name)
        made.libraries |= dict.fromkeys(modules, own)
        made.wheels |= set(wheels)
    return made


def compile_all(files: Path, python: str = PYTHON) -> tuple[str, ...]:
    """Add byte code to every module.

    Without byte code, each cold start would compile the modules again, because /var/task is read-only.
    Byte code works with one version of Python only. If this machine lacks that version, no byte code is added; return a
    note that says so.
    """
    compiler = interpreter(python)
    if compiler is None:
        return (NO_BYTE_CODE.format(here=HERE, there=python),)
    command = [compiler, "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    done = _run([*command, "-s", str(files), "-p", "/var/task", str(files)], files)
    if done.returncode:
        raise CloudError(f"A module does not compile:\n{done.stdout}{done.stderr}")
    return () if python == HERE else (COMPILED_BY.format(here=HERE, there=python, compiler=compiler),)


def interpreter(python: str) -> str | None:
    """Return the path of a Python of that version: the running one, or one on PATH; None if there is none."""
    if python == HERE:
        return sys.executable
    found = shutil.which(f"python{python}")
    # a version manager puts a command on PATH for each version, also for one that it does not run here
    return found if found and _run([found, "-c", ""], Path.cwd()).returncode == 0 else None


def copy_sources(root: Path, to: Path) -> Path:
    """Copy the sources that are packaged, without files that this machine generated.

    Raises CloudError if a part is missing.
    """
    for name in (*SOURCES, *own_code.packages(root)):
        source, copy = root / name, to / name
        if not source.exists():
            raise CloudError(f"{name} is missing in {root}; the functions cannot be packaged without it.")
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            _copy_code(source, copy, symlinks=name == LINKED)
        else:
            shutil.copy(source, copy)
    return to


def _copy_code(source: Path, to: Path, *, symlinks: bool = False) -> None:
    """Copy a folder; a link becomes the file that it leads to, unless `symlinks`. Raises CloudError."""
    try:
        shutil.copytree(source, to, symlinks=symlinks, ignore=shutil.ignore_patterns(*OF_THE_MACHINE))
    except shutil.Error as error:
        reasons = "\n".join(f"{path}: {why}" for path, _, why in error.args[0])
        raise CloudError(
            "These files cannot be copied into the package. If a file is a link to nothing, repair or remove the "
            f"link:\n{reasons}"
        ) from error


def _choose(config: Path, architecture: str) -> None:
    chosen = json.loads(config.read_text()) | {"lambda_architecture": architecture}
    config.write_text(json.dumps(chosen))


def _chalice(sources: Path, merged: Path, out: Path, stage: str) -> None:
    command = [str(Path(sys.executable).with_name("chalice")), "package", "--stage", stage, "--merge-template"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "JOBFLOW_", "PYTHON"))},
        "AWS_DEFAULT_REGION": PACKAGING_REGION,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = _run([*command, str(merged), str(out)], sources, environment)
    if done.returncode:
        raise CloudError(f"chalice package failed:\n{done.stdout}{done.stderr}")


def _run(
    command: list[str], folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, cwd=folder, env=environment, capture_output=True, text=True)
