"""Read what botocore says about each service once a process: every session reads it anew, which takes up to 0.3 s."""

import functools
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.loaders import Loader


def share() -> None:
    """Let all sessions of this process read through one loader, which keeps what it has read; also those of moto."""
    sessions: Any = botocore.session
    sessions.create_loader = _loader


@functools.cache
def _loader(paths: str | None = None) -> Loader:
    # boto3 adds its folder when it has made a session, which may be after the first look
    return Loader(
        extra_search_paths=[*filter(None, (paths or "").split(":")), str(Path(boto3.__file__).parent / "data")]
    )
