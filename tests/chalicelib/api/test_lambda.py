"""Test the API as in Lambda: in a process without Chalice's local parts."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SCRIPT = """
import json, sys
from chalicelib.assembly import parts
from chalicelib.adapters.memory.jobs import MemoryJobStore, MemoryRateWindows
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.access.tokens import MemoryTokenStore, Role

class Down(MemoryTokenStore):
    def find(self, token_hash):
        raise ConnectionError("the table does not answer")

store = MemoryTokenStore()
parts.replace(
    job_store=MemoryJobStore(), job_queue=MemoryJobQueue(), rate_windows=MemoryRateWindows(),
    counters=MemoryCounters(), token_store=store,
)
text, token = parts.tokens.issue(Role.VIEWER, "a viewer")
import app

def call(header):
    event = {
        "version": "2.0", "routeKey": "$default", "rawPath": "/jobs", "rawQueryString": "limit=1",
        "headers": {"x-correlation-id": "c-1", "authorization": header},
        "requestContext": {
            "http": {"method": "GET", "path": "/jobs", "sourceIp": "203.0.113.9"}, "requestId": "r",
        },
        "isBase64Encoded": False,
    }
    answer = app.handler(event, None)
    return [answer["statusCode"], answer["headers"]["X-Correlation-Id"]]

out = {"good": call("Bearer " + text), "bad": call("Bearer nonsense"), "none": call("")}
out["local"] = "chalice.local" in sys.modules
parts.replace(token_store=Down())
out["down"] = call("Bearer " + text)
print("RESULT" + json.dumps(out))
"""


def test_lambda_lets_good_tokens_in_and_no_others() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    assert json.loads(line.removeprefix("RESULT")) == {
        "good": [200, "c-1"], "bad": [401, "c-1"], "none": [401, "c-1"], "down": [503, "c-1"], "local": False,
    }  # fmt: skip
