"""Name the tools that `make e2e` uses, each in an environment of its own (infra/local/tool.py).

`python -m tests.tools` installs all of them before their first use.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from infra.local import tool
from infra.local.emulator.processes import ministack

EXAMPLES = tool.ROOT.parent / "examples"


def _of_example(name: str) -> list[str]:
    return (EXAMPLES / name / "requirements.txt").read_text().split()


checkov = partial(tool.python, "checkov", ("checkov==3.3.30",))
sam = partial(tool.python, "sam-cli", ("aws-sam-cli==1.170.0",))
workflows = partial(tool.python, "workflows", ("zizmor==1.32.0", "check-jsonschema==0.39.0"))
cdk = partial(tool.python, "cdk", _of_example("cdk"))
outbox = partial(tool.python, "outbox", [*_of_example("outbox"), "httpx", "rich", "typer"])
ALL: tuple[Callable[[], Path], ...] = (ministack.python, checkov, sam, workflows, cdk, outbox)


def main() -> int:
    """Install all tools; return 1 if one cannot be installed."""
    with ThreadPoolExecutor(len(ALL)) as pool:
        installing = [pool.submit(install) for install in ALL]
    failed = [str(error) for one in installing if (error := one.exception())]
    print(*failed, sep="\n", end="", file=sys.stderr)  # noqa: T201
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
