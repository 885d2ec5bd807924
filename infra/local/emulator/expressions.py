"""Read DynamoDB's expressions with moto's own parsers and processors, in fewer steps.

No part of moto is replaced here.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node

REMEMBERED = 1024


class _Outline(ConditionExpressionParser):  # type: ignore[misc]  # moto is not typed for mypy here
    """A condition in which each value is replaced by its placeholder."""

    def _lookup_expression_attribute_value(self, name: str) -> str:
        return name

    def _make_op_condition(self, node: Any) -> Any:
        return node  # `parse` calls this last, with the whole tree as its argument


_parse = ConditionExpressionParser.parse


@lru_cache(REMEMBERED)
def outline(text: str, names: tuple[tuple[str, str], ...]) -> tuple[Any, list[str], list[str]]:
    """Return the tree of a condition, and the names and values in it. Raises the errors of moto's parser."""
    parser = _Outline(text, dict(names), {})
    return _parse(parser), parser.expr_attr_names_found, parser.expr_attr_values_found


def walk(processors: Sequence[Any], tree: Any) -> Any:
    """Apply several of moto's processors of an update in one walk over the tree.

    At each node, the processors run one after the other.
    """
    preparing = [one for one in processors if _prepares(type(one))]  # type: ignore[arg-type]
    return _walk(processors, preparing, tree, -1)


def _walk(processors: Sequence[Any], preparing: Sequence[Any], node: Any, position: int) -> Any:
    parent = node.parent
    for index, child in enumerate(node.children or ()):
        for processor in preparing:
            processor.pre_processing_of_child(node, index)
        if _is_node(type(child)):  # type: ignore[arg-type]
            _walk(processors, preparing, child, index)
    for processor in processors:
        if _stops_at(type(processor), type(node)):  # type: ignore[arg-type]
            node = processor.process(node)
            node.parent = parent
            if parent:
                parent.children[position] = node
    return node


@cache
def _is_node(kind: Any) -> bool:
    return issubclass(kind, Node)


@cache
def _prepares(processor: Any) -> bool:
    return processor.pre_processing_of_child is not DepthFirstTraverser.pre_processing_of_child


@cache
def _stops_at(processor: Any, kind: Any) -> bool:
    return issubclass(kind, object.__new__(processor).nodes_to_be_processed())
