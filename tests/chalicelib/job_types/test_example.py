"""A form and a pasted command begin with a payload that shows each required field."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from chalicelib.job_types.example import example_of


class Part(BaseModel):
    size: int = Field(ge=3)
    note: str = ""


class Whole(BaseModel):
    name: str = Field(examples=["Ada"])
    kind: Literal["a", "b"]
    part: Part
    parts: list[Part]
    either: int | None
    default: int = 5


class Own(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"x": 1}]})
    x: int


class Itself(BaseModel):
    again: "Itself"


@pytest.mark.parametrize(
    ("model", "example"),
    [
        (Own, {"x": 1}),
        (Whole, {"name": "Ada", "kind": "a", "part": {"size": 3}, "parts": [], "either": 0}),
    ],
)
def test_the_example_is_valid_and_shows_what_is_required(model: type[BaseModel], example: Any) -> None:
    assert example_of(model.model_json_schema()) == example
    model.model_validate(example)


def test_a_model_that_holds_itself_ends() -> None:
    assert "again" in example_of(Itself.model_json_schema())
