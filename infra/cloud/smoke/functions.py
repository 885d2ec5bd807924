"""Let each Lambda function answer an event without work: to answer, it must import its code and read its settings."""

import json
from collections.abc import Iterable
from typing import Any

from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from chalicelib.adapters.invocations import LOOK
from infra.cloud.account import Account
from infra.definition.lambdas.functions import FunctionDefinition, ScheduleTrigger

SCHEDULED = ("recount",)
"""The function that is not called, because any event makes it work for up to 14 minutes. A call is not needed: it has
the watchdog's code and settings."""
SECONDS = 60
"""Seconds for an answer, with a cold start in a VPC."""


def failing(account: Account, functions: Iterable[FunctionDefinition]) -> list[str]:
    """Return a sentence for each function that ends with an error or does not answer."""
    patient = Config(read_timeout=SECONDS, retries={"total_max_attempts": 3, "mode": "standard"})
    client = account.client("lambda", config=patient)
    found = []
    for function in functions:
        try:
            answer = client.invoke(FunctionName=function.name, Payload=json.dumps(event_of(function)).encode())
        except ReadTimeoutError:
            found.append(f"{function.name} does not answer within {SECONDS} s (its log group is {function.log_group})")
            continue
        if "FunctionError" in answer:
            said = json.loads(answer["Payload"].read())
            why = f"{said.get('errorType', answer['FunctionError'])}: {said.get('errorMessage', '')}"
            found.append(f"{function.name} ends with {why[:300]} (its log group is {function.log_group})")
    return found


def asked(functions: Iterable[FunctionDefinition]) -> list[FunctionDefinition]:
    """Return the functions that can be called."""
    return [function for function in functions if function.short not in SCHEDULED]


def event_of(function: FunctionDefinition) -> dict[str, Any]:
    """Return an event without messages for a worker, records for the counters, or jobs for the watchdog."""
    if isinstance(function.trigger, ScheduleTrigger):
        return {LOOK: {"types": [], "ids": []}}
    return {"Records": []}
