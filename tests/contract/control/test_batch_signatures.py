"""Test that a round makes only jobs of types that the platform, or a function that may make such jobs, has named."""

from dataclasses import replace

import pytest

from chalicelib.batches.dynamo import DynamoBatches
from chalicelib.batches.round import Round
from chalicelib.batches.rule import following
from chalicelib.jobs.signing import end_name, end_parameter_of, parameter_of, short_name, type_keys
from chalicelib.settings import Settings
from tests.support import T0

MASTER = "m" * 32
NEW = Round("b-1", 1, T0, T0, T0, then="a.then", on_failure="a.failed", principal="ada")


def keyed(cloud: Settings, *types: str, ends: tuple[str, ...] = ()) -> DynamoBatches:
    """Return the rows as a function with the keys of these types, and with those of `on_end`, sees them."""
    keys = [f"{short_name(name)}={type_keys(MASTER, parameter_of(name))}" for name in types]
    keys += [f"{end_name(name)}={type_keys(MASTER, end_parameter_of(name))}" for name in ends]
    return DynamoBatches(replace(cloud, signing_key="", signing_keys=";".join(keys)))


@pytest.fixture
def platform(cloud: Settings) -> DynamoBatches:
    return DynamoBatches(replace(cloud, signing_key=MASTER))


def test_what_the_platform_names_is_made(platform: DynamoBatches, cloud: Settings) -> None:
    stored = platform.add(NEW)
    followup = keyed(cloud, "a.then", "a.failed")
    assert followup.signed(stored, "then")
    assert followup.signed(stored, "on_failure")
    later = platform.add(following(stored, T0 + 9, "bulk"))
    assert followup.signed(later, "then")


def test_a_function_names_only_types_that_it_has_keys_for(platform: DynamoBatches, cloud: Settings) -> None:
    stored = keyed(cloud, "a.then").add(NEW)
    assert platform.signed(stored, "then")
    assert not platform.signed(stored, "on_failure")
    other = keyed(cloud, "x.y", ends=("a.then",)).add(replace(NEW, batch="b-2"))
    assert platform.signed(other, "then")


@pytest.mark.parametrize("forged", [{"batch": "b-3"}, {"principal": "bob"}, {"then_mark": "x"}, {"parent": "x"}])
def test_a_signature_is_good_for_one_batch_only(platform: DynamoBatches, forged: dict[str, str]) -> None:
    assert not platform.signed(replace(platform.add(NEW), **forged), "then")  # type: ignore[arg-type]


def test_a_signature_is_good_for_one_field_only(platform: DynamoBatches) -> None:
    stored = platform.add(NEW)
    swapped = replace(stored, then=stored.on_failure, then_mark=stored.failure_mark)
    assert not platform.signed(swapped, "then")


def test_a_retry_does_not_sign_what_another_program_has_written(platform: DynamoBatches, cloud: Settings) -> None:
    stored = keyed(cloud, "x.y").add(NEW)
    later = platform.add(following(stored, T0 + 9, "bulk"))
    assert not platform.signed(later, "then")


def test_a_stage_without_keys_accepts_everything(cloud: Settings) -> None:
    rows = DynamoBatches(replace(cloud, signing_key="", signing_keys=""))
    assert rows.signed(rows.add(NEW), "then")
