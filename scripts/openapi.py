"""Write docs/openapi.json from the code (`--check`: only say whether it is what the code makes)."""

import json
import sys
from pathlib import Path

from chalicelib.api.reference import whole
from chalicelib.jobs import jobtype

TARGET = Path(__file__).parent.parent / "docs" / "openapi.json"


def main() -> int:
    """Write or check; return 1 when the committed document is stale."""
    jobtype.load()
    text = json.dumps(whole(), indent=2, ensure_ascii=False) + "\n"
    if "--check" in sys.argv[1:]:
        fresh = TARGET.exists() and TARGET.read_text() == text
        print("docs/openapi.json is up to date" if fresh else "docs/openapi.json is stale: run `make openapi`")
        return 0 if fresh else 1
    TARGET.write_text(text)
    print(f"wrote {TARGET.name}: {len(whole()['paths'])} paths")
    return 0


if __name__ == "__main__":
    sys.exit(main())
