"""Read and write when job types moved to another queue, as one string. Pure.

Only types that share a queue, or did so at an earlier deployment, are in the string.
"""

import json
from collections.abc import Mapping


def read(text: str) -> dict[str, float]:
    """Return, by job type, when its present queue became its queue (epoch seconds)."""
    return {name: float(at) for name, (_, at) in json.loads(text or "{}").items()}


def after(text: str, shared: Mapping[str, str], at: float) -> str:
    """Return the string after a deployment at `at`; `shared` has the shared queue of each type that has one."""
    known = json.loads(text or "{}")
    queues = {**dict.fromkeys(known, ""), **shared}
    # a type whose queue is the same as before keeps the time at which it moved there
    anew = {
        name: known[name] if name in known and known[name][0] == queue else [queue, round(at, 3)]
        for name, queue in sorted(queues.items())
    }
    return json.dumps(anew, separators=(",", ":")) if anew else ""
