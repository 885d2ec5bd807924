"""New code and new specifications reach the next invocations; invocations under way end with the old ones."""

from pathlib import Path

from infra.local.lambdas.service import LambdaService
from infra.local.lambdas.specs import FunctionSpec
from tests.infra.local.lambdas.conftest import Lines, alive, until


def test_recycling_serves_new_code_while_the_old_finishes_its_invocation(tmp_path: Path, lines: Lines) -> None:
    module = tmp_path / "edited.py"
    body = "import time\ndef handler(event, context):\n    time.sleep(event['seconds'])\n    return '{}'\n"
    module.write_text(body.format("old"))
    with LambdaService(tmp_path, {}, lines) as service:
        service.register(FunctionSpec("f", "edited.handler"))
        under_way = service.submit("f", {"seconds": 1})
        until(lambda: [message for message in lines.messages() if message.startswith("START")])
        (old,) = service.pids()["f"]
        module.write_text(body.format("edited"))
        service.recycle()
        fresh = service.invoke("f", {"seconds": 0})
        finished = under_way.result()
        until(lambda: old not in service.pids()["f"])

    assert (fresh.payload, fresh.cold_start) == ("edited", True)
    assert (finished.ok, finished.payload) == (True, "old")
    assert not alive(old)


def test_held_the_warm_goes_on_and_the_cold_waits_for_the_next_code(tmp_path: Path, lines: Lines) -> None:
    module = tmp_path / "edited.py"
    module.write_text("def handler(event, context):\n    return 'old'\n")
    with LambdaService(tmp_path, {}, lines) as service:
        service.register(FunctionSpec("warm", "edited.handler"))
        service.register(FunctionSpec("cold", "edited.handler"))
        service.invoke("warm", {})
        module.write_text("def handler(:\n")
        service.hold()
        waiting = service.submit("cold", {})
        until(lambda: any("UserCodeSyntaxError" in message for message in lines.messages()))
        meanwhile = service.invoke("warm", {})
        module.write_text("def handler(event, context):\n    return 'repaired'\n")
        service.recycle()

        assert waiting.result().payload == "repaired"
    assert (meanwhile.payload, meanwhile.cold_start) == ("old", False)


def test_a_new_spec_reaches_the_next_invocation(service: LambdaService) -> None:
    service.register(FunctionSpec("f", "basic.context", environment={"COLOUR": "red"}))
    service.invoke("f", {})
    service.register(FunctionSpec("f", "basic.context", environment={"COLOUR": "blue"}))

    assert service.invoke("f", {}).payload["environment"]["COLOUR"] == "blue"
