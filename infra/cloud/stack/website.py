"""Publish the dashboard: build it with Node, upload it with the right cache headers, and write its config."""

import json
import mimetypes
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.cloud.account import Account
from infra.cloud.errors import CloudError

OLDEST_NODE = (20, 19)
"""Oldest version of Node on which Vite runs."""
FOREVER = "public, max-age=31536000, immutable"
ALWAYS_ASK = "no-cache"
"""Browsers store the file, but check before each use whether it has changed, so that a new version is visible at
once."""
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}
"""Content types are listed here, because the answers of `mimetypes` depend on the machine."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of the site: its key, and its cache header."""

    key: str
    path: Path
    content_type: str
    cache: str


def build(folder: Path) -> Path:
    """Build the dashboard and return the folder of its files; raises CloudError if Node is missing or the build fails.

    A folder without sources belongs to an installed platform, which contains the built files.
    """
    if not (folder / "package.json").exists() and (folder / "dist" / "index.html").exists():
        return folder / "dist"
    npm, node, oldest = shutil.which("npm"), shutil.which("node"), ".".join(map(str, OLDEST_NODE))
    if not (npm and node):
        raise CloudError(f"Node {oldest} or newer is needed to build the dashboard (or deploy with --no-dashboard).")
    version = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if tuple(int(part) for part in version.lstrip("v").split(".")[:2]) < OLDEST_NODE:
        raise CloudError(f"Node {version} is too old to build the dashboard; it needs {oldest} or newer.")
    install = [] if _installed(folder) else [[npm, "ci", "--no-audit", "--no-fund"]]
    for command in (*install, [npm, "run", "--silent", "build"]):
        done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise CloudError(f"{' '.join(command[1:])} failed in {folder}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return folder / "dist"


def _installed(folder: Path) -> bool:
    done, wanted = folder / "node_modules" / ".package-lock.json", folder / "package-lock.json"
    return done.exists() and done.stat().st_mtime >= wanted.stat().st_mtime


def files(dist: Path) -> Iterator[File]:
    """Return the built files in the order of upload: the files that a page needs come before the page."""
    found = [path for path in sorted(dist.rglob("*")) if path.is_file() and path.name != "config.json"]
    for path in sorted(found, key=lambda path: path.suffix == ".html"):
        key = path.relative_to(dist).as_posix()
        guessed = mimetypes.guess_type(key)[0] or "application/octet-stream"
        # files below assets/ never change, because Vite puts the content's hash into their names
        yield File(key, path, TYPES.get(path.suffix, guessed), FOREVER if key.startswith("assets/") else ALWAYS_ASK)


def config(outputs: Mapping[str, str], stage: str, region: str, sign_in: Mapping[str, str] | None = None) -> str:
    """Return the configuration that the dashboard reads at its start. `sign_in`: with which provider people sign in."""
    known = {"apiUrl": outputs["ApiUrl"], "stage": stage, "region": region}
    return json.dumps({**known, **({"signIn": sign_in} if sign_in else {})})


def upload(
    account: Account, outputs: Mapping[str, str], dist: Path, stage: str, sign_in: Mapping[str, str] | None = None
) -> int:
    """Upload the site and its config, delete outdated files, invalidate CloudFront; return the number of files."""
    s3, bucket = account.client("s3"), outputs["SiteBucketName"]
    sent = list(files(dist))
    for file in sent:
        with file.path.open("rb") as body:
            s3.put_object(
                Bucket=bucket, Key=file.key, Body=body, ContentType=file.content_type, CacheControl=file.cache
            )
    s3.put_object(
        Bucket=bucket, Key="config.json", Body=config(outputs, stage, account.region, sign_in).encode(),
        ContentType="application/json", CacheControl=ALWAYS_ASK,
    )  # fmt: skip
    _drop_others(s3, bucket, {file.key for file in sent} | {"config.json"})
    if "SiteDistributionId" in outputs:
        paths = ["/index.html", "/reference/index.html", "/config.json"]
        account.client("cloudfront").create_invalidation(
            DistributionId=outputs["SiteDistributionId"],
            InvalidationBatch={
                "Paths": {"Quantity": len(paths), "Items": paths},
                "CallerReference": str(time.time_ns()),
            },
        )
    return len(sent) + 1


def _drop_others(s3: Any, bucket: str, keep: set[str]) -> None:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            # a page that is open in a browser may still request the hashed files of the previous version
            if entry["Key"] not in keep and not entry["Key"].startswith("assets/"):
                s3.delete_object(Bucket=bucket, Key=entry["Key"])
