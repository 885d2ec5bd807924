"""Check that personal fields are found wherever they are in a payload, masked, and kept behind their masks."""

import json
import sys
import tracemalloc
import typing as _typed
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Generic, Literal, NewType

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Json,
    PlainSerializer,
    RootModel,
    Tag,
    WithJsonSchema,
    computed_field,
    field_validator,
    model_validator,
)
from pydantic import (
    dataclasses as of_pydantic,
)
from pydantic_core import PydanticCustomError, PydanticKnownError, core_schema
from typing_extensions import NamedTuple, TypeAliasType, TypedDict, TypeVar

from chalicelib.errors import CheckFailed, ConfigurationError, InvalidPayload
from chalicelib.job_types import jobtype
from chalicelib.job_types.at_most import AtMost
from chalicelib.job_types.jobtype import JobType, job
from chalicelib.job_types.personal import PersonalFields, fields_of, sent_back
from chalicelib.jobs.texts.personal_texts import MASK

PERSONAL = Field(json_schema_extra={"personal": True})
Email = Annotated[str, PERSONAL]
Phone = TypeAliasType("Phone", Annotated[str, PERSONAL])


class Address(BaseModel):
    street: Email
    country: str = "DE"


class Whole(BaseModel):
    model_config = ConfigDict(json_schema_extra={"personal": True})
    name: str


class Tree(BaseModel):
    name: Email
    below: "list[Tree]" = []


class Card(BaseModel):
    kind: Literal["card"] = "card"
    number: Email


class Cash(BaseModel):
    kind: Literal["cash"] = "cash"
    till: str = ""


class Row(TypedDict):
    mail: Email
    plain: str


@dataclass
class Point:
    place: Email
    plain: str = ""


class Aliased(BaseModel):
    mail: str = Field(alias="eMail", json_schema_extra={"personal": True})


V, P = "ada@example.com", "plain"
MANY = 5_000


def shape(annotation: Any) -> PersonalFields:
    """Return the personal fields of a payload with the one field `x` of this type."""

    class Payload(BaseModel):
        x: annotation
        plain: str = ""

    found = fields_of(Payload)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("annotation", "value", "masked"),
    [
        (Email, V, MASK),
        (Email | None, None, MASK),
        (Annotated[int, PERSONAL], 42, MASK),
        (Annotated[dict[str, str], PERSONAL], {V: P}, MASK),
        (Annotated[Cash, PERSONAL], {"till": V}, MASK),
        (Phone, V, MASK),
        (list[Phone], [V, P], [MASK, MASK]),
        (list[Email], [V, V], [MASK, MASK]),
        (tuple[str, Email], [P, V], [P, MASK]),
        (dict[str, Email], {P: V}, {P: MASK}),
        (dict[str, list[Email | int]], {P: [V, 1]}, {P: [MASK, MASK]}),
        (Address, {"street": V, "country": P}, {"street": MASK, "country": P}),
        (list[Address], [{"street": V, "country": P}], [{"street": MASK, "country": P}]),
        (Address | None, {"street": V, "country": P}, {"street": MASK, "country": P}),
        (Address | None, None, None),
        (int | Address, {"street": V, "country": P}, {"street": MASK, "country": P}),
        (Whole, {"name": V}, MASK),
        (Tree, {"name": V, "below": [{"name": V, "below": []}]},
         {"name": MASK, "below": [{"name": MASK, "below": []}]}),
        (Annotated[Card | Cash, Field(discriminator="kind")], {"kind": "card", "number": V},
         {"kind": "card", "number": MASK}),
        (list[Annotated[Card | Cash, Field(discriminator="kind")]], [{"kind": "cash", "till": P}],
         [{"kind": "cash", "till": P}]),
        (Row, {"mail": V, "plain": P}, {"mail": MASK, "plain": P}),
        (list[Point], [{"place": V, "plain": P}], [{"place": MASK, "plain": P}]),
        (RootModel[list[Email]], [V], [MASK]),
        (Aliased, {"mail": V}, {"mail": MASK}),
        (Aliased, {"eMail": V}, {"eMail": MASK}),
    ],
)  # fmt: skip
def test_a_personal_value_is_masked_wherever_it_is(annotation: Any, value: Any, masked: Any) -> None:
    fields = shape(annotation)
    assert fields.masked({"x": value, "plain": P}) == {"x": masked, "plain": P}
    assert (V in fields.texts({"x": value})) == (V in str(value))
    assert P not in fields.texts({"plain": P})


