"""DynamoDB conditions and filters: taken apart once, and only then given their values."""

from functools import lru_cache
from typing import Any

from moto.dynamodb import comparisons
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from .patching import Replacements

REMEMBERED = 1024


def repair(replacements: Replacements) -> None:
    """All repairs of this module."""
    look_up_reserved_words_in_a_set(replacements)
    remember_conditions(replacements)


def look_up_reserved_words_in_a_set(replacements: Replacements) -> None:
    """moto searches a list of 573 words for every attribute name in every expression."""
    replacements.put(ReservedKeywords, "KEYWORDS", frozenset(ReservedKeywords.get_reserved_keywords()))


def remember_conditions(replacements: Replacements) -> None:
    """moto takes a condition apart twice a call, compiling its patterns for every word. What the text and its names
    mean is remembered here; the values are put in afresh each time."""
    parser_class = comparisons.ConditionExpressionParser
    kinds = parser_class.Kind

    class Outline(comparisons.ConditionExpressionParser):  # type: ignore[misc]  # moto is not typed for mypy here
        """A condition read without its values: a value stands as its placeholder."""

        def _lookup_expression_attribute_value(self, name: str) -> Any:
            return name

        def _make_op_condition(self, node: Any) -> Any:
            return node  # parse() ends with this: the tree itself is wanted

    @lru_cache(REMEMBERED)
    def outline(text: str, names: tuple[tuple[str, str], ...]) -> tuple[Any, list[str], list[str]]:
        parser = Outline(text, dict(names), {})
        return parser.parse(), parser.expr_attr_names_found, parser.expr_attr_values_found

    def parse(parser: Any) -> Any:
        if not parser.condition_expression:
            return stock(parser)
        names = tuple((parser.expression_attribute_names or {}).items())
        tree, names_found, values_found = outline(parser.condition_expression, names)
        parser.expr_attr_names_found.extend(names_found)
        parser.expr_attr_values_found.extend(values_found)
        return parser._make_op_condition(tree)  # noqa: SLF001 - moto's own name for it

    def make_operand(parser: Any, node: Any) -> Any:
        if node.kind == kinds.EXPRESSION_ATTRIBUTE_VALUE:
            return comparisons.AttributeValue((parser.expression_attribute_values or {})[node.text])
        return stock_operand(parser, node)

    stock = replacements.put(parser_class, "parse", parse)
    stock_operand = replacements.put(parser_class, "_make_operand", make_operand)
    Outline.parse = stock
