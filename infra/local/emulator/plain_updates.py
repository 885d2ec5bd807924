"""Apply an update that sets, removes or adds to whole attributes, without a walk over its tree.

Nearly all updates of the platform are such. Every other update, and every one that may be refused, is left to moto.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.parsing.ast_nodes import (
    ExpressionAttributeName,
    ExpressionAttributeValue,
    Node,
    UpdateExpressionAddAction,
    UpdateExpressionDeleteAction,
    UpdateExpressionFunction,
    UpdateExpressionPath,
    UpdateExpressionRemoveAction,
    UpdateExpressionSetAction,
)

Attributes = Mapping[str, DynamoType]
Values = Mapping[str, Mapping[str, Any]]
Operand = Callable[[Attributes, Values], DynamoType]
"""Returns a value, from an item's attributes and the request's values. Raises LookupError if there is none."""
ACTIONS = (
    UpdateExpressionSetAction, UpdateExpressionRemoveAction, UpdateExpressionAddAction, UpdateExpressionDeleteAction,
)  # fmt: skip


class NotPlain(Exception):
    """The update needs moto's own code."""


class Applicable(NamedTuple):
    """The new value of each attribute that an update changes; None: the attribute is removed."""

    attributes: Sequence[tuple[str, DynamoType | None]]

    def normalize(self) -> None:
        """Do nothing: moto sorts the actions of its trees with this method."""

    def apply(self, item: Any) -> None:
        """Change the item."""
        for name, value in self.attributes:
            if value is None:
                item.attrs.pop(name, None)
            else:
                item.attrs[name] = value


class Plan(NamedTuple):
    """The actions of an update's text: the name of an attribute, and its new value (None: it is removed)."""

    actions: Sequence[tuple[str, Operand | None]]

    def on(self, item: Any, values: Values) -> Applicable | None:
        """Return what the update does to the item; None if moto must decide."""
        attributes = item.attrs
        try:
            return Applicable([(name, new and new(attributes, values)) for name, new in self.actions])
        except (LookupError, NotPlain, TypeError):
            return None


def plan(tree: Node, names: Mapping[str, str]) -> Plan | None:
    """Return the plan for the tree of a valid update; None if it has an action that is not plain."""
    try:
        return Plan([_action(node, names) for node in _actions(tree)])
    except (LookupError, NotPlain):
        return None


def _actions(node: Node) -> Sequence[Node]:
    if isinstance(node, ACTIONS):
        return [node]
    return [action for child in node.children if isinstance(child, Node) for action in _actions(child)]


def _action(node: Node, names: Mapping[str, str]) -> tuple[str, Operand | None]:
    name = _name(node.children[0], names)
    if isinstance(node, UpdateExpressionSetAction):
        return name, _value(node.children[1], names)
    if isinstance(node, UpdateExpressionAddAction):
        return name, _added(name, _operand(node.children[1], names))
    if isinstance(node, UpdateExpressionRemoveAction):
        return name, None
    raise NotPlain


def _name(path: Node, names: Mapping[str, str]) -> str:
    """Return the attribute of a path. Raises NotPlain for a part of an attribute, or a name in the text itself."""
    if not isinstance(path, UpdateExpressionPath) or len(path.children) != 1:
        raise NotPlain
    [part] = path.children
    if not isinstance(part, ExpressionAttributeName):
        raise NotPlain
    return names[part.get_attribute_name_placeholder()]


def _value(node: Node, names: Mapping[str, str]) -> Operand:
    if len(node.children) == 1:
        return _operand(node.children[0], names)
    left, operator, right = node.children
    first, second = _operand(left, names), _operand(right, names)
    if operator.get_operator() == "+":
        return lambda attributes, values: first(attributes, values) + second(attributes, values)
    return lambda attributes, values: first(attributes, values) - second(attributes, values)


def _operand(node: Node, names: Mapping[str, str]) -> Operand:
    if isinstance(node, ExpressionAttributeValue):
        given = node.get_value_name()
        return lambda _, values: DynamoType(values[given])
    if isinstance(node, UpdateExpressionPath):
        name = _name(node, names)
        return lambda attributes, _: attributes[name]
    if isinstance(node, UpdateExpressionFunction) and node.get_function_name() == "if_not_exists":
        name, other = _name(node.get_nth_argument(1), names), _operand(node.get_nth_argument(2), names)
        return lambda attributes, values: attributes[name] if name in attributes else other(attributes, values)
    raise NotPlain


def _added(name: str, operand: Operand) -> Operand:
    """Add a number; moto adds members to sets."""

    def total(attributes: Attributes, values: Values) -> DynamoType:
        more, before = operand(attributes, values), attributes.get(name)
        if more.type != "N" or (before is not None and before.type != "N"):
            raise NotPlain
        return (before or DynamoType({"N": "0"})) + more

    return total
