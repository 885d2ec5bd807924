"""What `make dev` says when it is up: a command to paste, whose job the type's own example makes."""

import shlex
from typing import Any

import pytest

from infra.local.runner import banner

STATE = {
    "ready_seconds": 2, "api": "http://127.0.0.1:8000", "dashboard": "http://127.0.0.1:8080",
    "aws": "http://127.0.0.1:4566", "backend": "moto", "token": "jf_x",
}  # fmt: skip


def pasted(types: dict[str, Any]) -> list[str]:
    """The words of the command, as a shell reads them."""
    said = banner(STATE, types)
    return shlex.split(said[said.index("curl ") :])


@pytest.mark.parametrize(
    ("example", "body"),
    [
        ({"n": 1}, '{"type": "a.b", "payload": {"n": 1}}'),
        ({"text": "it's"}, '{"type": "a.b", "payload": {"text": "it\'s"}}'),
    ],
)
def test_the_command_makes_a_job_of_the_first_type_with_its_example(example: Any, body: str) -> None:
    words = pasted({"a.b": example, "c.d": {"n": 2}})
    assert words[-2:] == ["-d", body]
    assert "Authorization: Bearer jf_x" in words
    assert "http://127.0.0.1:8000/jobs" in words
