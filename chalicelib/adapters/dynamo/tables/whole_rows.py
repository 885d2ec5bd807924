"""Write a whole row by UpdateItem, so that a worker's role can name the attributes that it writes."""

from pynamodb.expressions.condition import Condition
from pynamodb.models import Model


def write_whole(row: Model, condition: Condition | None = None) -> None:
    """Write each attribute of the row, and remove those that it lacks. It costs and tests what a PutItem does.

    IAM can bound what an UpdateItem writes (`dynamodb:Attributes`), and lets a PutItem replace any row of the table.
    Raises UpdateError.
    """
    keys = (row._hash_keyname, row._range_keyname)  # noqa: SLF001 - pynamodb has no other way to ask
    values = {name: getattr(row, name) for name in row.get_attributes() if name not in keys}
    actions = [
        getattr(type(row), name).remove() if value is None else getattr(type(row), name).set(value)
        for name, value in values.items()
    ]
    # Not `row.update`, which asks for the whole row back: it may have 300 KB.
    row._get_connection().update_item(  # noqa: SLF001
        *row._get_hash_range_key_serialized_values(),  # noqa: SLF001
        actions=actions, condition=condition,
    )  # fmt: skip
