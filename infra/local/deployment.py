"""Read functions and event sources from the template of the cloud, so that a laptop runs the same stack. Pure."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.local.lambdas.events.sources import Mapped
from infra.local.lambdas.specs import FunctionSpec, QueueMapping, Schedule, StreamMapping

Resource = Mapping[str, Any]
DAILY = re.compile(r"cron\(\d+(/\d+)? \d+(-\d+)? \* \* \? \*\)")
RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
UNIT_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
PARTIAL = "ReportBatchItemFailures"


@dataclass(frozen=True, slots=True)
class Place:
    """The location of the stack: the emulator's endpoint, account and region, and the stream of each table by name."""

    endpoint: str
    account: str
    region: str
    streams: Mapping[str, str]


OF_LAMBDA = frozenset({"ALARM_TOPIC", "EVENT_SOURCES", "WATCHDOG_FUNCTION"})
"""Variables that a laptop does not set, because they name things that exist only in the cloud: event source mappings, a
function to invoke, the alarms' topic."""


@dataclass(frozen=True, slots=True)
class Description:
    """The output of `infra.code.describe`."""

    stateful: Mapping[str, Resource]
    functions: Mapping[str, Resource]
    environment: Mapping[str, str]
    types: Mapping[str, Any]
    roles: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    version: str = ""
    limits: Sequence[str] = ()
    """The limits of a stack in the cloud that the job types exceed. On a laptop, these types run nevertheless."""
    modules: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The files in `handlers/` whose types a function processes, by the function's handler."""

    def tables(self) -> list[str]:
        """Return the names of the tables."""
        return [table["TableName"] for table in self._tables()]

    def expiring(self) -> dict[str, str]:
        """Return the attribute of each table that says when an item expires."""
        rule = "TimeToLiveSpecification"
        return {table["TableName"]: table[rule]["AttributeName"] for table in self._tables() if rule in table}

    def _tables(self) -> list[Resource]:
        return [r["Properties"] for r in self.stateful.values() if r["Type"] == "AWS::DynamoDB::Table"]


def environment(described: Description, place: Place, overrides: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables of every function."""
    known = {"{endpoint}": place.endpoint, "{account}": place.account, "{region}": place.region}
    text = json.dumps(described.environment)
    for marker, value in known.items():
        text = text.replace(marker, value)
    return {**json.loads(text), **overrides}


def roles(described: Description, variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the statements of each function's role, by the function's name."""
    text = json.dumps(described.roles).replace("{sender}", variables["MAIL_FROM"])
    found: dict[str, Any] = json.loads(text)
    return found


def function_specs(
    described: Description,
    variables: Mapping[str, str],
    concurrency: int,
    more: Callable[[str], Mapping[str, str]] = lambda _handler: {},
) -> list[FunctionSpec]:
    """Return the functions to register.

    `concurrency` is the maximum for each function, because a laptop has few cores. `more` gives the variables that only
    one handler gets.
    """
    return [_spec(resource["Properties"], variables, concurrency, more) for resource in described.functions.values()]


def _spec(
    properties: Resource, variables: Mapping[str, str], concurrency: int, more: Callable[[str], Mapping[str, str]]
) -> FunctionSpec:
    own = properties.get("Environment", {}).get("Variables", {})
    # Also skip values that CloudFormation fills in (not strings): on a laptop, all functions have the values of
    # `variables`.
    own = {name: value for name, value in own.items() if name not in OF_LAMBDA and isinstance(value, str)}
    scaling = [event["Properties"].get("ScalingConfig", {}) for event in properties["Events"].values()]
    wanted = [config["MaximumConcurrency"] for config in scaling if config]
    return FunctionSpec(
        properties["FunctionName"],
        properties["Handler"],
        properties["Timeout"],
        properties["MemorySize"],
        {**variables, **own, **more(properties["Handler"])},
        min(concurrency, sum(wanted) or concurrency),
        properties.get("LoggingConfig", {}).get("LogFormat", "Text"),
        properties["FunctionName"],
    )


def mappings(described: Description, place: Place) -> list[Mapped]:
    """Return everything that invokes those functions."""
    return [
        _mapping(resource["Properties"]["FunctionName"], event, described.stateful, place)
        for resource in described.functions.values()
        for event in resource["Properties"]["Events"].values()
    ]


def _mapping(function: str, event: Resource, stateful: Mapping[str, Resource], place: Place) -> Mapped:
    properties = event["Properties"]
    match event["Type"]:
        case "SQS":
            return _queue_mapping(function, properties, _target(stateful, properties["Queue"])["QueueName"], place)
        case "DynamoDB":
            return _stream_mapping(function, properties, _target(stateful, properties["Stream"])["TableName"], place)
        case "Schedule":
            return Schedule(function, rate_seconds(properties["Schedule"]), properties.get("Input"), function)
        case kind:
            raise ValueError(f"{function} is invoked by {kind}, which `make dev` does not support.")


def _queue_mapping(function: str, properties: Resource, queue: str, place: Place) -> QueueMapping:
    return QueueMapping(
        function,
        f"{place.endpoint}/{place.account}/{queue}",
        f"arn:aws:sqs:{place.region}:{place.account}:{queue}",
        properties["BatchSize"],
        properties.get("MaximumBatchingWindowInSeconds", 0),
        properties.get("ScalingConfig", {}).get("MaximumConcurrency", 1000),
        PARTIAL in properties.get("FunctionResponseTypes", ()),
    )


def _stream_mapping(function: str, properties: Resource, table: str, place: Place) -> StreamMapping:
    return StreamMapping(
        function,
        place.streams[table],
        properties["BatchSize"],
        properties.get("MaximumBatchingWindowInSeconds", 0),
        PARTIAL in properties.get("FunctionResponseTypes", ()),
        _limit(properties.get("MaximumRetryAttempts", -1)),
        _limit(properties.get("MaximumRecordAgeInSeconds", -1)),
        properties.get("BisectBatchOnFunctionError", False),
        tuple(item["Pattern"] for item in properties.get("FilterCriteria", {}).get("Filters", ())),
    )


def rate_seconds(expression: str) -> float:
    """Return the seconds between two runs; a nightly cron runs once a day, counted from the start.

    Raises ValueError for any other schedule.
    """
    if DAILY.fullmatch(expression):
        return UNIT_SECONDS["day"]
    found = RATE.fullmatch(expression)
    if found is None:
        raise ValueError(
            f"{expression!r}: `make dev` supports only rate(N minutes|hours|days) and a daily cron(M H * * ? *)."
        )
    return int(found[1]) * UNIT_SECONDS[found[2]]


def _limit(value: int) -> int | None:
    return None if value < 0 else value


def _target(stateful: Mapping[str, Resource], reference: Mapping[str, Any]) -> Resource:
    logical_id, _ = reference["Fn::GetAtt"]
    properties: Resource = stateful[logical_id]["Properties"]
    return properties
