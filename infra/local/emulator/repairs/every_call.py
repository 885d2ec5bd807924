"""Remove work that moto does at every call."""

from functools import cache
from typing import Any

from moto import backends
from moto.core import common_models, responses, utils
from moto.moto_api._internal.moto_random import MotoRandom
from moto.sqs import models as sqs_models

from .patching import Replacements


def repair(replacements: Replacements) -> None:
    """Cache the values that moto computes at every call, and do not keep moto's objects.

    The cache contains the folders of moto's installation, the methods of the response class, and names in another
    spelling. The id of a request is made in one step. moto keeps each object (item, message, stream record) for its
    admin pages; here only the objects of S3 are kept, because S3 needs them.
    """

    def new(cls: type, *_args: Any, **_kwargs: Any) -> Any:
        instance: Any = object.__new__(cls)
        if cls.__module__.startswith("moto.s3."):
            cls.instances_tracked.append(instance)  # type: ignore[attr-defined]
        return instance

    def random_string(source: Any, length: int = 20, _digits: bool = True, lower_case: bool = False) -> str:
        return f"{source.getrandbits(4 * length):0{length}{'x' if lower_case else 'X'}}"

    replacements.put(MotoRandom, "get_random_string", random_string)
    replacements.put(common_models.BaseModel, "__new__", staticmethod(new))
    replacements.put(responses, "method_names_from_class", cache(utils.method_names_from_class))
    replacements.put(backends, "list_of_moto_modules", cache(lambda: tuple(_modules())))
    for module in (responses, sqs_models):
        replacements.put(module, "camelcase_to_underscores", cache(utils.camelcase_to_underscores))


_modules = backends.list_of_moto_modules
