"""Replace a part of moto so that it can be restored."""

from contextlib import ExitStack
from typing import Any

from infra.local.errors import IncompatibleMoto


class Replacements(ExitStack):
    """Replaces attributes of other packages' classes and modules.

    At the end of the block, or at `close`, it restores them in reverse order.
    """

    def put(self, owner: Any, name: str, value: Any) -> Any:
        """Set `owner.name` to `value` and return the old value. Raises IncompatibleMoto if there is no such name.

        If moto no longer has the part that a repair replaces, the repair must not be skipped silently.
        """
        if not hasattr(owner, name):
            raise IncompatibleMoto(owner, name)
        original = getattr(owner, name)
        if name in vars(owner):
            # read the static method itself, not the function that getattr returns for it
            self.callback(setattr, owner, name, vars(owner)[name])
        else:
            self.callback(delattr, owner, name)
        setattr(owner, name, value)
        return original
