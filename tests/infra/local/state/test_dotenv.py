"""Secrets of job types come from `.env` into the emulator's stores."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.emulator.processes.child import Emulator
from infra.local.lambdas.clients import Clients
from infra.local.state import dotenv

TEXT = """\
# secrets of my job types
BILLING_KEY=k-1=2
export QUOTED="with spaces # and this"
EMPTY=
not a line
"""


def test_lines_are_names_and_values(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(TEXT)
    assert dotenv.read(tmp_path / ".env") == {
        "BILLING_KEY": "k-1=2", "QUOTED": "with spaces # and this", "EMPTY": "",
    }  # fmt: skip
    assert dotenv.read(tmp_path / "nothing") == {}


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    with Emulator.start() as running:
        yield Clients(running.environment())


def test_each_is_stored_where_its_function_reads_it_and_again_after_an_edit(clients: Clients) -> None:
    declared = {"order.copy": {"KEY": "{stage}/key", "URL": "ssm:/billing/url"}}
    for key in ("one", "two"):
        assert dotenv.fill(declared, {"KEY": key, "URL": f"{key}.example"}, clients) == []
        assert clients.secretsmanager().get_secret_value(SecretId="dev/key")["SecretString"] == key
        found = clients.ssm().get_parameter(Name="/billing/url", WithDecryption=True)["Parameter"]
        assert found["Value"] == f"{key}.example"


def test_what_is_missing_is_said_in_a_line(clients: Clients) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:1:secret:x-a1b2c3"
    lines = dotenv.fill({"order.copy": {"KEY": "k", "ARN": arn}}, {"ARN": "x"}, clients)
    assert [line.partition(": jobs")[0] for line in lines] == [
        "order.copy: KEY is not in .env", "order.copy: ARN is an ARN, which no emulator has",
    ]  # fmt: skip
