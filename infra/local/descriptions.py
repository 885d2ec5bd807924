"""Read botocore's description of each service only once in a process.

Otherwise every session reads it, in up to 0.3 s.
"""

import functools
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.loaders import Loader


def share() -> None:
    """Let all sessions of this process, including moto's, share one loader, which caches everything."""
    sessions: Any = botocore.session
    sessions.create_loader = _loader


@functools.cache
def _loader(paths: str | None = None) -> Loader:
    # add boto3's folder of descriptions, because boto3 may add it later, when it makes a session
    return Loader(
        extra_search_paths=[*filter(None, (paths or "").split(":")), str(Path(boto3.__file__).parent / "data")]
    )
