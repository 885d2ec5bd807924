"""Draw the table of moves into docs/lifecycle.md (`--check`: only say whether the drawing is what the table makes)."""

import sys
from pathlib import Path

from chalicelib.jobs.job import MOVES, TERMINAL, Status

TARGET = Path(__file__).parents[2] / "docs" / "lifecycle.md"
BEGIN, END = "<!-- drawn from the table of moves: make lifecycle -->", "<!-- end of the drawing -->"


def diagram() -> str:
    """Return the table as a mermaid state diagram: an arrow for each pair, with its moves and who makes them."""
    arrows = [
        f"    {source} --> {move.target}: {move.name} ({move.actor})"
        for move in MOVES
        for source in Status
        if source in move.source and move.target is not None
    ]
    births = [f"    [*] --> {status}: create (api)" for status in (Status.QUEUED, Status.SCHEDULED)]
    ends = [f"    {status} --> [*]: expiry" for status in Status if status in TERMINAL]
    return "\n".join(["```mermaid", "stateDiagram-v2", *births, *arrows, *ends, "```"])


def drawn(text: str) -> str:
    """Return the document with a new drawing. Raises ValueError when the marks are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{TARGET.name} has lost its marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{diagram()}\n{END}{after}"


def main() -> int:
    """Write or check; return 1 when the drawing is stale."""
    text = TARGET.read_text()
    if "--check" in sys.argv[1:]:
        fresh = drawn(text) == text
        print(f"docs/{TARGET.name} {'is up to date' if fresh else 'is stale: run `make lifecycle`'}")
        return 0 if fresh else 1
    TARGET.write_text(drawn(text))
    print(f"drew {len(MOVES)} moves into docs/{TARGET.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