def test_a_name_in_a_dictionary_may_be_personal() -> None:
    assert shape(dict[Email, int]).masked({"x": {V: 1}}) == {"x": MASK}


def test_a_field_of_an_earlier_schema_may_be_personal() -> None:
    found = shape(Address)
    assert found.masked({"x": {"road": V, "country": P}, "mail": V}) == {
        "x": {"road": MASK, "country": P},
        "mail": MASK,
    }
    assert V in found.texts({"mail": V})


@pytest.mark.parametrize("annotation", [dict[str, Any], Any, dict[str, str] | None])
def test_a_field_of_an_object_with_any_fields_is_not(annotation: Any) -> None:
    class Payload(BaseModel):
        mail: Email
        x: annotation

    found = fields_of(Payload)
    assert found is not None
    assert found.masked({"mail": V, "x": {"any": P}}) == {"mail": MASK, "x": {"any": P}}


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    mail: Email


def test_an_additional_field_may_have_been_a_marked_one() -> None:
    found = fields_of(Open)
    assert found is not None
    assert found.masked({"mail": V, "any": P}) == {"mail": MASK, "any": MASK}


def test_a_payload_that_is_personal_as_a_whole_stays_an_object() -> None:
    fields = fields_of(Whole)
    assert fields is not None
    assert fields.masked({"name": V}) == {"name": MASK}
    assert fields.unmasked({"name": MASK}, {"name": V}) == {"name": V}


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (str, {"mail": V}),
        (str, [V]),
        (list[str], {"mail": V}),
        (Cash, [V]),
        (Cash, V),
        (Cash | None, V),
        (list[Cash], V),
        (int | None, [V]),
    ],
)
def test_a_value_of_another_shape_than_today_may_be_of_a_marked_field(annotation: Any, value: Any) -> None:
    class Payload(BaseModel):
        mail: Email
        x: annotation

    found = fields_of(Payload)
    assert found is not None
    assert found.masked({"mail": V, "x": value}) == {"mail": MASK, "x": MASK}
    assert V in found.texts({"x": value})
    assert found.unmasked({"mail": V, "x": MASK}, {"mail": V, "x": value}) == {"mail": V, "x": value}


def test_many_items_are_searched_in_little_memory() -> None:
    """What is known of one item is known of all."""
    found = shape(list[Tree])
    value = [{"name": V, "below": [{"name": V}]}] * MANY
    tracemalloc.start()
    try:
        assert found.texts({"x": value}) == {V}
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 50 * MANY


class Plain(BaseModel):
    personal: bool = False  # the name of a field is no mark
    kind: Literal["a", "b"] = "a"
    tags: dict[str, list[str]] = {}
    cash: Cash | None = None
    row: "Tags | None" = None
    shown: dict[str, bool] = Field({"personal": True}, examples=[{"personal": True}])
    read: Annotated[str, WithJsonSchema({"type": "string", "examples": [{"personal": True}]})] = ""


class Tags(TypedDict):
    name: Annotated[str, Field(max_length=3)]


@dataclass
class ByDefault:
    street: str = Field(json_schema_extra={"personal": True})


@dataclass
class ByMetadata:
    street: str = field(metadata={"json_schema_extra": {"personal": True}})


@of_pydantic.dataclass
class OfPydantic:
    street: str = Field(json_schema_extra={"personal": True})


@of_pydantic.dataclass(config=ConfigDict(json_schema_extra={"personal": True}))
class WholeOfPydantic:
    street: str


T = TypeVar("T")
S: Any = T


@dataclass
class Box(Generic[T]):
    street: Email
    rest: T


@dataclass
class Free(Generic[T]):
    street: T


class Rows(TypedDict, Generic[T]):
    street: Email
    rest: T


class Pair(NamedTuple, Generic[T]):
    first: Email
    rest: T


