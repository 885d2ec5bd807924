"""What botocore says about a service is read once a process, whoever makes the session."""

import subprocess
import sys

import pytest

SCRIPT = """
import botocore.session
from infra.local import descriptions
if {shared}:
    descriptions.share()
one, other = (botocore.session.Session().get_service_model("sqs").metadata for _ in range(2))
print(one is other)
"""


@pytest.mark.parametrize("shared", [True, False])
def test_all_sessions_of_a_process_read_through_one_loader(shared: bool) -> None:
    command = [sys.executable, "-c", SCRIPT.format(shared=shared)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == f"{shared}\n"
