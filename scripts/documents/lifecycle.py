"""Write the moves of docs/lifecycle.md, as a diagram or as a table."""

from chalicelib.jobs.job import MOVES, TERMINAL, Status


def diagram() -> str:
    """Return the moves as a mermaid state diagram: an arrow for each pair of statuses, with moves and actors."""
    arrows = [
        f"    {source} --> {move.target}: {move.name} ({move.actor})"
        for move in MOVES
        for source in Status
        if source in move.source and move.target is not None
    ]
    births = [f"    [*] --> {status}: create (api)" for status in (Status.QUEUED, Status.SCHEDULED)]
    ends = [f"    {status} --> [*]: expiry" for status in Status if status in TERMINAL]
    return "\n".join(["```mermaid", "stateDiagram-v2", *births, *arrows, *ends, "```"])


def table() -> str:
    """Return the moves as a table, for programs that cannot draw a diagram."""
    rows = [
        f"| {source} | {move.name} | {move.actor} | {move.target} |"
        for source in Status
        for move in MOVES
        if source in move.source and move.target is not None
    ]
    births = [f"| none | create | api | {status} |" for status in (Status.QUEUED, Status.SCHEDULED)]
    return "\n".join(["| from | move | who makes it | to |", "|---|---|---|---|", *births, *rows])