class Extra(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Email]


class ExtraNames(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[Email, int]


class Root(RootModel[str]):
    root: str = Field(json_schema_extra={"personal": True})


class WholeRoot(RootModel[str]):
    model_config = ConfigDict(json_schema_extra={"personal": True})


class Below(Address):
    more: str = ""


class WholeRow(TypedDict):
    __pydantic_config__ = ConfigDict(json_schema_extra={"personal": True})  # type: ignore[misc]
    street: str


class BelowWholeRow(WholeRow):
    more: str


class ByCode(BaseModel):
    street: str = Field(json_schema_extra=lambda schema: schema.update(personal=True))


class WholeByCode(BaseModel):
    model_config = ConfigDict(json_schema_extra=lambda schema: schema.update(personal=True))
    street: str


class Deeper(BaseModel):
    streets: list[str] = Field(json_schema_extra={"items": {"type": "string", "personal": True}})


class SaysItsSchema:
    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        return core_schema.str_schema(metadata={"pydantic_js_extra": {"personal": True}})


class SaysItsJsonSchema:
    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        return core_schema.str_schema()

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> Any:
        return {**handler(schema), "personal": True}


class SaysItForFields:
    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> Any:
        return {**handler(schema), "personal": True}


class Computed(BaseModel):
    street: str = P

    @computed_field(json_schema_extra={"personal": True})  # type: ignore[prop-decorator]
    @property
    def mail(self) -> str:
        return V


class ComputedType(BaseModel):
    street: str = P

    @computed_field  # type: ignore[prop-decorator]
    @property
    def mail(self) -> Email:
        return V


class Later(BaseModel):
    model_config = ConfigDict(defer_build=True)
    street: "LaterEmail"


LaterEmail = Email


class WrittenAsMarked(BaseModel):
    street: Annotated[int, PlainSerializer(lambda _: V, return_type=Email)]


class Names(BaseModel):
    metadata: Email
    default: Cash = Cash()
    type: str = P
    cls: str = P


class InNames(BaseModel):
    type: Address


class Default(BaseModel):
    default: Email
    plain: str = ""


class Properties(BaseModel):
    properties: Default


class InText(BaseModel):
    street: Json[Address]


class Book(RootModel[dict[Email, int]]):
    pass


New = NewType("New", Email)
Mail: Any = TypeAliasType("Mail", Email)
Home = NewType("Home", Address)
BOXED: Any = TypeAliasType("BOXED", Box[S], type_params=(S,))
STREET, STREET_MASKED = {"street": V}, {"street": MASK}
FORMS: list[tuple[Any, Any, Any]] = [
    (Email, V, MASK),
    (Annotated[list[str], PERSONAL], [V], MASK),
    (Annotated[str, WithJsonSchema({"type": "string", "personal": True})], V, MASK),
    (Annotated[str, SaysItForFields()], V, MASK),
    (Annotated[str, Field(max_length=20), PERSONAL], V, MASK),
    (Aliased, {"mail": V}, {"mail": MASK}),
    (Address, STREET, STREET_MASKED),
    (Below, STREET, STREET_MASKED),
    (Whole, {"name": V}, MASK),
    (Later, STREET, STREET_MASKED),
    (Tree, {"name": V}, {"name": MASK}),
    (ByDefault, STREET, STREET_MASKED),
    (ByMetadata, STREET, STREET_MASKED),
    (Point, {"place": V}, {"place": MASK}),
    (OfPydantic, STREET, STREET_MASKED),
    (WholeOfPydantic, STREET, MASK),
    (New, V, MASK),
    (Home, STREET, STREET_MASKED),
    (Box[int], {"street": V, "rest": 1}, {"street": MASK, "rest": 1}),
    (Free[Email], STREET, STREET_MASKED),
    (BOXED[int], STREET, STREET_MASKED),
    (Rows[int], {"street": V, "rest": 1}, {"street": MASK, "rest": 1}),
    (Pair[int], [V, 1], [MASK, 1]),
    (Row, {"mail": V, "plain": P}, {"mail": MASK, "plain": P}),
    (WholeRow, STREET, MASK),
    (BelowWholeRow, STREET, MASK),
    (Extra, {"any": V}, {"any": MASK}),
    (RootModel[Email], V, MASK),
    (Root, V, MASK),
    (WholeRoot, V, MASK),
    (Phone, V, MASK),
    (Annotated[Card | Cash, Field(discriminator="kind")], {"kind": "card", "number": V},
     {"kind": "card", "number": MASK}),
    (Annotated[Annotated[Card, Tag("a")] | Annotated[Cash, Tag("b")], Discriminator(lambda _: "a")],
     {"kind": "card", "number": V}, {"kind": "card", "number": MASK}),
    (int | Address, STREET, STREET_MASKED),
    (dict[Email, int], {V: 1}, MASK),
    (dict[Annotated[int, PERSONAL], int], {"5": 1}, MASK),
    (dict[Email | int, int], {V: 1}, MASK),
    (dict[Mail, int], {V: 1}, MASK),
    (ExtraNames, {V: 1}, MASK),
    (tuple[int, Email], [1, V], [1, MASK]),
    (ByCode, STREET, STREET_MASKED),
    (WholeByCode, STREET, MASK),
    (Deeper, {"streets": [V]}, {"streets": [MASK]}),
    (SaysItsSchema, V, MASK),
    (SaysItsJsonSchema, V, MASK),
    (Computed, {"street": P, "mail": V}, {"street": P, "mail": MASK}),
    (ComputedType, {"street": P, "mail": V}, {"street": P, "mail": MASK}),
    (WrittenAsMarked, STREET, STREET_MASKED),
    (Names, {"metadata": V, "type": P}, {"metadata": MASK, "type": P}),
    (Properties, {"properties": {"default": V, "plain": P}}, {"properties": {"default": MASK, "plain": P}}),
    (InNames, {"type": STREET}, {"type": STREET_MASKED}),
]  # fmt: skip
if sys.version_info >= (3, 12):
    written: dict[str, Any] = {"Email": Email, "Address": Address}
    exec("type Mail = Email\ntype Many[T] = list[T | Address]", written)  # noqa: S102 - Python 3.11 cannot read it
    FORMS += [(written["Mail"], V, MASK), (written["Many"][int], [STREET], [STREET_MASKED])]


@pytest.mark.parametrize(("annotation", "value", "masked"), FORMS, ids=lambda one: getattr(one, "__name__", None))
@pytest.mark.parametrize("depth", [0, 1])
def test_a_form_of_a_mark_is_found_if_it_is_the_only_one(annotation: Any, value: Any, masked: Any, depth: int) -> None:
    found = fields_of(list[annotation] if depth else annotation, result=True)
    assert found is not None
    assert found.masked([value] if depth else value) == ([masked] if depth else _whole(value, masked))


@pytest.mark.parametrize(("annotation", "value", "masked"), FORMS)
def test_such_a_form_is_found_in_a_payload(annotation: Any, value: Any, masked: Any) -> None:
    assert shape(annotation).masked({"x": value}) == {"x": masked}


def test_a_text_that_is_json_is_masked() -> None:
    found = fields_of(InText)
    assert found is not None
    text = json.dumps({"street": V})
    assert found.masked({"street": text}) == STREET_MASKED
    assert found.texts({"street": text}) == {text}


def test_personal_names_of_a_whole_payload_are_masked_and_not_taken_back() -> None:
    found = fields_of(Book)
    assert found is not None
    assert (found.masked({V: 1}), found.masked({})) == ({MASK: MASK}, {})
    assert V in found.texts({V: 1})
    for stored in ({V: 1}, {MASK: 1}):
        for sent in ({MASK: MASK}, {MASK: 1}):
            with pytest.raises(InvalidPayload):
                sent_back(found, {**sent, V: 1}, stored)
        with pytest.raises(InvalidPayload):
            found.unmasked({MASK: 2})
    assert sent_back(found, {V: 2}, {V: 1}) == {V: 2}


def _whole(value: Any, masked: Any) -> Any:
    """Return the mask of a whole result: an object stays an object, without names that are personal."""
    if masked != MASK or not isinstance(value, dict):
        return masked
    return {MASK if name in (V, "5") else name: MASK for name in value}


@pytest.mark.parametrize(
    "annotation",
    [ByDefault, ByMetadata, Point, OfPydantic, Phone, New, Home, Box[int], Free[Email], BOXED[int], Rows[int],
     Pair[int], Row, WholeRow, BelowWholeRow, Extra, Root, Below, Whole, Deeper, Computed, ComputedType,
     dict[Email, int], Annotated[str, WithJsonSchema({"personal": True})]],
)  # fmt: skip
def test_a_form_is_refused_beside_what_has_no_schema(annotation: Any) -> None:
    """Pydantic knows nothing of such a type, so that only its annotations tell of marks."""
    with pytest.raises(ConfigurationError, match="personal"):
        fields_of(tuple[Stream, annotation], result=True)


class Color(Enum):
    RED = "red"


@dataclass
class PlainBox(Generic[T]):
    rest: T
    stream: "Stream | None" = None


@pytest.mark.parametrize(
    "annotation",
    [Plain, None, dict[str, Any], Any, int | None, Cash | None, Color, Free[int], PlainBox[int], "Missing",
     lambda: None],
)  # fmt: skip
def test_a_type_without_personal_fields_has_none(annotation: Any) -> None:
    assert fields_of(annotation) is None


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    number: int = 1
    mail: Annotated[str, Field(max_length=20, json_schema_extra={"personal": True})]
    to: list[Address] = []
    ages: Annotated[dict[str, int], PERSONAL] = {}

    @field_validator("mail")
    @classmethod
    def _is_mail(cls, value: str) -> str:
        if "@" not in value:
            raise ValueError(f"{value[:7]}… is no address")
        return value

    @model_validator(mode="after")
    def _fits(self) -> "Order":
        if self.number < 0:
            raise ValueError(f"the order of {self.mail} has a wrong number")
        return self


def _send(payload: Order, ctx: Any) -> Address | None:
    """Send."""


ORDER: JobType[Any, Any] = JobType("order.send", _send, Order)
STORED = {"number": 1, "mail": V, "to": [{"street": "Main 1", "country": "DE"}, {"street": "Main 2", "country": "FR"}]}


def fields() -> PersonalFields:
    assert ORDER.personal is not None
    return ORDER.personal


def test_a_mask_that_is_sent_back_keeps_the_value() -> None:
    shown: Any = fields().masked(STORED)
    assert V not in str(shown)
    assert fields().unmasked(shown, STORED) == STORED
    assert fields().unmasked({**shown, "number": 2}, STORED) == {**STORED, "number": 2}
    changed: Any = fields().unmasked({**shown, "mail": "b@example.com"}, STORED)
    assert changed["mail"] == "b@example.com"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda shown: {**shown, "to": shown["to"][::-1]}, ("payload", "to", 0, "street")),
        (lambda shown: {**shown, "to": shown["to"][1:]}, ("payload", "to", 0, "street")),
        (lambda shown: {**shown, "mail": f"x{MASK}"}, ("payload", "mail")),
    ],
)
def test_a_mask_whose_value_is_not_certain_is_refused(change: Callable[[Any], Any], place: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidPayload) as refused:
        fields().unmasked(change(fields().masked(STORED)), STORED)
    assert refused.value.errors[0].loc == place


