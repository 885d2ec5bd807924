"""Find the personal fields of payloads and results, mask them, and keep them when a masked payload is sent back. Pure.

A field is personal if `"personal": True` is in the `json_schema_extra` of its `Field`, at any depth: in nested models,
lists, dictionaries and unions. The whole value of the field is then personal, also null. In a union, one alternative
with a mark is enough.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cached_property
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ErrorDetails, PydanticKnownError, core_schema

from chalicelib.errors import ConfigurationError, FieldError, InvalidPayload
from chalicelib.jobs.job import JSON
from chalicelib.jobs.texts.personal_texts import MASK, PersonalTexts, texts_in

MARK = "personal"
EXTRA = "json_schema_extra"
NO_SCHEMAS = frozenset({"cls", "metadata", "default", "expected", "members"})
"""What has no schemas of fields in a schema of pydantic."""
NAMED = frozenset({"properties", "patternProperties", "$defs"})
"""What has a schema under each name in a JSON schema."""
VALUES = frozenset({"default", "examples", "const", "enum"})
ADDS_NOTHING = BaseModel.__get_pydantic_json_schema__.__func__  # type: ignore[attr-defined]
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
OF_JSON = {
    "list_type": "Input should be a valid array",
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "Input should be an object"),
}
"""Texts of these errors that are others for JSON than for Python."""
NOT_VALID = "is not valid; the reason is not shown, because the field is personal"
NOT_SHOWN = "is not valid; the reason is not shown, because it may have a part of a personal field"
OF_PYDANTIC = frozenset(get_args(core_schema.ErrorType)) - {"value_error", "assertion_error"}
"""Errors whose texts pydantic writes. Those of others are written by validators, which may have read other fields."""
LIMITS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems",
)  # fmt: skip
"""What has a number in a JSON schema that the text of an error names."""
PIECE = re.compile(r"\w{4,}")
PLACE = tuple[str | int, ...]
ABSENT: Any = object()

Node = tuple[Mapping[str, Any], Mapping[str, Any]]
"""A part of a JSON schema, and the definitions to which it may refer."""
UNKNOWN: Node = ({MARK: True}, {})
"""The schema of a field that is not in the schema."""
ANYTHING = frozenset({"object", "array", "plain"})


def fields_of(annotation: Any, *, result: bool = False) -> "PersonalFields | None":
    """Return the personal fields of a payload, or of a result; None without any.

    A type whose JSON schema cannot be made has none, unless a mark is seen: then ConfigurationError is raised. The
    JSON schema is made only if pydantic's own schema of the type has a sign of marks, so that other types cost little.
    """
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        signs = _signs(adapter.core_schema)
    except Exception as error:  # a model is code of the job type
        _refuse_if(_sees_mark(annotation, set()), annotation, error)
        return None
    if not signs:
        return None
    try:
        found = PersonalFields(adapter, result=result)
    except Exception as error:
        _refuse_if(True in signs, annotation, error)
        return None
    return found if found.any else None


def _refuse_if(marked: bool, annotation: Any, error: Exception) -> None:
    if marked:
        raise ConfigurationError(
            f"{annotation!r} has personal fields, but they cannot be found: its JSON schema cannot be made "
            f"({type(error).__name__}: {error})"
        ) from error


def all_fields(annotation: Any) -> "PersonalFields | None":
    """Return the fields of a model without personal ones: what it does not have may be of an earlier model.

    None if its JSON schema cannot be made.
    """
    try:
        return PersonalFields(TypeAdapter(annotation))
    except Exception:  # a model is code of the job type
        return None


def hidden(value: JSON) -> JSON:
    """Return a mask in place of a whole payload or result; an object stays an object, and null stays null."""
    if value is None:
        return None
    return dict.fromkeys(value, MASK) if isinstance(value, dict) else MASK


def sent_back(fields: "PersonalFields | None", value: JSON, stored: JSON = ABSENT) -> JSON:
    """Return what is sent in place of `stored`, with the stored value in place of each mask; raises InvalidPayload.

    A mask is refused where no masked value is stored, whether the field is personal or not: the mark may have been
    removed since the payload was read. Without `stored`, each text that is a mask is refused.
    """
    if MASK not in json.dumps(value):
        return value
    if fields is not None and stored is not ABSENT:
        value = fields.unmasked(value, stored)
    _refuse([place for place in _masks(value) if _at(stored, place) != MASK])
    return value


class _WithNames(GenerateJsonSchema):
    """Writes also the schemas of names that pydantic leaves out: those of numbers, of unions, and of extra fields."""

    def generate_inner(self, schema: Any) -> dict[str, Any]:
        """Return the JSON schema of a part of a schema."""
        found = super().generate_inner(schema)
        names = schema.get("keys_schema") or schema.get("extras_keys_schema")
        return {**found, "propertyNames": self.generate_inner(names)} if names else found


class PersonalFields:
    """The personal fields of one payload model, or of one type of result."""

    def __init__(self, adapter: TypeAdapter[Any], *, result: bool = False) -> None:
        modes = [one for one in MODES if not (result and one[1] == "validation")]
        wholes = [
            adapter.json_schema(by_alias=by_alias, mode=mode, schema_generator=_WithNames) for by_alias, mode in modes
        ]
        self.any = any(_has_mark(whole) for whole in wholes)
        self._limits = frozenset(limit for whole in wholes for limit in _limits(whole))
        self._root = _Places(open_is_personal=self.any).of([(whole, whole.get("$defs", {})) for whole in wholes])

    def masked(self, value: JSON) -> JSON:
        """Return the value with a mask in place of each personal one."""
        if self._root.names_are_personal and isinstance(value, dict):
            return {MASK: MASK} if value else {}
        return hidden(value) if self._root.personal else _masked(value, self._root)

    def texts(self, value: JSON) -> set[str]:
        """Return the personal values as texts, as they may be in a message."""
        return {text for inner in _personal(value, self._root) for text in texts_in(inner)}

    def unmasked(self, value: JSON, stored: JSON = ABSENT) -> JSON:
        """Return the value with what is `stored` in place of each mask; raises InvalidPayload for any other mask.

        In a list, masks stand for what is stored only if nothing else of the list differs: otherwise it is not certain
        which item each mask means. Beside what is stored, a text that a mask is a part of is refused, too: it replaces
        a value that its sender has not seen.
        """
        if MASK not in json.dumps(value):
            return value
        wrong = list[PLACE]()
        has_mask = _is_or_has_mask if stored is ABSENT else _mentions_mask
        found = _unmasked(value, stored, self._root, (), wrong, has_mask)
        _refuse(wrong)
        return found

    def is_personal(self, path: str) -> bool:
        """Return whether the field at this path (names with dots) is personal, or within one that is."""
        place = self._root
        for name in path.split("."):
            if place.personal:
                return True
            place = place.key(name)
        return place.personal

    def told(self, error: InvalidPayload, payload: JSON) -> InvalidPayload:
        """Return an error about this payload without its personal values."""
        if error.without_personal:
            return error
        texts = PersonalTexts(self.texts(payload))
        errors = [FieldError(one.loc, texts.masked(one.msg)) for one in error.errors]
        return InvalidPayload(texts.masked(str(error)), errors)

    def refused(self, error: ValidationError, told: Sequence[FieldError], payload: JSON) -> list[FieldError]:
        """Return pydantic's findings, as they are `told`, without what may be a part of a personal value.

        The place of a finding then ends at the personal field: what follows may be a name in a personal dictionary.
        """
        details = error.errors(include_url=False, include_input=False)
        values = PersonalTexts(self.texts(payload))
        pieces: PersonalTexts | None = None
        found = []
        for one, detail in zip(told, details, strict=True):
            before = len(one.loc) - len(detail["loc"])
            place, last = self._within(detail["loc"])
            if last.personal:
                plain = len(place) == len(detail["loc"]) and detail["type"] in PLAIN
                not_told = FieldError((*one.loc[:before], *place), NOT_VALID)
                found.append(_without(values, one, detail, self._limits) if plain else not_told)
            elif detail["type"] in OF_PYDANTIC:
                found.append(_without(values, one, detail, self._limits))
            elif last.has_personal:  # a validator of a model with personal fields
                found.append(FieldError(one.loc, NOT_SHOWN))
            else:  # a validator of another field, which may have read a personal one
                pieces = pieces or PersonalTexts(_pieces(self.texts(payload)))
                found.append(FieldError(one.loc, pieces.masked(one.msg)))
        return found

    def _within(self, place: Sequence[str | int]) -> tuple[PLACE, "_Place"]:
        """Return the place up to the first personal field in it, and what is known of this place."""
        known = self._root
        for number, name in enumerate(place):
            if known.personal:
                return tuple(place[:number]), known
            # pydantic also names the alternative of a union, which is no place in the value
            known = (known.declared(name) if isinstance(name, str) else known.item(name)) or known
        return tuple(place), known


class _Place:
    """What is known of the values at one place: of all alternatives, with references followed."""

    def __init__(self, places: "_Places", nodes: Sequence[Node]) -> None:
        self._places = places
        found = _meant(nodes)
        self.names_are_personal = any(_leads_to_mark(node.get("propertyNames"), defs) for node, defs in found)
        self.personal = self.names_are_personal or any(
            # a text that is JSON is not looked into
            _is_marked(node) or _leads_to_mark(node.get("contentSchema"), defs)
            for node, defs in found
        )
        self._kinds = [] if self.personal else found
        self._names = {name for node, _ in self._kinds for name in _of_mapping(node, "properties")}
        self._firsts = max((len(node.get("prefixItems", ())) for node, _ in self._kinds), default=0)
        self._keys: dict[str | None, _Place | None] = {}
        self._items: dict[int, _Place] = {}

    def key(self, name: str) -> "_Place":
        """Return the place of a field; one that the schema does not know is personal, as an earlier one may have it."""
        return self.declared(name) or self._other

    def declared(self, name: str) -> "_Place | None":
        """Return the place of a field; None if the schema does not know it."""
        known = name if name in self._names else None  # all others share one place, because they may be many
        if known not in self._keys:
            nodes = _of_key(self._kinds, name)
            self._keys[known] = self._places.of(nodes) if nodes else None
        return self._keys[known]

    def item(self, number: int) -> "_Place":
        """Return the place of an item."""
        number = min(number, self._firsts)
        if number not in self._items:
            self._items[number] = self._places.of(_of_item(self._kinds, number))
        return self._items[number]

    @cached_property
    def has_personal(self) -> bool:
        """Return whether there is a mark here or deeper."""
        return self.personal or any(_has_mark(node) or "$ref" in json.dumps(node) for node, _ in self._kinds)

    @cached_property
    def _other(self) -> "_Place":
        nodes = [node for node, _ in self._kinds]
        free = any(_is_free(node, open_is_personal=self._places.open_is_personal) for node in nodes)
        known = not free and any("properties" in node for node in nodes)
        return self._places.of([UNKNOWN] if known else [])

    @cached_property
    def _shapes(self) -> frozenset[str]:
        """Return the kinds of values that are known here: `object`, `array`, `plain`, `null`; all if none is known."""
        return frozenset(shape for node, _ in self._kinds for shape in _shapes(node)) or ANYTHING

    def hides(self, value: JSON) -> bool:
        """Return whether a value is personal: also an object or a list where the schema has none, and the reverse."""
        return self.personal or (value is not None and _shape(value) not in self._shapes)


class _Places:
    """All places of one schema. Each is made once, because a payload may have very many items."""

    def __init__(self, *, open_is_personal: bool) -> None:
        self.open_is_personal = open_is_personal
        self._known: dict[frozenset[int], _Place] = {}

    def of(self, nodes: Sequence[Node]) -> _Place:
        """Return the place with these alternatives, which are parts of the schema."""
        ids = frozenset(id(node) for node, _ in nodes)
        if ids not in self._known:
            self._known[ids] = _Place(self, nodes)
        return self._known[ids]


def _masked(value: JSON, place: _Place) -> JSON:
    if place.hides(value):
        return MASK
    if isinstance(value, dict):
        return {name: _masked(inner, place.key(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, place.item(number)) for number, inner in enumerate(value)]
    return value


def _personal(value: JSON, place: _Place) -> Iterator[JSON]:
    if place.hides(value):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _personal(inner, place.key(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _personal(inner, place.item(number))


def _unmasked(
    value: JSON, stored: JSON, known: _Place, place: PLACE, wrong: list[PLACE], has_mask: Callable[[JSON], bool]
) -> JSON:
    if value == MASK and stored is not ABSENT and place and known.hides(stored):
        return stored
    if known.personal and not (isinstance(value, dict) and not place):
        if has_mask(value) and value != stored:
            wrong.append(place)
        return value
    if isinstance(value, dict):
        if known.names_are_personal and MASK in value:
            wrong.append((*place, MASK))
            return value
        there = stored if isinstance(stored, dict) else {}
        inside = {name: known if known.personal else known.key(name) for name in value}
        return {
            name: _unmasked(inner, there.get(name, ABSENT), inside[name], (*place, name), wrong, has_mask)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        if isinstance(stored, list) and value == _masked(stored, known):
            return stored
        return [
            _unmasked(inner, ABSENT, known.item(number), (*place, number), wrong, has_mask)
            for number, inner in enumerate(value)
        ]
    return value


def _is_or_has_mask(value: JSON) -> bool:
    return any(True for _ in _masks(value))


def _mentions_mask(value: JSON) -> bool:
    return MASK in json.dumps(value)


def _masks(value: JSON, place: PLACE = ()) -> Iterator[PLACE]:
    """Yield the place of each text that is a mask."""
    if value == MASK:
        yield place
    inside: Iterable[tuple[str | int, JSON]] = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for name, inner in inside:
        yield from _masks(inner, (*place, name))


def _at(value: Any, place: PLACE) -> Any:
    """Return the value at a place; ABSENT if there is none."""
    for name in place:
        try:
            value = value[name]
        except (LookupError, TypeError):
            return ABSENT
    return value


def _refuse(places: Sequence[PLACE]) -> None:
    if places:
        told = f"has the mask {MASK} of a personal field; send its value"
        raise InvalidPayload(
            "The payload has the mask of a personal field in place of its value.",
            [FieldError(("payload", *place), told) for place in places],
        )


def _without(values: PersonalTexts, one: FieldError, detail: ErrorDetails, limits: frozenset[float]) -> FieldError:
    """Return a finding without personal values. `limits` are the numbers that the schema itself names.

    A text of pydantic without a part of the value stays as it is: a mask in place of one of its words would tell that
    this word is a personal value. A validator may raise an error with the name of one of pydantic's, and another text,
    or a value in it.
    """
    known, more = detail["type"], detail.get("ctx") or {}
    given = [str(part) for part in more.values() if not (isinstance(part, int | float) and part in limits)]
    if known not in PLAIN or any(values.masked(part) != part for part in given):
        return FieldError(one.loc, values.masked(one.msg))
    try:
        own = PydanticKnownError(known, more or None).message()  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError):
        own = ""
    return one if detail["msg"] in (own, OF_JSON.get(known)) else FieldError(one.loc, values.masked(one.msg))


def _limits(node: Any) -> Iterator[float]:
    """Yield each number in a JSON schema that limits a value or its length."""
    left = [node]
    while left:
        match left.pop():
            case dict() as schema:
                yield from (limit for name in LIMITS if isinstance(limit := schema.get(name), int | float))
                left += schema.values()
            case list() as items:
                left += items


def _pieces(texts: Iterable[str]) -> set[str]:
    """Return texts, and the words in them."""
    return {piece for text in texts for piece in (text, *PIECE.findall(text))}


def _meant(nodes: Sequence[Node]) -> list[Node]:
    """Return the alternatives at a place, with references followed."""
    left, seen, found = list(nodes), set[int](), list[Node]()
    while left:
        node, definitions = left.pop()
        if id(node) in seen:  # a model that refers to itself
            continue
        seen.add(id(node))
        left += [(known, definitions) for known in _referred(node, definitions)]
        left += [(one, definitions) for several in SEVERAL for one in node.get(several, ())]
        found.append((node, definitions))
    return found


def _referred(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the definition to which a schema refers.

    A reference to another document, which a model may write by hand, says nothing here.
    """
    known = definitions.get(str(node["$ref"]).rpartition("/")[2]) if "$ref" in node else None
    return [] if known is None else [known]


