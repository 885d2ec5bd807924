"""A job type needs the public names of `chalicelib`, a built-in one also `chalicelib.builtin`, and nothing else."""

import pytest

import chalicelib


def test_every_public_name_can_be_imported_and_has_a_docstring() -> None:
    for name in chalicelib.__all__:
        assert getattr(chalicelib, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'part_of_mine'"):
        _ = chalicelib.part_of_mine
