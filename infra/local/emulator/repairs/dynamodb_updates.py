"""DynamoDB update expressions: parsed once, and walked without asking Python the same question a hundred times."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from moto.dynamodb.parsing import ast_nodes, expressions, validators

from .patching import Replacements

REMEMBERED = 1024
DEPENDS_ON_THE_TEXT = (
    validators.ActionCountValidator,
    validators.OverlappingPathsValidator,
    validators.UpdateHashRangeKeyValidator,
)


def repair(replacements: Replacements) -> None:
    """All repairs of this module."""
    remember_update_expressions(replacements)
    remember_what_was_checked(replacements)
    copy_trees_by_hand(replacements)
    walk_trees_by_type(replacements)
    find_clauses_by_type(replacements)


def remember_update_expressions(replacements: Replacements) -> None:
    """moto takes an update expression apart, character by character, twice a call. The tree depends on the text only,
    and is only ever worked on in a copy."""
    stock = expressions.UpdateExpressionParser.make
    replacements.put(expressions.UpdateExpressionParser, "make", staticmethod(lru_cache(REMEMBERED)(stock)))


def remember_what_was_checked(replacements: Replacements) -> None:
    """Three of the ten checks of an update see only the expression, its names and the table's key. moto makes them at
    every node of the tree at every call; one pass is enough for as long as the tree is remembered."""
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


def copy_trees_by_hand(replacements: Replacements) -> None:
    """moto copies the tree with copy.deepcopy, which costs more than parsing it."""

    def clone(node: Any, parent: Any) -> Any:
        copied = object.__new__(type(node))
        copied.type, copied.parent, children = node.type, parent, node.children
        if children is not None:
            children = [clone(child, copied) if _IS_NODE[type(child)] else child for child in children]
        copied.children = children
        return copied

    def deepcopy(value: Any) -> Any:
        return clone(value, None) if _IS_NODE[type(value)] else stock(value)

    stock = replacements.put(validators, "deepcopy", deepcopy)


def walk_trees_by_type(replacements: Replacements) -> None:
    """moto's walks through a tree build their table of handlers anew at every node, and ask abstract classes for
    instance checks that a plain look-up by type answers."""
    plain_walk = ast_nodes.DepthFirstTraverser.pre_processing_of_child

    def traverse(walker: Any, root: Any) -> Any:
        handlers = list(walker._processing_map().items())  # noqa: SLF001 - moto's own name for it
        kinds = tuple(kind for kind, _ in handlers)
        has_hook = type(walker).pre_processing_of_child is not plain_walk

        def visit(node: Any, position: int) -> Any:
            parent = node.parent
            for index, child in enumerate(node.children or ()):
                if has_hook:
                    walker.pre_processing_of_child(node, index)
                if _IS_NODE[type(child)]:
                    visit(child, index)
            chosen = _FIRST_MATCH[type(node), kinds]
            if chosen is not None:
                node = handlers[chosen][1](node)
                node.parent = parent
                if parent:
                    parent.children[position] = node
            return node

        return visit(root, -1)

    replacements.put(ast_nodes.DepthFirstTraverser, "traverse", traverse)


def find_clauses_by_type(replacements: Replacements) -> None:
    """As above, for the search moto makes through each tree several times a call."""

    def find_clauses(node: Any, clause_types: Any) -> list[Any]:
        clauses = []
        for child in node.children or ():
            kind = type(child)
            if kind in clause_types:
                clauses.append(child)
            elif _IS_SEARCHED[kind]:
                clauses.extend(find_clauses(child, clause_types))
        return clauses

    replacements.put(ast_nodes.Node, "find_clauses", find_clauses)


class _ByType(dict[Any, Any]):
    """What a question about a type was answered, asked once for each type."""

    def __init__(self, question: Callable[[Any], Any]) -> None:
        super().__init__()
        self._question = question

    def __missing__(self, kind: Any) -> Any:
        self[kind] = answer = self._question(kind)
        return answer


_IS_NODE = _ByType(lambda kind: issubclass(kind, ast_nodes.Node))
_IS_SEARCHED = _ByType(lambda kind: issubclass(kind, (ast_nodes.Expression, ast_nodes.UpdateExpressionFunction)))
_FIRST_MATCH = _ByType(
    lambda key: next((index for index, kind in enumerate(key[1]) if issubclass(key[0], kind)), None),
)