def _leads_to_mark(schema: Any, definitions: Mapping[str, Any]) -> bool:
    """Return whether a mark is in a schema or in what it refers to, at any depth."""
    left, seen = [schema], set[int]()
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            if _is_marked(node):
                return True
            left += [*_referred(node, definitions), *_parts(node)]
        elif isinstance(node, list):
            left += node
    return False


def _of_key(nodes: Sequence[Node], name: str) -> list[Node]:
    """Return the schemas of a field of an object."""
    found: list[Node] = []
    for node, definitions in nodes:
        properties = _of_mapping(node, "properties")
        if name in properties:
            found.append((properties[name], definitions))
        else:
            others = [*_of_mapping(node, "patternProperties").values(), node.get("additionalProperties")]
            found += [(one, definitions) for one in others if isinstance(one, Mapping)]
    return found


def _shape(value: JSON) -> str:
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "plain"


def _shapes(node: Mapping[str, Any]) -> Iterable[str]:
    """Return the kinds of values that a schema allows, without those of the schemas to which it refers."""
    types = node.get("type")
    if types is None:
        if "properties" in node:
            return ("object",)
        if any(name in node for name in ("enum", "const")):
            return ("plain",)
        return () if any(name in node for name in ("$ref", *SEVERAL)) else ANYTHING
    return {
        one if one in ("object", "array", "null") else "plain" for one in ([types] if isinstance(types, str) else types)
    }


