"""DynamoDB expressions: parsed once and checked once, where moto does both several times a call."""

import pickle
import re
from collections.abc import Hashable
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any, cast
from weakref import WeakKeyDictionary

from moto.dynamodb import comparisons
from moto.dynamodb.parsing import ast_nodes, expressions, validators

from .patching import Replacements

REMEMBERED = 1024
DEPENDS_ON_THE_TEXT = (
    validators.ActionCountValidator,
    validators.OverlappingPathsValidator,
    validators.UpdateHashRangeKeyValidator,
)


def repair(replacements: Replacements) -> None:
    """Remember the tree of an update, a copy of it that is quick to take, which checks it has passed, at which nodes a
    walk through it stops; and the patterns of a condition's words."""
    pickled: WeakKeyDictionary[Any, bytes] = WeakKeyDictionary()
    passed: WeakKeyDictionary[Any, set[Any]] = WeakKeyDictionary()

    def deepcopy(value: Any) -> Any:
        if not isinstance(value, ast_nodes.Node):
            return stock_copy(value)
        if value not in pickled:
            pickled[value] = pickle.dumps(value)
        return pickle.loads(pickled[value])  # noqa: S301 - what this process wrote

    def init(validator: Any, expression: Any, **rest: Any) -> None:
        stock_init(validator, expression, **rest)
        validator.checks = passed.setdefault(expression, set())

    def validate(validator: Any) -> Any:
        names = tuple((validator.expression_attribute_names or {}).items())
        check = (names, tuple(validator.table.table_key_attrs))
        if check in validator.checks:
            validator.processors = [p for p in validator.processors if not isinstance(p, DEPENDS_ON_THE_TEXT)]
        validated = stock_validate(validator)
        validator.checks.add(check)
        return validated

    @cache
    def stops(walker: Hashable) -> Any:
        return stock_stops(object.__new__(cast("type", walker)))

    replacements.put(comparisons, "re", SimpleNamespace(**vars(re) | {"compile": cache(re.compile)}))
    stock_stops = ast_nodes.DepthFirstTraverser.nodes_to_be_processed
    replacements.put(
        ast_nodes.DepthFirstTraverser, "nodes_to_be_processed", lambda walker: stops(cast("Hashable", type(walker)))
    )
    stock_make = expressions.UpdateExpressionParser.make
    replacements.put(expressions.UpdateExpressionParser, "make", staticmethod(lru_cache(REMEMBERED)(stock_make)))
    stock_copy = replacements.put(validators, "deepcopy", deepcopy)
    stock_init = replacements.put(validators.Validator, "__init__", init)
    stock_validate = replacements.put(validators.Validator, "validate", validate)
