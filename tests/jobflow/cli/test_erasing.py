"""Test `jobflow erase`: an erasure that goes on is shown again by its id, with what it waits for."""

import pytest

from tests.jobflow.cli.conftest import Shell


def test_an_erasure_that_nobody_follows_is_shown_by_its_id(shell: Shell) -> None:
    begun = shell("erase --tenant acme --yes --no-wait").lines[0]
    assert shell(f"erase --show {begun['id']}").lines[0]["id"] == begun["id"]
    assert begun["id"] in shell(f"erase --show {begun['id']} --table").out


@pytest.mark.parametrize("given", ["", "--tenant acme --show 1"])
def test_either_a_tenant_or_an_erasure_is_given(shell: Shell, given: str) -> None:
    assert shell(f"erase {given} --yes").code == 2
