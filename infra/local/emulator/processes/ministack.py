"""Run ministack, a second emulator, as an independent check.

ministack has its own Python environment, because it pins another version of botocore.
"""

from pathlib import Path

from infra.local import lifeline, tool

from . import shell

REQUIREMENTS = ("ministack==1.5.33", "aws-sam-translator==1.115.0", "boto3==1.43.106")
STATE = tool.ROOT / "ministack"


def python(root: Path = tool.ROOT) -> Path:
    """Return the Python that has ministack; raises ToolUnavailable when it cannot be installed."""
    return tool.python("ministack", REQUIREMENTS, root)


def command(executable: Path) -> list[str]:
    """Return the command that runs ministack, and ends it when its parent ends."""
    return [*lifeline.command(str(executable), lifeline.GRACE_SECONDS), "ministack.app"]


def environment(port: int, state: Path) -> dict[str, str]:
    """Return the settings of ministack. It listens only on the loopback address.

    When it is stopped cleanly, it stores its state in the folder `state`.
    """
    return {
        **shell.without_aws(),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "TMPDIR": str(state / "tmp"),
        "STATE_DIR": str(state / "state"),
        "S3_DATA_DIR": str(state / "s3"),
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
    }


def prepare(state: Path) -> None:
    """Make the folders that ministack expects to find."""
    for name in ("tmp", "state", "s3"):
        (state / name).mkdir(parents=True, exist_ok=True)
