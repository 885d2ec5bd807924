"""Prepare a function's process: its code, its emulator, its environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.lambdas.logs import Sink
from infra.local.lambdas.specs import REGION, FunctionSpec

# The only variables of the laptop that a function receives. The others do not exist in the cloud, so no code may depend
# on them. JOBFLOW_EXAMPLES names a folder with more job types (see handlers/__init__.py).
HOST_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "JOBFLOW_EXAMPLES")


@dataclass(frozen=True, slots=True)
class Site:
    """The place where functions run: code in `root`, an SDK's variables in `aws`, `init_timeout` in seconds."""

    root: Path
    aws: Mapping[str, str]
    sink: Sink
    init_timeout: float = 30.0


def of_host() -> dict[str, str]:
    """Return the part of this process's environment that a child may see."""
    return {name: os.environ[name] for name in HOST_VARIABLES if name in os.environ}


def variables(spec: FunctionSpec, site: Site, runtime_api: str, log_stream: str) -> dict[str, str]:
    """Return the whole environment of a function's process."""
    runtime = {
        "PYTHONPATH": str(site.root),
        "LAMBDA_TASK_ROOT": str(site.root),
        "TZ": ":UTC",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory),
        "AWS_LAMBDA_LOG_FORMAT": spec.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "_HANDLER": spec.handler,
    }
    signer = {"AWS_ACCESS_KEY_ID": spec.access_key} if spec.access_key else {}
    return {**of_host(), **spec.environment, **site.aws, **signer, **runtime}
