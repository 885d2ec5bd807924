"""Test the TypeScript client as a user gets it.

The tarball is installed, and the types come from the stage's document.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.local.running import ROOT, Run

CLIENT = ROOT / "clients" / "typescript"
COMPILED = {
    "compilerOptions": {
        "target": "ES2022",
        "module": "NodeNext",
        "strict": True,
        "exactOptionalPropertyTypes": True,
        "rewriteRelativeImportExtensions": True,
        "types": ["node"],
        "typeRoots": [str(CLIENT / "node_modules" / "@types")],
    }
}
Ran = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def ran(tmp_path: Path) -> Ran:
    """Run a command in the user's folder; fail with its output."""
    beside = Path(sys.executable).parent
    path = os.pathsep.join([str(CLIENT / "node_modules" / ".bin"), os.environ["PATH"], str(beside)])

    def run(
        *command: str, cwd: Path = tmp_path, stdin: str | None = None, **more: str
    ) -> "subprocess.CompletedProcess[str]":
        found = shutil.which(command[0], path=path)
        assert found, f"there is no {command[0]}"
        done = subprocess.run(
            [found, *command[1:]], cwd=cwd, input=stdin, env={**os.environ, "PATH": path, **more}, timeout=300,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        return done

    return run


def test_the_package_is_installed_typed_and_used(run: Run, ran: Ran, tmp_path: Path) -> None:
    ran("make", "-s", "clients/typescript/node_modules/.ready", cwd=ROOT)
    ran("npm", "run", "-s", "build", cwd=CLIENT)  # npm does not run `prepack` on every machine
    ran("npm", "pack", "--silent", "--pack-destination", str(tmp_path), cwd=CLIENT)
    [tarball] = tmp_path.glob("*.tgz")
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
    ran("npm", "install", "--offline", "--no-audit", "--no-fund", str(tarball))
    ran("openapi-typescript", "-o", "stage.ts", stdin=run.client.get("/openapi.json").text)
    shutil.copy(CLIENT / "walk" / "walk.test.ts", tmp_path)
    (tmp_path / "tsconfig.json").write_text(json.dumps(COMPILED))
    ran("tsc")
    ran("node", "--test", "walk.test.js", JOBFLOW_URL=run.state["api"], JOBFLOW_TOKEN=run.state["token"])
