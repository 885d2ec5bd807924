"""Test the API and its authorizer as in Lambda: in a process without Chalice's local parts."""

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

def ask(header):
    arn = "arn:aws:execute-api:eu-west-1:1:api/prod/GET/jobs"
    try:
        answer = app.authorize({"type": "TOKEN", "authorizationToken": header, "methodArn": arn}, None)
    except Exception as error:
        return str(error)
    return answer["principalId"] == token.id

def call(authorizer):
    event = {
        "requestContext": {
            "httpMethod": "GET", "resourcePath": "/jobs", "path": "/prod/jobs", "authorizer": authorizer,
            "identity": {"sourceIp": "203.0.113.9"},
        },
        "headers": {"X-Correlation-Id": "c-1"}, "multiValueQueryStringParameters": {"limit": ["1"]},
        "pathParameters": None, "stageVariables": None, "body": None, "isBase64Encoded": False,
    }
    answer = app.app(event, None)
    return [answer["statusCode"], answer["headers"]["X-Correlation-Id"]]

out = {"good": ask("Bearer " + text), "bad": ask("Bearer nonsense"), "none": ask("")}
out["call"] = call({"token": token.id, "role": "viewer", "label": "x", "expires": "", "principalId": token.id})
out["anonymous"] = call(None)
out["local"] = "chalice.local" in sys.modules
parts.replace(token_store=Down())
out["down"] = ask("Bearer " + text)
print("RESULT" + json.dumps(out))
"""


def test_lambda_lets_good_tokens_in_and_tells_api_gateway_in_the_one_word_that_it_knows_of_others() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    assert json.loads(line.removeprefix("RESULT")) == {
        "good": True, "call": [200, "c-1"], "bad": "Unauthorized", "none": "Unauthorized", "anonymous": [401, "c-1"],
        "down": "The token cannot be checked.", "local": False,
    }  # fmt: skip
