"""Take a job type from the page that prints it, so that a test runs what a reader copies."""

import re
from pathlib import Path
from typing import Any

from chalicelib import JobType
from chalicelib.job_types.jobtype import registered

DOCS = Path(__file__).parents[3] / "docs"


def documented(page: str, module: str) -> JobType[Any, Any]:
    """Return the job type that a page of docs/ prints as the file `handlers/<module>.py`."""
    text = (DOCS / page).read_text()
    (source,) = re.findall(rf"```python\n(# handlers/{module}\.py\n.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {"__name__": f"handlers.{module}"}
    exec(compile(source, f"docs/{page}", "exec"), names)  # noqa: S102 - our own documentation
    found = names[module]
    assert isinstance(found, JobType)
    registered.pop(found.name, None)  # remove the file: the other tests of this process do not have it
    return found
