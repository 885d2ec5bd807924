"""Read DynamoDB's expressions with moto's own parsers and processors, in fewer steps.

No part of moto is replaced here.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing import ast_nodes

REMEMBERED = 1024
ACTIONS = frozenset(getattr(ast_nodes, f"UpdateExpression{kind}Action") for kind in ("Set", "Remove", "Add", "Delete"))
"""Types of nodes for whose children moto's processors prepare themselves."""


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
    maps = [one._processing_map() for one in processors]  # noqa: SLF001 - moto's own name
    return _walk(processors, maps, _plan(*map(type, processors)), tree, -1)


def _walk(processors: Sequence[Any], maps: Sequence[Any], plan: "_Plan", node: Any, position: int) -> Any:
    parent = node.parent
    for index, child in enumerate(node.children or ()):
        for processor in processors if type(node) in ACTIONS else ():
            processor.pre_processing_of_child(node, index)
        if plan[type(child)] is not None:
            _walk(processors, maps, plan, child, index)
    for number, process in enumerate(maps):
        stops = plan[type(node)]
        if not stops:
            break
        if stops[number] is not None:
            node = process[stops[number]](node)
            node.parent = parent
            if parent:
                parent.children[position] = node
    return node


class _Plan(dict[type, tuple[type | None, ...] | None]):
    """The entry of each processor's map for a type of nodes; None for another type, empty if no processor has one."""

    def __init__(self, *processors: Any) -> None:
        self._kinds = [object.__new__(one).nodes_to_be_processed() for one in processors]

    def __missing__(self, node: type) -> tuple[type | None, ...] | None:
        stops = tuple(next((kind for kind in kinds if issubclass(node, kind)), None) for kinds in self._kinds)
        self[node] = (stops if any(stops) else ()) if issubclass(node, ast_nodes.Node) else None
        return self[node]


_plan = cache(_Plan)
