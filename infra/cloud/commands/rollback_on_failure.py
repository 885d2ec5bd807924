"""Test a deployment, and restore the previous version if it does not work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from infra.cloud.account import Account
from infra.cloud.commands.rollback import Former, bring_back
from infra.cloud.errors import CloudError, refusal
from infra.cloud.smoke.problem import SmokeFailed
from infra.cloud.stack import history
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from infra.definition.names import stage_of


@dataclass(frozen=True)
class Trial:
    """One test of a deployment.

    `smoke` tests the stage with the stack's outputs; `keep`: a failed version stays for inspection.
    """

    account: Account
    stack: Stack
    terminal: Terminal
    smoke: Callable[[Mapping[str, str]], str]
    keep: bool = False

    def run(self, outputs: Mapping[str, str], former: Former | None) -> None:
        """Test the stage, and print what works.

        `former` is the version to restore if the test fails; None if nothing was changed.

        Raises SmokeFailed if something does not work. The previous version is then restored, unless the message says
        otherwise. Also raises if the test was not possible because of AWS; then the new version stays.
        """
        try:
            with self.terminal.working("Trying it"):
                told = self.smoke(outputs)
        except SmokeFailed as failed:
            undone, told = self._undo(former)
            raise SmokeFailed(f"The smoke test failed: {failed}. {told}", undone=undone) from failed
        except Exception as error:
            # Do not undo a deployment because of an outage of AWS: the version may be good, and the undo would fail,
            # too.
            if (why := refusal(error)) is None:
                raise
            raise SmokeFailed(f"The version is deployed but could not be tested. {why}. {self._by_hand()}") from error
        self.terminal.say(told)

    def _undo(self, former: Former | None) -> tuple[bool, str]:
        """Return whether the previous version is restored, and the text about it."""
        if former is None:
            return False, self._nothing_to_undo()
        if self.keep:
            return False, f"The new version stays. {self._by_hand()}"
        self.terminal.say("The smoke failed. Bringing the former version back.")
        try:
            bring_back(self.account, self.stack, self.terminal, former)
        except CloudError as error:
            return False, f"The former version could not be brought back: {error}"
        return True, "The former version is back."

    def _nothing_to_undo(self) -> str:
        if history.before(history.read(self.account, self.stack.name), self.stack.describe() or {}):
            return f"This deployment changed nothing, so there is nothing to undo. {self._by_hand()}"
        return "There is no version before it: the stage stays as it is."

    def _by_hand(self) -> str:
        return f"`make rollback STAGE={stage_of(self.stack.name)}` brings the former version back."
