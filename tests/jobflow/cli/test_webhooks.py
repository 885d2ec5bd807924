"""Test `jobflow webhooks`: the secret is printed once, settings that are not typed stay, and `listen` verifies."""

import json
import threading
import time
from http.server import HTTPServer
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from chalicelib.assembly import parts
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Status
from chalicelib.webhooks.signature import Secret, headers, new_secret
from jobflow.cli.commands.webhooks import _receiver
from jobflow.cli.printer import Printer
from tests.chalicelib.api.support import World
from tests.chalicelib.webhooks.support import DELIVERING, a_delivery
from tests.jobflow.cli.conftest import Shell
from tests.jobflow.support import Wire

URL = "https://hooks.example.com/in"


@pytest.fixture(autouse=True)
def hooked(world: World) -> None:
    registered[DELIVERING.name] = DELIVERING


@pytest.mark.parametrize("typed", ["", "--url https://hooks.example.com/new"])
def test_an_update_of_nothing_sends_nothing_and_says_where_a_url_stands(shell: Shell, wire: Wire, typed: str) -> None:
    said = shell(f"webhooks update billing {typed}")
    assert (said.code, wire.asked) == (2, [])
    assert "webhooks update billing https://" in said.err


def test_a_secret_is_printed_once_and_settings_that_are_not_typed_stay(shell: Shell) -> None:
    made = shell(f"webhooks create billing {URL} --type test.note --tag a:b --status failed").lines[0]
    assert made["secret"].startswith("whsec_")
    changed = shell("webhooks update billing https://hooks.example.com/new").lines[0]
    assert (changed["types"], changed["tags"], changed["statuses"]) == (["test.note"], ["a:b"], ["failed"])
    assert changed["url"] == "https://hooks.example.com/new"
    assert shell("webhooks update billing --status cancelled").lines[0]["statuses"] == ["cancelled"]
    cleared = shell("webhooks update billing --only-named --all-ends").lines[0]
    assert (cleared["types"], cleared["tags"], cleared["statuses"]) == ([], [], [])
    assert shell("webhooks update billing --only-named --type test.note").code == 2
    assert shell("webhooks rotate billing").lines[0]["secret"] != made["secret"]
    assert "secret" not in shell("webhooks list").lines[0]
    assert shell("webhooks enable billing").code == shell("webhooks delete billing").code == 0
    assert shell("webhooks update billing --all-ends").code == 4


def test_deliveries_are_listed_and_sent_again(shell: Shell, world: World) -> None:
    shell(f"webhooks create billing {URL}")
    delivery = a_delivery(parts.job_service, parts.webhook_service.get("billing").webhook)
    world.put_in(delivery.id, Status.FAILED, error_class="DeliveryFailed", error_message="HTTP 500")
    assert [one["answer"] for one in shell("webhooks deliveries billing").lines] == ["HTTP 500"]
    assert shell(f"webhooks send-again billing {delivery.id}").lines[0]["state"] == "pending"


def listened(session: Any, *given: dict[str, str] | None) -> list[int]:
    """Send a message with its signature's headers and a change of them, or without any; return the answers."""
    secret, body = new_secret(), b'{"type":"job.completed","data":{"type":"a.b","job_id":"j"}}'
    signed = headers([Secret(secret)], "m-1", time.time(), body)
    with HTTPServer(("127.0.0.1", 0), _receiver(session, secret)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def post(sent: dict[str, str]) -> int:
            raw = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
            return httpx.post(
                f"http://127.0.0.1:{server.server_port}/", content=body, headers=raw, timeout=60
            ).status_code

        answers = [post({} if change is None else {**signed, **change}) for change in given]
        server.shutdown()
    return answers


REFUSED = {"webhook-signature": "v1,é"}, None


def test_what_listens_takes_signed_messages_and_refuses_others() -> None:
    said: list[str] = []
    session = SimpleNamespace(out=SimpleNamespace(as_json=False, say=said.append))
    assert listened(session, {}, *REFUSED) == [204, 400, 400]
    assert "job.completed" in said[0]
    assert "m-1" in said[0]
    assert [line.startswith("Refused a message") for line in said[1:]] == [True, True]


def test_a_platform_that_does_not_deliver_to_this_port_is_told(shell: Shell) -> None:
    said = shell("webhooks listen --port 0")
    assert (said.code, "--port" in said.err, "WEBHOOK_PORT" in said.err) == (2, True, True)


def test_a_program_reads_the_messages_as_json_from_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert listened(SimpleNamespace(out=Printer(as_json=True)), {}, *REFUSED) == [204, 400, 400]
    printed = capsys.readouterr()
    messages = [json.loads(line) for line in printed.out.splitlines()]
    assert [(one["webhook_id"], one["data"]["job_id"]) for one in messages] == [("m-1", "j")]
    assert printed.err.count("Refused a message") == 2
