"""Write a whole row with UpdateItem, so that a worker's role can list the attributes that it may write."""

from pynamodb.expressions.condition import Condition
from pynamodb.models import Model


def write_whole(row: Model, condition: Condition | None = None) -> None:
    """Write each attribute of the row, and remove attributes that it lacks.

    The cost and the condition are the same as those of a PutItem.

    IAM can limit the attributes of an UpdateItem (`dynamodb:Attributes`), but a PutItem could replace any row of the
    table.

    Raises UpdateError.
    """
    keys = (row._hash_keyname, row._range_keyname)  # noqa: SLF001 - pynamodb has no public method for this
    values = {name: getattr(row, name) for name in row.get_attributes() if name not in keys}
    actions = [
        getattr(type(row), name).remove() if value is None else getattr(type(row), name).set(value)
        for name, value in values.items()
    ]
    # `row.update` is not used, because it requests the whole row in the answer, up to 300 KB.
    row._get_connection().update_item(  # noqa: SLF001
        *row._get_hash_range_key_serialized_values(),  # noqa: SLF001
        actions=actions, condition=condition,
    )  # fmt: skip
