"""Write docs/openapi.json from the code (`--check`: only say whether it is what the code makes).

The check looks at the API and at the job types that the document names: a new type does not make it stale, since each
stage serves a document of its own types.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chalicelib.api.document import document
from chalicelib.api.reference import VERSION
from chalicelib.api.routes import all_endpoints
from chalicelib.jobs import jobtype
from chalicelib.jobs.jobtype import JobType

TARGET = Path(__file__).parent.parent / "docs" / "openapi.json"


def main() -> int:
    """Write or check; return 1 when the committed document is stale."""
    kinds = jobtype.load()
    if "--check" in sys.argv[1:]:
        fresh = TARGET.exists() and TARGET.read_text() == written([kind for kind in kinds if kind.name in named()])
        print("docs/openapi.json is up to date" if fresh else "docs/openapi.json is stale: run `make openapi`")
        return 0 if fresh else 1
    TARGET.write_text(written(kinds))
    print(f"wrote {TARGET.name}")
    return 0


def written(kinds: Sequence[JobType[Any, Any]]) -> str:
    """Return the document with these job types, as the file has it."""
    return json.dumps(document(all_endpoints(), kinds, VERSION), indent=2, ensure_ascii=False) + "\n"


def named() -> set[str]:
    """Return the job types that the file has examples of."""
    content = json.loads(TARGET.read_text())["paths"]["/jobs"]["post"]["requestBody"]["content"]["application/json"]
    return set(content.get("examples", {}))


if __name__ == "__main__":
    sys.exit(main())
