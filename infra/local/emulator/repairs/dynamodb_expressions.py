"""Parse and check DynamoDB expressions once; moto does both several times a call."""

import pickle
import re
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
    """Remember the patterns of a condition's words, and all that follows from the text of an update."""
    replacements.put(comparisons, "re", SimpleNamespace(**vars(re) | {"compile": cache(re.compile)}))
    stock = expressions.UpdateExpressionParser.make
    replacements.put(expressions.UpdateExpressionParser, "make", staticmethod(lru_cache(REMEMBERED)(stock)))
    _copy_trees_quickly(replacements)
    _remember_what_was_checked(replacements)
    replacements.put(ast_nodes.DepthFirstTraverser, "traverse_node_recursively", _walk)


def _copy_trees_quickly(replacements: Replacements) -> None:
    """Copy the tree of an update faster than copy.deepcopy, with which moto's copy costs more than parsing."""
    pickled: WeakKeyDictionary[Any, bytes] = WeakKeyDictionary()

    def deepcopy(value: Any) -> Any:
        if not isinstance(value, ast_nodes.Node):
            return stock(value)
        if value not in pickled:
            pickled[value] = pickle.dumps(value)
        return pickle.loads(pickled[value])  # noqa: S301 - what this process wrote

    stock = replacements.put(validators, "deepcopy", deepcopy)


def _remember_what_was_checked(replacements: Replacements) -> None:
    """Remember three of the ten checks of an update: they depend only on the expression, its names and the key."""
    passed: WeakKeyDictionary[Any, set[Any]] = WeakKeyDictionary()

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

    stock_init = replacements.put(validators.Validator, "__init__", init)
    stock_validate = replacements.put(validators.Validator, "validate", validate)


def _walk(walker: Any, node: Any, position: int = -1) -> Any:
    """Walk a tree as moto does, but ask for the handlers of a type once, not at every node."""
    parent = node.parent
    for index, child in enumerate(node.children or ()):
        walker.pre_processing_of_child(node, index)
        if _is_node(cast("Any", type(child))):
            _walk(walker, child, index)
    if _stops_at(cast("Any", type(walker)), cast("Any", type(node))):
        node = walker.process(node)
        node.parent = parent
        if parent:
            parent.children[position] = node
    return node


@cache
def _is_node(kind: Any) -> bool:
    return issubclass(kind, ast_nodes.Node)


@cache
def _stops_at(walker: Any, kind: Any) -> bool:
    return issubclass(kind, object.__new__(walker).nodes_to_be_processed())
