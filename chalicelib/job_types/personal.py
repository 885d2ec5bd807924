"""Find the personal fields of payloads and results, mask them, and keep them when a masked payload is sent back. Pure.

A field is personal if `"personal": True` is in the `json_schema_extra` of its `Field`, at any depth: in nested models,
lists, dictionaries and unions. The whole value of the field is then personal, also null. In a union, one alternative
with a mark is enough.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, ForwardRef, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from chalicelib.errors import FieldError, InvalidPayload
from chalicelib.jobs.job import JSON
from chalicelib.jobs.texts.personal_texts import MASK, PersonalTexts, texts_in

MARK = "personal"
SEVERAL = ("anyOf", "oneOf", "allOf")
MODES: tuple[tuple[bool, Any], ...] = ((False, "serialization"), (True, "serialization"), (True, "validation"))
"""A stored value has the names of fields; a payload that is sent, and what a model writes, may have their aliases."""
PLAIN = frozenset({
    "missing", "extra_forbidden", "string_type", "string_too_short", "string_too_long", "too_short", "too_long",
    "int_type", "int_parsing", "int_from_float", "float_type", "float_parsing", "bool_type", "bool_parsing",
    "list_type", "dict_type", "model_type", "model_attributes_type", "greater_than", "greater_than_equal", "less_than",
    "less_than_equal", "string_pattern_mismatch", "date_type", "datetime_type", "enum", "literal_error",
})  # fmt: skip
"""Errors of pydantic whose texts never have a part of the value."""
NOT_VALID = "is not valid; the reason is not shown, because the field is personal"
ABSENT: Any = object()

Node = tuple[Mapping[str, Any], Mapping[str, Any]]
"""A part of a JSON schema, and the definitions to which it may refer."""
UNKNOWN: Node = ({MARK: True}, {})
"""The schema of a field that is not in the schema."""


def fields_of(annotation: Any) -> "PersonalFields | None":
    """Return the personal fields of a model or another type; None without any."""
    if not _may_declare(annotation, set()):
        return None
    found = PersonalFields(annotation)
    return found if found.any else None


def hidden(value: JSON) -> JSON:
    """Return a mask in place of a whole payload or result; an object stays an object, and null stays null."""
    if value is None:
        return None
    return dict.fromkeys(value, MASK) if isinstance(value, dict) else MASK


class PersonalFields:
    """The personal fields of one payload model, or of one type of result."""

    def __init__(self, annotation: Any) -> None:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        wholes = [adapter.json_schema(by_alias=by_alias, mode=mode) for by_alias, mode in MODES]
        self._root: list[Node] = [(whole, whole.get("$defs", {})) for whole in wholes]
        self.any = any(_has_mark(whole) for whole in wholes)

    def masked(self, value: JSON) -> JSON:
        """Return the value with a mask in place of each personal one."""
        personal, _ = _meant(self._root)
        return hidden(value) if personal else _masked(value, self._root)

    def texts(self, value: JSON) -> set[str]:
        """Return the personal values as texts, as they may be in a message."""
        return {text for inner in _personal(value, self._root) for text in texts_in(inner)}

    def unmasked(self, value: JSON, stored: JSON = ABSENT) -> JSON:
        """Return the value with what is `stored` in place of each mask; raises InvalidPayload for any other mask.

        In a list, masks stand for what is stored only if nothing else of the list differs: otherwise it is not certain
        which item each mask means.
        """
        if MASK not in json.dumps(value):
            return value
        wrong: list[tuple[str | int, ...]] = []
        found = _unmasked(value, stored, self._root, (), wrong)
        if wrong:
            told = f"has the mask {MASK} of a personal field; send its value"
            raise InvalidPayload(
                "The payload has the mask of a personal field in place of its value.",
                [FieldError(("payload", *place), told) for place in wrong],
            )
        return found

    def is_personal(self, path: str) -> bool:
        """Return whether the field at this path (names with dots) is personal, or within one that is."""
        nodes = self._root
        for name in path.split("."):
            personal, kinds = _meant(nodes)
            if personal:
                return True
            nodes = _of_key(kinds, name)
        return _meant(nodes)[0]

    def told(self, error: InvalidPayload, payload: JSON) -> InvalidPayload:
        """Return an error about this payload without its personal values."""
        texts = PersonalTexts(self.texts(payload))
        errors = [FieldError(one.loc, texts.masked(one.msg)) for one in error.errors]
        return InvalidPayload(texts.masked(str(error)), errors)

    def refused(self, error: ValidationError, told: Sequence[FieldError]) -> list[FieldError]:
        """Return pydantic's findings, as they are `told`, without what may be a part of a personal value.

        The place of a finding then ends at the personal field: what follows may be a name in a personal dictionary.
        """
        details = error.errors(include_url=False, include_input=False, include_context=False)
        found = []
        for one, detail in zip(told, details, strict=True):
            before = len(one.loc) - len(detail["loc"])
            place, inside = self._within(detail["loc"])
            plain = not inside or (len(place) == len(detail["loc"]) and detail["type"] in PLAIN)
            found.append(one if plain else FieldError((*one.loc[:before], *place), NOT_VALID))
        return found

    def _within(self, place: Sequence[str | int]) -> tuple[tuple[str | int, ...], bool]:
        """Return the place up to the first personal field in it, and whether there is one."""
        nodes = self._root
        for number, name in enumerate((*place, None)):
            personal, kinds = _meant(nodes)
            if personal:
                return tuple(place[:number]), True
            if name is not None:  # pydantic also names the alternative of a union, which is no place in the value
                inner = _of_key(kinds, name, strict=False) if isinstance(name, str) else _of_item(kinds, name)
                nodes = inner or nodes
        return tuple(place), False


def _masked(value: JSON, nodes: Sequence[Node]) -> JSON:
    if not nodes:
        return value
    personal, kinds = _meant(nodes)
    if personal:
        return MASK
    if isinstance(value, dict):
        return {name: _masked(inner, _of_key(kinds, name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, _of_item(kinds, place)) for place, inner in enumerate(value)]
    return value


def _personal(value: JSON, nodes: Sequence[Node]) -> Iterator[JSON]:
    if not nodes:
        return
    personal, kinds = _meant(nodes)
    if personal:
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _personal(inner, _of_key(kinds, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _personal(inner, _of_item(kinds, place))


def _unmasked(
    value: JSON, stored: JSON, nodes: Sequence[Node], place: tuple[str | int, ...], wrong: list[tuple[str | int, ...]]
) -> JSON:
    if not nodes:
        return value
    personal, kinds = _meant(nodes)
    if personal and not (isinstance(value, dict) and not place):
        if value == MASK and stored is not ABSENT:
            return stored
        if MASK in json.dumps(value):
            wrong.append(place)
        return value
    if isinstance(value, dict):
        there = stored if isinstance(stored, dict) else {}
        inside = {name: nodes if personal else _of_key(kinds, name) for name in value}
        return {
            name: _unmasked(inner, there.get(name, ABSENT), inside[name], (*place, name), wrong)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        if isinstance(stored, list) and value == _masked(stored, nodes):
            return stored
        return [
            _unmasked(inner, ABSENT, _of_item(kinds, number), (*place, number), wrong)
            for number, inner in enumerate(value)
        ]
    return value


def _meant(nodes: Sequence[Node]) -> tuple[bool, list[Node]]:
    """Return whether one of the alternatives is personal, and the alternatives, with references followed."""
    left, seen, found = list(nodes), set[int](), list[Node]()
    while left:
        node, definitions = left.pop()
        if id(node) in seen:  # a model that refers to itself
            continue
        seen.add(id(node))
        if _is_marked(node) or _is_marked(_of_mapping(node, "propertyNames")):
            return True, []
        if "$ref" in node:
            left.append((definitions[node["$ref"].rpartition("/")[2]], definitions))
        left += [(one, definitions) for several in SEVERAL for one in node.get(several, ())]
        found.append((node, definitions))
    return False, found


def _of_key(nodes: Sequence[Node], name: str, *, strict: bool = True) -> list[Node]:
    """Return the schemas of a field of an object.

    With `strict`, a field that the schema does not know is personal: an earlier schema may have had it.
    """
    found: list[Node] = []
    for node, definitions in nodes:
        properties = _of_mapping(node, "properties")
        if name in properties:
            found.append((properties[name], definitions))
        else:
            others = [*_of_mapping(node, "patternProperties").values(), node.get("additionalProperties")]
            found += [(one, definitions) for one in others if isinstance(one, Mapping)]
    if found or not strict or any(_is_free(node) for node, _ in nodes):
        return found
    return [UNKNOWN] if any("properties" in node for node, _ in nodes) else []


def _is_free(node: Mapping[str, Any]) -> bool:
    """Return whether a schema allows an object with any fields."""
    if "type" not in node:
        return not any(name in node for name in ("$ref", "enum", "const", *SEVERAL))
    return node["type"] == "object" and (bool(node.get("additionalProperties")) or "properties" not in node)


def _of_item(nodes: Sequence[Node], place: int) -> list[Node]:
    found: list[Node] = []
    for node, definitions in nodes:
        first = node.get("prefixItems", ())
        one = first[place] if place < len(first) else node.get("items")
        found += [(one, definitions)] if isinstance(one, Mapping) else []
    return found


def _of_mapping(node: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = node.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _has_mark(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        return _is_marked(schema) or any(map(_has_mark, schema.values()))
    return isinstance(schema, list) and any(map(_has_mark, schema))


def _is_marked(node: Mapping[str, Any]) -> bool:
    mark = node.get(MARK)
    return bool(mark) and not isinstance(mark, Mapping)  # that is the schema of a field with this name


def _may_declare(annotation: Any, seen: set[Any]) -> bool:
    """Return whether a type may have a personal field; True also for what this function cannot look into.

    It costs little, so that a type without personal fields needs no JSON schema.
    """
    if isinstance(annotation, FieldInfo):
        inner = (annotation.annotation, *annotation.metadata)
        return _marks(annotation.json_schema_extra) or any(_may_declare(one, seen) for one in inner)
    origin = get_origin(annotation)
    if origin is Literal:
        return False
    alias = annotation if hasattr(annotation, "__value__") else origin
    if hasattr(alias, "__value__") and alias not in seen:  # `type Email = …`, of Python 3.12 or typing_extensions
        seen.add(alias)
        if _may_declare(alias.__value__, seen):
            return True
    if _marks(getattr(annotation, "json_schema", None)) and not isinstance(annotation, type):  # WithJsonSchema
        return True
    if any(_may_declare(one, seen) for one in get_args(annotation)):
        return True
    if not isinstance(annotation, type) or annotation in seen:
        return isinstance(annotation, ForwardRef)
    seen.add(annotation)
    if issubclass(annotation, BaseModel):
        computed = annotation.model_computed_fields.values()
        return (
            _marks(annotation.model_config.get("json_schema_extra"))
            or any(_may_declare(one, seen) for one in annotation.model_fields.values())
            or any(_marks(one.json_schema_extra) or _may_declare(one.return_type, seen) for one in computed)
        )
    if is_dataclass(annotation) or hasattr(annotation, "__required_keys__") or hasattr(annotation, "_fields"):
        try:
            inside = get_type_hints(annotation, include_extras=True).values()
        except (NameError, TypeError):
            return True
        own = getattr(annotation, "__pydantic_fields__", {}).values()
        config = getattr(annotation, "__pydantic_config__", None) or {}
        return _marks(config.get("json_schema_extra")) or any(_may_declare(one, seen) for one in (*inside, *own))
    return False


def _marks(extra: Any) -> bool:
    return callable(extra) or (isinstance(extra, Mapping) and bool(extra.get(MARK)))
