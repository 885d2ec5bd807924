"""Test tenants: the payload's field, the stored form, and SQS's message group."""

import re
from enum import IntEnum
from typing import Annotated, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.checks import check_field
from chalicelib.jobs.tenants import GROUP, group_of, kept, shown, tag_of, tagged, tenant_of


class Level(IntEnum):
    ONE = 1


class Customer(BaseModel):
    id: UUID
    names: list[str] = []
    at: float = 0.0


class Order(BaseModel):
    customer: Customer
    perhaps: Customer | None = None
    shop: Annotated[str, Field(min_length=1, alias="theShop")]
    number: int
    level: Level = Level.ONE
    region: Literal["eu", "us"] = "eu"
    only: Literal["x"] = "x"
    account: str | int | None = None
    paid: bool = False
    nothing: None = None
    either: str | bool = ""


@pytest.mark.parametrize(
    "path", ["shop", "number", "level", "region", "only", "account", "customer.id", "perhaps.id", None]
)
def test_texts_whole_numbers_and_enums_name_a_tenant(path: str | None) -> None:
    check_field("a.b", "fair_by", path, Order)


NO_NAME, NOT_THERE = "is neither text nor a whole number nor an enum", "the payload does not have"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        *((path, NO_NAME) for path in ("customer", "customer.names", "customer.at", "paid", "nothing", "either")),
        *((path, NOT_THERE) for path in ("", "theShop", "customer.nr", "shop.id", "customer.names.0", "$defs")),
    ],
)
def test_nothing_else_does(path: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"fair_by names {re.escape(path)}, which {told}"):
        check_field("a.b", "fair_by", path, Order)


PAYLOAD = {"customer": {"id": "c-1", "nr": 7}, "shop": "acme", "empty": "", "none": None, "words": "two words"}


@pytest.mark.parametrize(
    ("path", "tenant"),
    [("shop", "acme"), ("customer.id", "c-1"), ("customer.nr", "7"), ("words", "two words")],
)
def test_the_value_is_kept_as_a_tag_behind_the_callers(path: str, tenant: str) -> None:
    tags = tagged(("a", "schedule:x"), path, PAYLOAD)
    assert tags == ("a", "schedule:x", f"tenant={tenant}")
    assert (tenant_of(tags), shown(tags)) == (tenant, ["a", "schedule:x"])


@pytest.mark.parametrize("path", [None, "none", "empty", "nothing", "shop.id", "customer.id.nr"])
def test_a_job_without_a_value_has_no_tenant(path: str | None) -> None:
    tags = tagged(("a",), path, PAYLOAD)
    assert tags == ("a",)
    assert (tenant_of(tags), group_of(tags)) == (None, None)


def test_another_payload_takes_the_place_of_the_tenant() -> None:
    tags = tagged(("a", "tenant=old"), "shop", PAYLOAD)
    assert tags == ("a", "tenant=acme")
    assert tagged(tags, None, PAYLOAD) == ("a",)


def test_a_long_tenant_keeps_its_head_and_stays_apart_from_one_with_the_same() -> None:
    first, second = "x" * 65, "x" * 66
    assert kept("x" * 64) == "x" * 64
    assert kept(first).startswith("x" * 40 + "~")
    assert kept(first) != kept(second)
    assert kept(kept("漢" * 500)) == kept("漢" * 500), "what is kept is kept the same again"
    assert kept("half of a pair: \ud83d") == "half of a pair: ?"
    assert max(len(kept(text).encode()) for text in (first, "漢" * 500, "🙂" * 40)) <= 64


@pytest.mark.parametrize("tenant", ["acme", "a@b.example", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"])
@pytest.mark.parametrize("refused", ["", "two words", "Žižkov", "a\nb", "a\x7f", "漢" * 500, "\ud83d !"])
def test_sqs_is_told_the_tenant_itself_or_a_hash_of_what_it_would_refuse(tenant: str, refused: str) -> None:
    assert group_of((tag_of(tenant),)) == tenant
    group = group_of((tag_of(tenant + refused),)) or ""
    assert GROUP.fullmatch(group)
    assert refused == "" or len(group) == 32
    assert group != group_of((tag_of(tenant + refused + "!"),))
