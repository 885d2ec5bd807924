"""What a recount tells a person; that it counts right is shown on a deployed stage, in tests/e2e/cloud."""

import io
import json
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from infra.cloud.account import Account
from infra.cloud.commands.recount import Found, recount
from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import Stack


@dataclass
class Answering:
    """An account whose stack is there and whose function answers like this, one after the other, the last for ever."""

    answers: list[dict[str, Any]]
    id: str = "123456789012"
    region: str = "eu-central-1"
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cloudformation(self) -> "Answering":
        return self

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        return {"Stacks": [{"StackStatus": "CREATE_COMPLETE"}]}

    def client(self, service: str, config: Any) -> "Answering":
        assert service == "lambda"
        self.asked.append({"read_timeout": config.read_timeout})
        return self

    def invoke(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return {**said, "Payload": io.BytesIO(json.dumps(said["Payload"]).encode())}


def answer(payload: Any, **more: Any) -> dict[str, Any]:
    return {"Payload": payload, **more}


def run(*answers: dict[str, Any]) -> tuple[Found, Answering]:
    account = Answering(list(answers))
    real = cast("Account", account)
    return recount(real, Stack(real, "jobflow-prod"), lambda _: None), account


DONE = {"phase": "idle", "judged": True, "jobs": 1200, "wrong": {}, "repaired": {}}
COUNTING, WAITING = ({"phase": phase, "judged": False} for phase in ("counting", "waiting"))


def test_the_stages_own_function_is_waited_for_as_long_as_it_may_run() -> None:
    found, account = run(answer(DONE))
    assert (found.right, found.lines()) == (True, ["1,200 jobs, 0 counters wrong."])
    assert account.asked == [
        {"read_timeout": 870}, {"FunctionName": "jobflow-prod-recount", "Payload": b'{"start":true}'}]  # fmt: skip


def test_it_is_invoked_until_it_has_counted_everything_and_the_stream_has_passed() -> None:
    found, account = run(answer(COUNTING), answer(COUNTING), answer(WAITING), answer(DONE))
    assert (found.jobs, len(account.asked)) == (1200, 5)


def test_a_stream_that_stays_behind_is_said() -> None:
    with pytest.raises(CloudError, match="counters-behind"):
        run(answer(WAITING))


def test_what_is_wrong_is_told_and_whether_it_still_is() -> None:
    found = Found(5, {"email.send#completed": 2, "email.send#queued": -1}, {"email.send#queued": -1})
    assert found.lines()[1:] == [
        "email.send completed: off by +2, not repaired: another recount was faster",
        "email.send queued: off by -1, repaired",
    ]
    assert not found.right
    assert Found(5, found.wrong, found.wrong).right


def test_a_function_that_fails_is_said_with_where_to_look() -> None:
    with pytest.raises(CloudError, match=r"Task timed out.*/aws/lambda/jobflow-prod-recount"):
        run(answer({"errorMessage": "Task timed out"}, FunctionError="Unhandled"))