def test_a_new_job_cannot_have_a_mask() -> None:
    with pytest.raises(InvalidPayload) as refused:
        ORDER.canonical({"mail": MASK})
    assert refused.value.errors[0].loc == ("payload", "mail")


@pytest.mark.parametrize(
    "payload",
    [
        {"mail": "private-text"},
        {"mail": "private-text that is long enough"},
        {"mail": ["private-text"]},
        {"mail": "private-text@x", "number": -1},
        {"mail": "a@x", "to": [{"street": ["private-text"]}]},
        {"mail": {"private-text": {"private-text": 1}}},
        {"mail": "a@x", "ages": {"private-text": "x"}},
        {"email": "private-text", "mail": "a@x"},
    ],
)
def test_a_refused_payload_is_not_in_the_error(payload: Any) -> None:
    with pytest.raises(InvalidPayload) as refused:
        ORDER.canonical(payload)
    assert refused.value.errors
    assert "private" not in f"{refused.value} {refused.value.told()}"


class Meeting(BaseModel):
    mail: Email
    n: int = 0
    place: str = ""
    to: list[Address] = []

    @field_validator("place")
    @classmethod
    def _is_near(cls, value: str, info: Any) -> str:
        if value:
            raise ValueError(f"{value} is not at {info.data['mail'].partition('@')[2]}")
        return value

    @model_validator(mode="after")
    def _fits(self) -> "Meeting":
        if self.n > 3:
            raise ValueError(f"{self.mail.partition('@')[2]} allows 3")
        assert self.n > -1, self.mail[3:8]
        if self.n == 3:
            raise KeyError(self.mail[-9:])
        return self


