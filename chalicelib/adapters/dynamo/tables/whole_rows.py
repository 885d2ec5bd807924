"""Write attributes of a row with UpdateItem, so that a worker's role can list the attributes that it may write."""

from collections.abc import Mapping
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model


def changes(model: type[Model], values: Mapping[str, Any]) -> list[Action]:
    """Return what sets these attributes of a row, and removes those that are None."""
    attributes = {name: getattr(model, name) for name in values}
    return [
        attributes[name].remove() if value is None else attributes[name].set(value) for name, value in values.items()
    ]


def write_whole(row: Model, condition: Condition | None = None) -> None:
    """Write each attribute of the row, and remove attributes that it lacks.

    The cost and the condition are the same as those of a PutItem.

    IAM can limit the attributes of an UpdateItem (`dynamodb:Attributes`), but a PutItem could replace any row of the
    table.

    Raises UpdateError.
    """
    keys = (row._hash_keyname, row._range_keyname)  # noqa: SLF001 - pynamodb has no public method for this
    values = {name: getattr(row, name) for name in row.get_attributes() if name not in keys}
    # `row.update` is not used, because it requests the whole row in the answer, up to 300 KB.
    row._get_connection().update_item(  # noqa: SLF001
        *row._get_hash_range_key_serialized_values(),  # noqa: SLF001
        actions=changes(type(row), values), condition=condition,
    )  # fmt: skip
