"""Parse and check DynamoDB expressions once; moto does both several times per call.

`update_item_upstream.patch` beside this file is what moto itself could change; then `_copy_trees_quickly` could go.
"""

import pickle
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from moto.dynamodb import comparisons
from moto.dynamodb.parsing import ast_nodes, expressions, validators

from infra.local.emulator.expressions import REMEMBERED, outline, walk

from .patching import Replacements

TEXT, LAST = 3, 4  # the first 3 processors of an update need only its text; the last 4 need the results of the others


def repair(replacements: Replacements) -> None:
    """Cache everything that follows from the text of a condition or an update."""
    stock = expressions.UpdateExpressionParser.make
    replacements.put(expressions.UpdateExpressionParser, "make", staticmethod(lru_cache(REMEMBERED)(stock)))
    _remember_conditions(replacements)
    _copy_trees_quickly(replacements)
    _walk_less(replacements)


def _remember_conditions(replacements: Replacements) -> None:
    """Parse a condition once, and insert its values at each call."""
    parser_class = comparisons.ConditionExpressionParser

    def parse(parser: Any) -> Any:
        if not parser.condition_expression:
            return stock(parser)
        names = tuple((parser.expression_attribute_names or {}).items())
        tree, names_found, values_found = outline(parser.condition_expression, names)
        parser.expr_attr_names_found.extend(names_found)
        parser.expr_attr_values_found.extend(values_found)
        return parser._make_op_condition(tree)  # noqa: SLF001 - moto's own name

    def make_operand(parser: Any, node: Any) -> Any:
        if node.kind == parser.Kind.EXPRESSION_ATTRIBUTE_VALUE:
            return comparisons.AttributeValue((parser.expression_attribute_values or {})[node.text])
        return stock_operand(parser, node)

    stock = replacements.put(parser_class, "parse", parse)
    stock_operand = replacements.put(parser_class, "_make_operand", make_operand)


def _copy_trees_quickly(replacements: Replacements) -> None:
    """Copy the tree of an update faster than moto. moto uses copy.deepcopy, which takes longer than parsing."""
    pickled: WeakKeyDictionary[Any, bytes] = WeakKeyDictionary()

    def deepcopy(value: Any) -> Any:
        if not isinstance(value, ast_nodes.Node):
            return stock(value)
        if value not in pickled:
            pickled[value] = pickle.dumps(value)
        return pickle.loads(pickled[value])  # noqa: S301 - what this process wrote

    stock = replacements.put(validators, "deepcopy", deepcopy)


def _walk_less(replacements: Replacements) -> None:
    """Check an update in two walks instead of ten.

    Three checks depend only on the expression, its names and the key, so they are cached. If the two walks refuse an
    update, moto itself checks it again, and the error is moto's first one.
    """
    passed: WeakKeyDictionary[Any, set[Any]] = WeakKeyDictionary()

    def init(validator: Any, expression: Any, **rest: Any) -> None:
        stock_init(validator, expression, **rest)
        validator.given, validator.checks = (expression, rest), passed.setdefault(expression, set())

    def validate(validator: Any) -> Any:
        check = (*(validator.expression_attribute_names or {}).items(), *validator.table.table_key_attrs)
        if check in validator.checks:
            first, last = validator.processors[TEXT:-LAST], validator.processors[-LAST:]
            try:
                return walk(last, walk(first, validator.node_to_validate))
            except Exception:
                stock_init(validator, validator.given[0], **validator.given[1])
        validated = stock_validate(validator)
        validator.checks.add(check)
        return validated

    stock_init = replacements.put(validators.Validator, "__init__", init)
    stock_validate = replacements.put(validators.Validator, "validate", validate)