def _meet(payload: Meeting, ctx: Any) -> None:
    """Meet."""


@pytest.mark.parametrize(
    ("payload", "place"),
    [({"n": 4}, ("payload",)), ({"n": -1}, ("payload",)), ({"place": "here"}, ("payload", "place"))],
)
def test_a_validator_tells_no_part_of_a_personal_field(payload: Any, place: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidPayload) as refused:
        JobType("meet.all", _meet, Meeting).canonical({"mail": "z@private.example", **payload})
    [error] = refused.value.errors
    assert error.loc == place
    for part in ("private", "rivat", "example"):
        assert part not in refused.value.told()


def test_an_unexpected_error_of_a_model_is_told_without_its_message() -> None:
    with pytest.raises(CheckFailed, match=r"KeyError \(test_personal.py, line \d+\)") as failed:
        JobType("meet.all", _meet, Meeting).canonical({"mail": "z@private.example", "n": 3})
    assert "private" not in str(failed.value)
    assert failed.value.__suppress_context__


@pytest.mark.parametrize(
    ("payload", "place", "said"),
    [
        ({"mail": "a@x", "costumer": 1}, ("payload", "costumer"), "known"),
        ({"mail": "a@x", "number": "x"}, ("payload", "number"), "integer"),
        ({"mail": "a@x", "to": [{"country": "x"}]}, ("payload", "to", 0, "street"), "required"),
        ({}, ("payload", "mail"), "required"),
    ],
)
def test_what_is_wrong_is_said_where_no_value_is_in_it(payload: Any, place: tuple[Any, ...], said: str) -> None:
    with pytest.raises(InvalidPayload) as refused:
        ORDER.canonical(payload)
    [error] = refused.value.errors
    assert error.loc == place
    assert said in error.msg


