"""Which requests mean one job, and what a type may declare about it."""

from typing import Any

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import job
from chalicelib.job_types.unique import Unique
from chalicelib.keys.rule import unique_row
from tests.chalicelib.api.support import Note


def nothing(_: Note, __: JobContext) -> None:
    """Do nothing."""


def test_the_named_fields_decide_and_without_names_all_do() -> None:
    one, all_of_it = Unique(by="to", seconds=60), Unique(seconds=60)
    assert one == Unique(by=["to"], seconds=60)
    first, second = {"to": ["a"], "text": "x"}, {"text": "y", "to": ["a"]}
    assert unique_row(one, "a.b", first) == unique_row(one, "a.b", second)
    assert unique_row(all_of_it, "a.b", first) != unique_row(all_of_it, "a.b", second)
    assert unique_row(all_of_it, "a.b", first) == unique_row(all_of_it, "a.b", {"text": "x", "to": ["a"]})
    assert unique_row(one, "a.b", first) != unique_row(one, "a.c", first)
    assert unique_row(one, "a.b", first) != unique_row(one, "a.b", {"to": ["b"]})
    # a text is not the number that looks like it
    assert unique_row(one, "a.b", {"to": "1"}) != unique_row(one, "a.b", {"to": 1})


@pytest.mark.parametrize("seconds", [0, 3e6, "60"])
def test_a_time_that_cannot_be_is_refused(seconds: Any) -> None:
    with pytest.raises(ConfigurationError, match="unique: seconds must be between 1 and 2592000 seconds"):
        Unique(seconds=seconds)


def test_a_field_that_the_payload_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="unique: by names order, which the payload does not have"):
        job("test.note", unique=Unique(by=("to", "order"), seconds=60))(nothing)
