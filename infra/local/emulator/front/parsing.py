"""Reads a JSON request the way moto does, with the service model looked at once per shape instead of once per value."""

from collections.abc import Callable
from typing import Any

from moto.core.model import Shape
from moto.core.parse import default_blob_parser, default_timestamp_parser

Parse = Callable[[Any], Any]


def _as_it_is(value: Any) -> Any:
    return value


_SCALARS: dict[str, Parse] = {
    "blob": default_blob_parser,
    "timestamp": default_timestamp_parser,
    "float": float,
    "double": float,
    "integer": int,
    "long": int,
    "byte": int,
    "short": int,
}


class ParserCompiler:
    """Makes one function a shape: JSON value in, what moto's JSONParser would have made of it out."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], Parse] = {}

    def compile(self, shape: Shape) -> Parse:
        """Return the parser of `shape`. Shapes that contain themselves, as DynamoDB's values do, are fine."""
        key = (shape.type_name, shape.name)
        if key not in self._compiled:
            self._compiled[key] = self._later(key)
            self._compiled[key] = self._make(shape)
        return self._compiled[key]

    def _later(self, key: tuple[str, str]) -> Parse:
        """What a shape finds of itself while it is being compiled."""

        def compiled(value: Any) -> Any:
            return self._compiled[key](value)

        return compiled

    def _make(self, shape: Shape) -> Parse:
        if shape.type_name == "structure":
            return _as_it_is if shape.is_document_type else self._structure(shape)
        if shape.type_name == "list":
            member = self.compile(shape.member)
            return _as_it_is if member is _as_it_is else lambda values: [member(value) for value in values]
        if shape.type_name == "map":
            member = self.compile(shape.value)
            return dict if member is _as_it_is else lambda values: {key: member(v) for key, v in values.items()}
        return _SCALARS.get(shape.type_name, _as_it_is)

    def _structure(self, shape: Shape) -> Parse:
        members = {
            member.serialization.get("name", name): (name, self.compile(member))
            for name, member in shape.members.items()
        }

        def parse(value: Any) -> Any:
            if value is None:
                return None
            parsed = {}
            for json_name, given in value.items():
                member = members.get(json_name)
                if member is not None and given is not None:
                    parsed[member[0]] = member[1](given)
            return parsed

        return parse