@pytest.mark.parametrize("mail", ["valid", "reason", "payload", "order.send", "integer", "match", "personal"])
def test_a_word_of_the_text_itself_is_not_masked(mail: str) -> None:
    """Also if it is a personal value: a mask in its place would tell that it is."""
    said = []
    for value in (mail, "else"):
        with pytest.raises(InvalidPayload) as refused:
            ORDER.canonical({"mail": value, "number": "x", "to": [{"country": 1}]})
        said.append(refused.value.told())
    assert said[0] == said[1]


class Careless(BaseModel):
    mail: Email = "a@x"
    pin: Annotated[int, PERSONAL] = 0
    least: Annotated[int, Field(gt=3)] = 4
    most: Annotated[list[int], Field(max_length=5)] = []
    other: int = 0

    @field_validator("mail")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value.startswith("custom"):
            raise PydanticCustomError("missing", "{value} is missing", {"value": value})
        raise PydanticKnownError("enum", {"expected": value})

    @field_validator("other")
    @classmethod
    def _is_more(cls, value: int, info: Any) -> int:
        raise PydanticKnownError("greater_than", {"gt": info.data["pin"]})


def _care(payload: Careless, ctx: Any) -> None:
    """Care."""


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        ({"mail": "custom@private.example"}, "private"), ({"mail": "known@private.example"}, "private"),
        ({"pin": 123456, "other": 1}, "123456"), ({"pin": 17, "other": 1}, "17"),
    ],
)  # fmt: skip
def test_a_validator_that_raises_an_error_of_pydantic_tells_no_value(payload: Any, value: str) -> None:
    with pytest.raises(InvalidPayload) as refused:
        JobType("meet.all", _care, Careless).canonical(payload)
    assert value not in refused.value.told()


