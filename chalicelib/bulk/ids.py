"""Make the ids of bulk actions."""

import secrets


def new_bulk_id(now: float) -> str:
    """Return a new id of a bulk action that begins at `now` (epoch seconds); ids are listed by their time."""
    return f"{int(now * 1000):012x}{secrets.token_hex(4)}"
