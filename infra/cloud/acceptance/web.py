"""Check promises about the API's refusals, about revoked tokens, about CloudFront, and about cold starts."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import urllib3
from botocore.exceptions import ClientError

from chalicelib.access.tokens import Role
from infra.cloud.acceptance.stand import LABEL, NotKept, NotTried, Stand
from infra.cloud.commands import access

PROBLEM = "application/problem+json"
REVOKED = 20.0
"""Seconds after which every process refuses a revoked token: each trusts a token for ten seconds; the rest is for the
requests of this check."""
HEADERS = ("content-security-policy", "strict-transport-security", "x-content-type-options", "x-frame-options")
INIT = re.compile(r"Init Duration: ([\d.]+) ms|\"initDurationMs\":\s*([\d.]+)")
LONGEST_START = 5_000.0


def gateway_answers(stand: Stand) -> str:
    """Check that the API's refusals reach the caller through API Gateway with their content type."""
    refused = {
        "no token": stand.get(f"{stand.url}/jobs"),
        "an unknown token": stand.get(f"{stand.url}/jobs", Authorization=f"Bearer jf_{'A' * 43}"),
        "an unknown path": stand.get(f"{stand.url}/nothing"),
    }
    told = {what: f"{one.status} {one.headers.get('Content-Type', 'no type')}" for what, one in refused.items()}
    wrong = [what for what, one in refused.items() if not one.headers.get("Content-Type", "").startswith(PROBLEM)]
    if wrong or any(one.status not in (401, 404) for one in refused.values()):
        raise NotKept(f"{told}")
    return "; ".join(f"{what}: {answer}" for what, answer in told.items())


def revocation(stand: Stand) -> str:
    """Revoke a token that was just used, and measure when it stops working."""
    tokens = access.tokens(stand.account, stand.stack)
    text, token = tokens.issue(Role.VIEWER, LABEL, REVOKED * 2, stand.account.identity)
    headers = {"Authorization": f"Bearer {text}"}
    stand.until(lambda: stand.get(f"{stand.url}/me", **headers).status == 200 or None, "an answer to a new token")
    tokens.revoke(token.id, stand.account.identity)
    start = stand.clock()
    stand.until(
        lambda: stand.get(f"{stand.url}/me", **headers).status in (401, 403) or None,
        "a revoked token's refusal",
        REVOKED,
    )
    return f"a revoked token was refused after {stand.clock() - start:.0f} s"


def console(stand: Stand) -> str:
    """Check that CloudFront serves the console with its headers, and that the bucket behind it is private."""
    if "SiteUrl" not in stand.outputs:
        raise NotTried("the stage has no console")
    url = stand.outputs["SiteUrl"].rstrip("/")
    page = stand.until(lambda: _page(stand, f"{url}/"), "the console")
    deep = stand.get(f"{url}/jobs/some-job")
    missing = [name for name in HEADERS if name not in page.headers]
    bucket = stand.get(f"https://{stand.outputs['SiteBucketName']}.s3.{stand.account.region}.amazonaws.com/index.html")
    plain = stand.get(f"http://{urlsplit(url).netloc}/")
    if missing or deep.status != 200 or bucket.status != 403 or plain.status not in (301, 302, 307, 308):
        raise NotKept(
            f"missing headers: {', '.join(missing) or 'none'}; a job's page answered {deep.status} (expected 200); "
            f"the bucket answered {bucket.status} (expected 403); http:// answered {plain.status} (expected a redirect)"
        )
    return f"{len(HEADERS)} headers, pages of the console by their address, the bucket 403, TLS only"


def cold_starts(stand: Stand) -> str:
    """Read from the logs how long the processes of each function took to start."""
    logs, found = stand.account.client("logs"), {}
    names = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"/aws/lambda/{stand.stack.name}-")
    for group in (group["logGroupName"] for page in names for group in page["logGroups"]):
        starts = [float(one[1] or one[2]) for one in map(INIT.search, _reports(logs, group)) if one]
        if starts:
            found[group.removeprefix(f"/aws/lambda/{stand.stack.name}-")] = max(starts)
    if not found:
        raise NotTried("no log tells of a start")
    slowest = ", ".join(f"{name} {took:.0f} ms" for name, took in sorted(found.items(), key=lambda one: -one[1]))
    if max(found.values()) > LONGEST_START:
        raise NotKept(slowest)
    return slowest


def _reports(logs: Any, group: str) -> Iterator[str]:
    """Yield the lines in which Lambda reports an invocation, from a log in text or in JSON."""
    for pattern in ("REPORT", '"platform.report"'):
        try:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern=pattern)
            yield from (event["message"] for page in pages for event in page["events"])
        except ClientError as error:
            raise NotTried(f"its log could not be read: {error.response['Error']['Code']}") from error


def upload_form(stand: Stand, content: bytes, content_type: str) -> str:
    """Upload a file with a form that the API signs; return its key."""
    form = stand.api().send("POST", "/uploads", {"content_type": content_type, "bytes": len(content)}, key="")
    fields = {**form["fields"], "file": ("file", content, content_type)}
    answer = stand.pool.request("POST", form["url"], fields=fields, timeout=60)
    if answer.status not in (200, 201, 204):
        raise NotKept(f"S3 answers an upload with {answer.status}: {answer.data[:200]!r}")
    return str(form["key"])


def _page(stand: Stand, url: str) -> urllib3.BaseHTTPResponse | None:
    try:
        answer = stand.get(url)
    except urllib3.exceptions.HTTPError:
        return None
    return answer if answer.status == 200 else None