@pytest.mark.parametrize(("payload", "limit"), [({"least": 3}, 3), ({"least": 0}, 3), ({"most": [1] * 6}, 5)])
def test_a_limit_of_the_schema_is_not_masked(payload: Any, limit: int) -> None:
    """Also if it is a personal value: a mask in its place would tell that it is."""
    said = []
    for pin in (limit, 99):
        with pytest.raises(InvalidPayload) as refused:
            JobType("meet.all", _care, Careless).canonical({"pin": pin, **payload})
        said.append(refused.value.told())
    assert said[0] == said[1]
    assert str(limit) in said[0]


def test_an_error_still_names_the_field() -> None:
    with pytest.raises(InvalidPayload) as refused:
        ORDER.canonical({"mail": "x" * 30})
    assert refused.value.errors[0].loc == ("payload", "mail")
    assert "20" in refused.value.errors[0].msg


def test_the_result_of_a_type_may_be_personal() -> None:
    assert ORDER.personal_result is not None
    assert ORDER.personal_result.masked({"street": V, "country": P}) == {"street": MASK, "country": P}


def test_a_value_may_mention_a_mask() -> None:
    """A job that another one makes may have a text with masks, such as an error."""
    sent: Any = {"mail": f"a@{MASK}"}
    assert ORDER.canonical(sent)["mail"] == sent["mail"]
    assert fields().unmasked(sent, sent) == sent


@pytest.mark.parametrize("fields", [None, fields()])
def test_a_mask_is_not_stored_where_nothing_is_marked(fields: PersonalFields | None) -> None:
    """The mark may have been removed since the payload was read, or the request may reach an earlier version."""
    stored = {"mail": V, "number": "x", "to": [{"street": V, "country": MASK}, {"street": V, "country": "DE"}]}
    for sent, place in (({"number": MASK}, ("number",)), ({"to": [1, {"country": MASK}]}, ("to", 1, "country"))):
        with pytest.raises(InvalidPayload) as refused:
            sent_back(fields, {"mail": V, **sent}, stored)
        assert refused.value.errors[0].loc == ("payload", *place)
    assert sent_back(fields, {**stored, "number": 2}, stored) == {**stored, "number": 2}


class Late(_typed.TypedDict):
    at: "Imported"  # type: ignore[name-defined]  # noqa: F821 - only a type checker imports it


class LateMark(_typed.TypedDict):
    at: "Imported"  # type: ignore[name-defined]  # noqa: F821
    mail: Email


class Stream:
    """A class that pydantic does not know."""


class Written(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True, json_schema_extra=lambda schema: schema.update(title="x"))
    stream: Annotated[Stream, PlainSerializer(lambda _: "x", return_type=str)]


@pytest.mark.parametrize("annotation", [Late, Written])
def test_a_result_without_a_schema_has_no_personal_fields(annotation: Any) -> None:
    """The search for marks must not stop the declaration of a type that has none."""
    assert fields_of(annotation, result=True) is None


def test_marks_that_cannot_be_found_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="personal"):
        fields_of(LateMark, result=True)


@pytest.fixture
def _registered() -> Iterator[None]:
    before = dict(jobtype.registered)
    yield
    jobtype.registered.clear()
    jobtype.registered.update(before)


@pytest.mark.usefixtures("_registered")
@pytest.mark.parametrize("option", [{"fair_by": "mail"}, {"serial_by": "mail"}, {"limits": [AtMost(1, by="mail")]}])
def test_a_personal_field_is_no_tenant_and_no_limit(option: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="personal"):
        job("order.pay", **option)(_send)


def test_a_schema_of_another_document_says_nothing() -> None:
    class Foreign(BaseModel):
        name: str = Field("", json_schema_extra={"personal": True})
        other: Annotated[Any, WithJsonSchema({"$ref": "https://example.com/schema.json"})] = None

    fields = fields_of(Foreign)
    assert fields is not None
    assert fields.masked({"name": "Ada", "other": {"a": 1}}) == {"name": "[personal]", "other": {"a": 1}}
