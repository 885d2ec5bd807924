"""Write docs/openapi.json, docs/llms.txt and the generated part of the client (`--check`: report stale files).

The check ignores the sentences of pages in docs/llms.txt, so that an edited page stays free to change.

The check uses the job types that are in the document. A new type therefore does not make the document stale: each stage
serves a document with its own types.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chalicelib.api.document import document
from chalicelib.api.platform.reference import VERSION
from chalicelib.api.routes import all_endpoints
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from scripts.documents import client_models, llms, sync_client

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "openapi.json"
MODELS = ROOT / "jobflow" / "models.py"
PROBLEMS = ROOT / "jobflow" / "problems.py"
OWN_VERSION = ROOT / "jobflow" / "version.py"
NPM = ROOT / "clients" / "typescript" / "package.json"
VERSION_PAGE = '''"""The version of JobFlow, from chalicelib.api.platform.reference. Written by `make openapi`."""

__version__ = "{}"
'''
GUIDES = (llms.TARGET, llms.COPY)
OF_PAGE = re.compile(r"^(- \[[^\]]*\]\([^)]*\.md\)): .*$", re.MULTILINE)
"""The line of a page in these guides, with a sentence of the page."""


def main() -> int:
    """Write or check; return 1 if a committed file is stale."""
    kinds = jobtype.load()
    checking = "--check" in sys.argv[1:]
    text = written([kind for kind in kinds if kind.name in named()] if checking else kinds)
    files = {TARGET: text, **of_client(json.loads(text)), **dict.fromkeys(GUIDES, llms.guide(json.loads(text)))}
    if not checking:
        for path, content in files.items():
            path.write_text(content)
        print(f"wrote {', '.join(path.name for path in files)}")
        return 0
    stale = [
        path for path, content in files.items() if not path.exists() or _fixed(path.read_text()) != _fixed(content)
    ]
    for path in files:
        name = path.relative_to(ROOT)
        print(f"{name} is stale: run `make openapi`" if path in stale else f"{name} is up to date")
    return 1 if stale else 0


def _fixed(text: str) -> str:
    return OF_PAGE.sub(r"\1", text)


def of_client(content: dict[str, Any]) -> dict[Path, str]:
    """Return the client's generated modules, formatted."""
    models, problems = client_models.models(content), client_models.problems()
    return {
        MODELS: _formatted(models),
        PROBLEMS: _formatted(problems),
        OWN_VERSION: VERSION_PAGE.format(VERSION),
        NPM: json.dumps(json.loads(NPM.read_text()) | {"version": npm_version(VERSION)}, indent=2) + "\n",
        **sync_client.files(),
    }


def npm_version(version: str) -> str:
    """Convert a version from Python's form to npm's form: 0.2.0.dev1 becomes 0.2.0-dev.1."""
    return re.sub(r"\.?([a-z]+)(\d+)$", r"-\1.\2", version)


def _formatted(code: str) -> str:
    ruff = [str(Path(sys.executable).with_name("ruff")), "format", "--stdin-filename", str(MODELS), "-"]
    return subprocess.run(ruff, input=code, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def written(kinds: Sequence[JobType[Any, Any]]) -> str:
    """Return the document with these job types, in the form of the file."""
    return json.dumps(document(all_endpoints(), kinds, VERSION), indent=2, ensure_ascii=False) + "\n"


def named() -> set[str]:
    """Return the job types that have examples in the file."""
    content = json.loads(TARGET.read_text())["paths"]["/jobs"]["post"]["requestBody"]["content"]["application/json"]
    return set(content.get("examples", {}))


if __name__ == "__main__":
    sys.exit(main())
