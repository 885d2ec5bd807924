"""Look at the account and the parameters before anything changes, for `make preflight` and as deploy's first step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.jobs.types.jobtype import JobType
from infra.cloud.account import Account
from infra.cloud.commands import removal
from infra.cloud.package.build import HERE, NO_BYTE_CODE, interpreter
from infra.cloud.package.shift import PARAMETER
from infra.cloud.preflight import basics, production, rights, room, sending, shards
from infra.cloud.preflight.asking import Asking
from infra.cloud.preflight.finding import Finding
from infra.cloud.stack import parameters
from infra.cloud.stack.cloudformation import Stack
from infra.definition.lambdas.functions import functions
from infra.definition.lambdas.runtime import PYTHON
from infra.definition.names import stage_of


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings, those that stop the deployment first; and the parameters that a deployment sets by itself."""

    findings: Sequence[Finding]
    defaults: Mapping[str, str]
    removed: removal.Removal

    @property
    def stopping(self) -> list[Finding]:
        """Return the findings that would make a deployment fail."""
        return [finding for finding in self.findings if finding.stops]


def check(
    account: Account,
    stack: Stack,
    types: Sequence[JobType[Any, Any]],
    given: Mapping[str, str],
    *,
    force_remove: bool = False,
) -> Checked:
    """Look at everything; changes nothing."""
    before = (stack.describe() or {}).get("Parameters", [])
    new, stage = stack.describe() is None, stage_of(stack.name)
    values = basics.chosen(parameters.known(given, before))
    named = {entry["ParameterKey"] for entry in before} | given.keys()
    facts = basics.look(account, values["MailIdentity"])
    removed = removal.look(account, stack, [kind.name for kind in types])
    chosen = production.defaults(stage, named, facts.concurrency, log_role=bool(facts.log_role), new=new)
    asking = Asking(account)
    found = [
        *basics.findings(values, facts, types, account.region),
        *shards.findings({entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in before}, values),
        *production.findings(stage, values, named, new=new),
        *sending.findings(asking, types, account.region, float(values["MailRate"])),
        *_of_the_account(account, stack, types, values, asking),
        *removed.findings(force=force_remove),
        *_of_this_machine(),
        *(Finding(about, f"could not be looked at ({why}).") for about, why in asking.refused.items()),
    ]
    return Checked(sorted(found, key=lambda finding: not finding.stops), chosen, removed)


def _of_the_account(
    account: Account, stack: Stack, types: Sequence[JobType[Any, Any]], values: Mapping[str, str], asking: Asking
) -> list[Finding]:
    new = stack.describe() is None
    needs = room.Needs(len(functions(types, stack.name)) + 2)
    found = [
        *room.quotas(asking, needs, new=new),
        *rights.findings(
            asking, stack.role or account.identity, account.region, stack.name, shifts=values[PARAMETER] == "true"
        ),
    ]
    if new:
        found += room.taken(account, stack.name)
        found += room.cloudfront(asking) if values["Dashboard"] == "true" else []
    return found


def _of_this_machine() -> list[Finding]:
    if interpreter(PYTHON) is not None:
        return []
    return [Finding("Python", NO_BYTE_CODE.format(here=HERE, there=PYTHON))]
