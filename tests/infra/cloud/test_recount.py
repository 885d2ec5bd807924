"""What a recount tells a person; that it counts right is shown on a deployed stage, in tests/e2e/cloud."""

import io
import json
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.recount import Found, recount
from infra.cloud.stack import Stack


@dataclass
class OneAnswer:
    """An account whose stack is there and whose function answers once, with this."""

    answer: dict[str, Any]
    id: str = "123456789012"
    region: str = "eu-central-1"
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cloudformation(self) -> "OneAnswer":
        return self

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        return {"Stacks": [{"StackStatus": "CREATE_COMPLETE"}]}

    def client(self, service: str, config: Any) -> "OneAnswer":
        assert service == "lambda"
        self.asked.append({"read_timeout": config.read_timeout})
        return self

    def invoke(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return self.answer


def answering(payload: Any, **more: Any) -> OneAnswer:
    return OneAnswer({"Payload": io.BytesIO(json.dumps(payload).encode()), **more})


def run(account: OneAnswer) -> Found:
    real = cast("Account", account)
    return recount(real, Stack(real, "jobflow-prod"))


def test_the_stages_own_function_is_waited_for_as_long_as_it_may_run() -> None:
    account = answering({"jobs": 1200, "wrong": {}, "repaired": {}})
    found = run(account)
    assert (found.right, found.lines()) == (True, ["1,200 jobs, 0 counters wrong."])
    assert account.asked == [{"read_timeout": 930}, {"FunctionName": "jobflow-prod-recount", "Payload": b"{}"}]


def test_what_is_wrong_is_told_and_whether_it_still_is() -> None:
    found = Found(5, {"n#email.send#completed": 2, "n#email.send#queued": -1}, {"n#email.send#queued": -1})
    assert found.lines()[1:] == [
        "email.send completed: off by +2, repaired when the next night finds it too",
        "email.send queued: off by -1, repaired",
    ]
    assert not found.right
    assert Found(5, found.wrong, found.wrong).right


def test_a_function_that_fails_is_said_with_where_to_look() -> None:
    with pytest.raises(CloudError, match=r"Task timed out.*/aws/lambda/jobflow-prod-recount"):
        run(answering({"errorMessage": "Task timed out"}, FunctionError="Unhandled"))