def _is_free(node: Mapping[str, Any], *, open_is_personal: bool) -> bool:
    """Return whether a schema allows an object with any fields.

    A model with fields that also allows others does not, with `open_is_personal`: one of them may be a marked field of
    an earlier model.
    """
    if "type" not in node:
        return not any(name in node for name in ("$ref", "enum", "const", "properties", *SEVERAL))
    others = bool(node.get("additionalProperties")) and not open_is_personal
    return node["type"] == "object" and (others or "properties" not in node)


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
    if isinstance(schema, list):
        return any(map(_has_mark, schema))
    return isinstance(schema, Mapping) and (_is_marked(schema) or any(map(_has_mark, _parts(schema))))


def _parts(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the schemas in a schema, without values that it mentions."""
    for name, inner in schema.items():
        if name in NAMED and isinstance(inner, Mapping):
            yield from inner.values()
        elif name not in VALUES:
            yield inner


def _is_marked(node: Mapping[str, Any]) -> bool:
    mark = node.get(MARK)
    return bool(mark) and not isinstance(mark, Mapping)  # that is the schema of a field with this name


def _signs(schema: Mapping[str, Any]) -> set[bool]:
    """Return what pydantic's schema of a type says of marks: True for a mark in it, False for code that may add one.

    The JSON schema is made from it, so no mark can be in one that has no sign; and pydantic has made it already for
    each model.
    """
    found, left, seen = set[bool](), list[Any]([schema]), set[int]()
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, list | tuple):
            left += node
        elif isinstance(node, Mapping) and isinstance(node.get("type"), str):  # else its names are those of fields
            extras = (*_extras(node.get("cls")), *(node.get("metadata") or {}).values())
            found.update(sign for extra in extras for sign in _signs_of(extra))
            left += (inner for name, inner in node.items() if name not in NO_SCHEMAS)
        elif isinstance(node, Mapping):
            left += node.values()
    return found


def _signs_of(extra: Any) -> Iterator[bool]:
    """Yield the signs in what is added to a JSON schema: a dictionary, or code that is called with the schema."""
    if isinstance(extra, Mapping):
        if _has_mark(extra):
            yield True
    elif isinstance(extra, list):
        for one in extra:
            yield from _signs_of(one)
    elif (
        extra is not None and not isinstance(extra, str | bool) and getattr(extra, "__func__", None) is not ADDS_NOTHING
    ):
        yield False


def _extras(kind: Any) -> Iterator[Any]:
    """Yield what a class itself adds to its JSON schema, which is not in pydantic's schema of it."""
    for config in ("model_config", "__pydantic_config__"):
        known = getattr(kind, config, None)
        yield known.get(EXTRA) if isinstance(known, Mapping) else None
    yield getattr(getattr(kind, "__pydantic_fields__", {}).get("root"), EXTRA, None)
    for base in getattr(kind, "__orig_bases__", ()):  # a TypedDict has no other trace of its bases
        yield from _extras(base)


def _sees_mark(annotation: Any, seen: set[Any]) -> bool:
    """Return whether a mark is seen in a type of which pydantic can make no schema."""
    if isinstance(annotation, FieldInfo):
        inner = (annotation.annotation, *annotation.metadata)
        return _has_mark(annotation.json_schema_extra) or _some(inner, seen)
    origin = get_origin(annotation)
    if origin is Literal:
        return False
    for alias in (annotation, origin):
        known = _meaning(alias)
        if known is not None and alias not in seen:
            seen.add(alias)
            if _sees_mark(known, seen):
                return True
    if _some(get_args(annotation), seen):
        return True
    kind = origin if isinstance(origin, type) else annotation
    if not isinstance(kind, type):
        return _has_mark(getattr(kind, "json_schema", None))  # WithJsonSchema
    if kind in seen:
        return False
    seen.add(kind)
    computed = getattr(kind, "model_computed_fields", {}).values() if issubclass(kind, BaseModel) else ()
    plain = getattr(kind, "__dataclass_fields__", {}).values()
    return (
        any(map(_has_mark, _extras(kind)))
        or any(_has_mark(one.json_schema_extra) for one in computed)
        or any(_has_mark(one.metadata.get(EXTRA)) for one in plain)
        or _some((one.return_type for one in computed), seen)
        or _some((one.default for one in plain if isinstance(one.default, FieldInfo)), seen)
        or _some(_fields(kind), seen)
    )


def _meaning(alias: Any) -> Any:
    """Return the type that a NewType has, or `type Email = …` of Python 3.12 or typing_extensions; None for others."""
    try:
        return getattr(alias, "__value__", None) or getattr(alias, "__supertype__", None)
    except Exception:  # a name that only a type checker imports
        return None


def _fields(kind: type) -> Iterable[Any]:
    """Return the fields of a class that pydantic knows, and of a dataclass, a TypedDict or a NamedTuple."""
    own = getattr(kind, "__pydantic_fields__", {}).values()
    known = issubclass(kind, BaseModel) or is_dataclass(kind)
    if not (known or hasattr(kind, "_fields") or hasattr(kind, "__required_keys__")):
        return own
    try:
        written: Iterable[Any] = get_type_hints(kind, include_extras=True).values()
    except Exception:  # a name that only a type checker imports
        written = getattr(kind, "__annotations__", {}).values()
    return (*own, *written)


def _some(annotations: Iterable[Any], seen: set[Any]) -> bool:
    return any(_sees_mark(one, seen) for one in annotations)
