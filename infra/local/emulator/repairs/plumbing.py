"""What every moto call pays, whatever it does."""

import random
from functools import cache
from typing import Any

from moto import backends
from moto.core import responses, utils
from moto.sqs import models as sqs_models
from moto.utilities import aws_headers

from .patching import Replacements


def repair(replacements: Replacements) -> None:
    """All repairs of this module."""
    remember_names(replacements)
    draw_request_ids_at_once(replacements)


def remember_names(replacements: Replacements) -> None:
    """moto lists all methods of the response class, with `inspect`, on every call, to find the one asked for; turns
    names from one spelling into the other letter by letter; and lists the folders it is installed in."""
    replacements.put(responses, "method_names_from_class", cache(utils.method_names_from_class))
    underscored = cache(utils.camelcase_to_underscores)
    replacements.put(responses, "camelcase_to_underscores", underscored)
    replacements.put(sqs_models, "camelcase_to_underscores", underscored)
    replacements.put(backends, "list_of_moto_modules", cache(lambda: tuple(stock_modules())))


stock_modules = backends.list_of_moto_modules


def draw_request_ids_at_once(replacements: Replacements) -> None:
    """moto draws the 52 letters of a request id one by one."""

    def request_id(headers: Any = None) -> str:
        drawn = f"{random.getrandbits(208):052X}"
        if isinstance(headers, dict):
            headers["x-amzn-requestid"] = drawn
        return drawn

    replacements.put(aws_headers, "gen_amzn_requestid_long", request_id)
    replacements.put(responses, "gen_amzn_requestid_long", request_id)
