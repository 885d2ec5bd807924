"""Check that a job runs with the sent data: a model that does not read back equal is refused, with the field."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, SecretStr, computed_field

from chalicelib.errors import ConfigurationError, InvalidPayload, PermanentError
from chalicelib.job_types.example import example_of
from chalicelib.job_types.jobtype import JobType, job
from chalicelib.worker.result import as_json


class Secret(BaseModel):
    password: SecretStr


class Outer(BaseModel):
    user: list[Secret] | None = None


class Excluded(BaseModel):
    kept: str = ""
    left_out: str = Field("", exclude=True)


class Rounded(BaseModel):
    price: Annotated[float, PlainSerializer(round)]


class Renamed(BaseModel):
    """A payload with a field that is stored under another name than the name under which it is read."""

    model_config = ConfigDict(extra="forbid")
    start: str = Field(alias="from")


class Sums(BaseModel):
    a: int
    at: datetime

    @computed_field
    def double(self) -> int:
        return 2 * self.a


def typed(payload: type[BaseModel], result: Any = None) -> Any:
    def run(payload: Any, ctx: Any) -> Any:
        return None

    run.__annotations__ = {"payload": payload, "return": result}
    return run


@pytest.mark.parametrize(
    ("payload", "result", "told"),
    [
        (Secret, None, "the payload does not read back equal: password is a secret"),
        (Outer, None, r"the payload does not read back equal: user\.password is a secret"),
        (Excluded, None, "left_out is excluded"),
        (Rounded, Secret, "the result does not read back equal: password is a secret"),
    ],
)
def test_a_declaration_is_refused_with_the_field(payload: type[BaseModel], result: Any, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        job("test.note")(typed(payload, result))


@pytest.mark.parametrize(
    ("model", "payload", "field"), [(Rounded, {"price": 1.5}, "price"), (Renamed, {"from": "x"}, "from")]
)
def test_a_submission_is_refused_with_the_field(model: type[BaseModel], payload: Any, field: str) -> None:
    kind = JobType[Any, Any]("test.note", typed(model), model)
    with pytest.raises(InvalidPayload, match="does not read back equal") as refused:
        kind.canonical(payload)
    assert refused.value.errors[0].loc == ("payload", field)


def test_what_reads_back_equal_is_stored() -> None:
    kind = JobType[Any, Any]("test.note", typed(Rounded), Rounded)
    assert kind.canonical({"price": 2.0}) == {"price": 2}


def test_a_result_is_held_to_the_same() -> None:
    at = datetime(2027, 1, 1, tzinfo=UTC)
    assert as_json(Sums(a=2, at=at)) == {"a": 2, "at": "2027-01-01T00:00:00Z", "double": 4}
    for wrong in (Secret(password=SecretStr("hunter2")), Rounded(price=1.5)):
        with pytest.raises(PermanentError, match="result does not read back equal"):
            as_json(wrong)


async def later(payload: Sums, ctx: Any) -> Any:
    yield 1


def one_by_one(payload: Sums, ctx: Any) -> Iterator[int]:
    yield 1


@pytest.mark.parametrize("function", [later, one_by_one])
def test_a_function_that_does_not_return_its_result_is_refused(function: Any) -> None:
    with pytest.raises(ConfigurationError, match="yield"):
        job("test.note")(function)


class Part(BaseModel):
    size: int = Field(ge=3)
    note: str = ""


class Own(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"x": 1}]})
    x: int


class Whole(BaseModel):
    name: str = Field(examples=["Ada"])
    kind: Literal["a", "b"]
    part: Part
    parts: list[Part]
    either: int | None
    default: int = 5


class Itself(BaseModel):
    again: "Itself"


def test_the_example_is_valid_and_shows_what_is_required() -> None:
    whole = example_of(Whole.model_json_schema())
    assert whole == {"name": "Ada", "kind": "a", "part": {"size": 3}, "parts": [], "either": 0}
    Whole.model_validate(whole)
    assert example_of(Own.model_json_schema()) == {"x": 1}
    assert "again" in example_of(Itself.model_json_schema()), "one that holds itself ends"
