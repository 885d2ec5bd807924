"""Writes a result the way moto does, when the result is plain: dictionaries that hold the model's own names."""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any

from moto.core.model import Shape
from moto.core.serialize import TimestampSerializer
from moto.dynamodb.models.dynamo_type import DynamoType

Serialise = Callable[[Any], Any]


class NotPlain(Exception):
    """The result needs moto's own serialiser, which also finds values under other names and in objects."""


def attribute_value(value: DynamoType) -> dict[str, Any]:
    """Return a stored DynamoDB value as its JSON, binary values in base 64."""
    kind, content = value.type, value.value
    if kind == "M":
        return {"M": {key: attribute_value(member) for key, member in content.items()}}
    if kind == "L":
        return {"L": [attribute_value(member) for member in content]}
    if kind == "B":
        return {"B": _base64_text(content)}
    if kind == "BS":
        return {"BS": [_base64_text(member) for member in content]}
    return {kind: content}


def _base64_text(content: bytes | str) -> str:
    # moto keeps what came over the wire as text and what went through a projection as bytes
    return base64.b64encode(content).decode() if isinstance(content, bytes) else content


def _string(value: Any) -> Any:
    if type(value) is str:
        return value
    raise NotPlain


def _boolean(value: Any) -> Any:
    return value


def _timestamp(value: Any) -> Any:
    if isinstance(value, datetime):
        return TimestampSerializer._timestamp_unixtimestamp(value)  # noqa: SLF001 - its only public way takes a dict
    raise NotPlain


def _blob(value: Any) -> str:
    return base64.b64encode(value if isinstance(value, bytes) else value.encode()).strip().decode()


_SCALARS: dict[str, Serialise] = {
    "string": _string,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
}


class SerialiserCompiler:
    """Makes one function a shape: result in, JSON value out; NotPlain when only moto's own serialiser will do."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], Serialise] = {}

    def compile(self, shape: Shape) -> Serialise:
        """Return the serialiser of `shape`, which may contain itself."""
        key = (shape.type_name, shape.name)
        if key not in self._compiled:
            self._compiled[key] = self._later(key)
            self._compiled[key] = self._make(shape)
        return self._compiled[key]

    def _later(self, key: tuple[str, str]) -> Serialise:
        """What a shape finds of itself while it is being compiled."""

        def compiled(value: Any) -> Any:
            return self._compiled[key](value)

        return compiled

    def _make(self, shape: Shape) -> Serialise:
        if shape.type_name == "structure":
            return self._structure(shape)
        if shape.type_name == "list":
            return self._list(self.compile(shape.member))
        if shape.type_name == "map":
            return self._map(self.compile(shape.value))
        return _SCALARS[shape.type_name]

    def _structure(self, shape: Shape) -> Serialise:
        members = {name: self.compile(member) for name, member in shape.members.items()}
        if any("name" in member.serialization for member in shape.members.values()) or shape.is_document_type:
            return _never

        def serialise(value: Any) -> dict[str, Any]:
            if type(value) is DynamoType:
                return attribute_value(value)
            if type(value) is not dict:
                raise NotPlain
            result = {}
            for name, given in value.items():
                if given is not None:
                    member = members.get(name)
                    if member is None:
                        raise NotPlain
                    result[name] = member(given)
            return result

        return serialise

    @staticmethod
    def _list(member: Serialise) -> Serialise:
        def serialise(values: Any) -> list[Any]:
            if not isinstance(values, list):
                raise NotPlain
            return [member(value) for value in values]

        return serialise

    @staticmethod
    def _map(member: Serialise) -> Serialise:
        def serialise(values: Any) -> dict[str, Any]:
            if not isinstance(values, dict):
                raise NotPlain
            return {key: member(value) for key, value in values.items()}

        return serialise


def _never(_value: Any) -> Any:
    raise NotPlain
