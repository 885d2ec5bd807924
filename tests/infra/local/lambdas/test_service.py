"""Test functions in real processes.

What a handler gets, all ways in which an invocation ends, and new code meanwhile.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.lambdas.service import LambdaService
from infra.local.lambdas.specs import FunctionSpec
from tests.infra.local.lambdas.conftest import FUNCTIONS, Lines, alive, until


def test_a_handler_sees_its_event_and_lambda_context(service: LambdaService) -> None:
    service.register(FunctionSpec("orders", "basic.context", timeout=20, memory=256))

    result = service.invoke("orders", {"a": [1, "ü"]})

    assert result.ok
    assert result.payload["event"] == {"a": [1, "ü"]}
    assert result.payload["request_id"] == result.request_id
    assert 0 < result.payload["remaining_ms"] <= 20_000
    assert result.payload["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:orders"
    assert (result.payload["name"], result.payload["memory"]) == ("orders", "256")
    assert result.payload["log_group"] == "/aws/lambda/orders"
    assert "[$LATEST]" in result.payload["log_stream"]
    assert result.payload["trace"].startswith("Root=1-")
    assert result.payload["path"] == str(FUNCTIONS)


def test_a_function_sees_nothing_of_the_laptop_but_its_own_environment(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAPTOP_SECRET", "1")
    aws = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    with LambdaService(FUNCTIONS, aws, lines) as service:
        service.register(FunctionSpec("f", "basic.context", environment={"QUEUE_URL": "q"}))
        seen = service.invoke("f", {}).payload["environment"]

    assert "LAPTOP_SECRET" not in seen
    assert (seen["QUEUE_URL"], seen["AWS_ENDPOINT_URL"]) == ("q", "http://127.0.0.1:9")


def test_an_exception_is_an_error_with_its_stack_and_keeps_the_environment(service: LambdaService) -> None:
    service.register(FunctionSpec("f", "basic.fail"))

    result = service.invoke("f", {})

    assert not result.ok
    assert result.error is not None
    assert (result.error["errorType"], result.error["errorMessage"]) == ("ValueError", "no such customer")
    assert "basic.py" in "".join(result.error["stackTrace"])
    assert not service.invoke("f", {}).cold_start


def test_code_repaired_after_a_syntax_error_is_served(tmp_path: Path) -> None:
    module = tmp_path / "edited.py"
    module.write_text("def handler(:\n")
    with LambdaService(tmp_path, {}) as service:
        service.register(FunctionSpec("f", "edited.handler"))
        broken = service.invoke("f", {})
        module.write_text("def handler(event, context):\n    return 'repaired'\n")
        repaired = service.invoke("f", {})

    assert broken.error is not None
    assert broken.error["errorType"] == "Runtime.UserCodeSyntaxError"
    assert repaired.payload == "repaired"


def test_the_timeout_kills_the_process_and_what_it_started(service: LambdaService, lines: Lines) -> None:
    service.register(FunctionSpec("f", "basic.spawn", timeout=1))

    result = service.invoke("f", {})

    assert result.error is not None
    assert result.error["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in result.error["errorMessage"]
    (grandchild,) = lines.said("grandchild")
    until(lambda: not alive(grandchild))
    until(lambda: service.pids() == {"f": []})


def test_a_crash_loses_the_environment_and_the_next_invocation_is_cold(service: LambdaService) -> None:
    service.register(FunctionSpec("f", "basic.leave"))

    before = service.invoke("f", {"stay": 1})
    crash = service.invoke("f", {})
    after = service.invoke("f", {"stay": 1})

    assert crash.error is not None
    assert crash.error["errorType"] == "Runtime.ExitError"
    assert "exit status 7" in crash.error["errorMessage"]
    assert (before.cold_start, crash.cold_start, after.cold_start) == (True, False, True)


def test_a_killed_idle_environment_is_replaced(service: LambdaService) -> None:
    service.register(FunctionSpec("f", "basic.pid"))
    first = service.invoke("f", {}).payload
    os.kill(first, signal.SIGKILL)
    until(lambda: service.pids() == {"f": []})

    again = service.invoke("f", {})

    assert again.ok
    assert again.payload != first


def test_an_answer_beyond_six_megabytes_is_an_error(service: LambdaService) -> None:
    service.register(FunctionSpec("f", "basic.big"))

    result = service.invoke("f", {"bytes": 6 * 1024 * 1024 + 1})

    assert result.error is not None
    assert result.error["errorType"] == "Function.ResponseSizeTooLarge"


def test_an_idle_environment_is_retired(lines: Lines) -> None:
    with LambdaService(FUNCTIONS, {}, lines, idle_seconds=0.1) as service:
        service.register(FunctionSpec("f", "basic.pid"))
        pid = service.invoke("f", {}).payload
        until(lambda: service.pids() == {"f": []})
        assert not alive(pid)
        assert service.invoke("f", {}).cold_start


def test_an_init_without_end_is_cut_short(tmp_path: Path, lines: Lines) -> None:
    (tmp_path / "stuck.py").write_text("import time\ntime.sleep(600)\n")
    with LambdaService(tmp_path, {}, lines, init_timeout=1) as service:
        service.register(FunctionSpec("f", "stuck.handler"))
        result = service.invoke("f", {})

    assert result.error is not None
    assert result.error["errorType"] == "Sandbox.Timedout"


def test_closing_ends_invocations_under_way_and_leaves_no_process(lines: Lines) -> None:
    service = LambdaService(FUNCTIONS, {}, lines)
    service.register(FunctionSpec("f", "basic.spend", concurrency=2))
    calls = [service.submit("f", {"seconds": 600}) for _ in range(3)]
    pids = until(lambda: len(lines.messages()) >= 2 and service.pids()["f"])

    service.close()

    assert all(not call.result().ok for call in calls)
    assert not any(alive(pid) for pid in pids)


def test_environments_die_with_a_runner_that_was_killed() -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from infra.local.lambdas.service import LambdaService\n"
        "from infra.local.lambdas.specs import FunctionSpec\n"
        "service = LambdaService(Path(sys.argv[1]), {})\n"
        "service.register(FunctionSpec('f', 'basic.spend'))\n"
        "print(service.invoke('f', {'seconds': 0}).payload, flush=True)\n"
        "service.submit('f', {'seconds': 600})\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(FUNCTIONS)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[4]
    ) as runner:
        assert runner.stdout is not None
        environment = int(runner.stdout.readline())
        assert alive(environment)
        runner.kill()

    until(lambda: not alive(environment))


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


def _broken_starts(lines: Lines) -> int:
    return sum("UserCodeSyntaxError" in message for message in lines.messages())


def test_a_reload_of_code_that_cannot_be_loaded_fails_no_invocation(tmp_path: Path, lines: Lines) -> None:
    module = tmp_path / "edited.py"
    module.write_text("def handler(:\n")
    with LambdaService(tmp_path, {}, lines) as service:
        service.register(FunctionSpec("old", "edited.handler"))
        service.hold()
        service.register(FunctionSpec("new", "edited.handler"))
        waiting = [service.submit(name, {}) for name in ("old", "new")]
        until(lambda: _broken_starts(lines) == 2 and not any(service.pids().values()))
        service.recycle()
        until(lambda: _broken_starts(lines) == 4 and not any(service.pids().values()))
        module.write_text("def handler(event, context):\n    return 'repaired'\n")
        service.recycle()
        service.release()
        repaired = [one.result() for one in waiting]
        module.write_text("def handler(:\n")
        service.recycle()
        broken = service.invoke("old", {})

    assert [one.payload for one in repaired] == ["repaired", "repaired"]
    assert not broken.ok


def test_a_new_spec_reaches_the_next_invocation(service: LambdaService) -> None:
    service.register(FunctionSpec("f", "basic.context", environment={"COLOUR": "red"}))
    service.invoke("f", {})
    service.register(FunctionSpec("f", "basic.context", environment={"COLOUR": "blue"}))

    assert service.invoke("f", {}).payload["environment"]["COLOUR"] == "blue"
