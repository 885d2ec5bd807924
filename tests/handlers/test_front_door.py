"""A job type needs the public names of `chalicelib`, a built-in one also `chalicelib.builtin`, and nothing else."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import chalicelib

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / "handlers").glob("*.py") if path.name != "__init__.py")


def imported(path: Path) -> set[tuple[str, str]]:
    """Return each (module, name) that a file imports, also inside functions."""
    found: set[tuple[str, str]] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {(node.module, alias.name) for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_job_type_imports_only_public_names(path: Path) -> None:
    of_ours = {(module, name) for module, name in imported(path) if module.split(".")[0] in ("chalicelib", "infra")}
    private = {
        (module, name)
        for module, name in of_ours
        if not (module == "chalicelib" and name in chalicelib.__all__)
        and not (module + "." + name + ".").startswith("chalicelib.builtin.")
    }
    assert private == set()


def test_every_public_name_can_be_imported_and_has_a_docstring() -> None:
    for name in chalicelib.__all__:
        assert getattr(chalicelib, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'part_of_mine'"):
        _ = chalicelib.part_of_mine


def test_importing_the_package_imports_no_room_but_what_spares_work_at_the_start() -> None:
    script = "import sys, chalicelib; print(sorted(m for m in sys.modules if m.startswith('chalicelib.')))"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['chalicelib.cold_start']"
