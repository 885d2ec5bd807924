"""What every moto call pays, whatever it does."""

from functools import cache

from moto.core import responses, utils

from .patching import Replacements


def repair(replacements: Replacements) -> None:
    """All repairs of this module."""
    remember_method_names(replacements)


def remember_method_names(replacements: Replacements) -> None:
    """moto lists all methods of the response class, with `inspect`, on every call, to find the one asked for."""
    replacements.put(responses, "method_names_from_class", cache(utils.method_names_from_class))
    replacements.put(responses, "camelcase_to_underscores", cache(utils.camelcase_to_underscores))
