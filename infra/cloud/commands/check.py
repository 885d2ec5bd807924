"""Check the account and the parameters before anything changes, for `make preflight` and as deploy's first step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from infra.cloud.account import Account
from infra.cloud.commands import removal, runs
from infra.cloud.errors import CloudError
from infra.cloud.package import dependencies, own_libraries
from infra.cloud.package.build import HERE, NO_BYTE_CODE, ROOT, interpreter
from infra.cloud.package.shift import PARAMETER
from infra.cloud.preflight import basics, key, names, production, rights, room, sending, shards, sign_in
from infra.cloud.preflight.asking import Asking
from infra.cloud.preflight.finding import Finding
from infra.cloud.stack import history, parameters, signing
from infra.cloud.stack.cloudformation import Stack
from infra.definition.lambdas.functions import functions
from infra.definition.lambdas.runtime import PYTHON
from infra.definition.limits import exceeded
from infra.definition.names import stage_of
from infra.definition.parameters import parameters as declared


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings, blocking ones first; and the parameters that a deployment sets automatically.

    `defaults` also contains the parameters of a failed first deployment.
    """

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
    """Check everything; change nothing. Raises CloudError for an invalid value of a parameter."""
    kept = _kept(stack)
    given = {**kept, **given}
    parameters.refuse_wrong(declared(), given)
    signing.refuse_wrong(given)
    new, stage = stack.describe() is None or stack.failed_at_first(), stage_of(stack.name)
    before = [] if new else (stack.describe() or {}).get("Parameters", [])
    values = basics.chosen(parameters.known(given, before))
    named = {entry["ParameterKey"] for entry in before} | given.keys()
    facts = basics.look(account, values["MailIdentity"])
    queues = [short for queue in queues_of(types) for short in queue.shorts]
    removed = removal.look(account, stack, [kind.name for kind in types], queues)
    asking = Asking(account)
    mail = sending.look(asking, types)
    chosen = production.defaults(stage, named, facts.concurrency, unreserved=facts.unreserved, new=new)
    chosen |= sending.defaults(mail, types, named, new=new)
    values, present = values | chosen, basics.chosen(parameters.known({}, before))
    found = [
        *basics.findings(values, facts, types, account.region, production.additional(values, present)),
        *sign_in.findings(values, types, stack.name),
        *shards.findings({entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in before}, values),
        *production.findings(stage, values, named, new=new),
        *production.reserved(values, present, facts.unreserved),
        *sending.findings(mail, types, account.region, float(values["MailRate"])),
        *_of_the_account(account, stack, types, values, asking),
        *removed.findings(force=force_remove),
        *runs.look(account, stack, types).findings(force=force_remove),
        *(Finding("template", sentence, stops=True) for sentence in exceeded(types, stack.name)),
        *of_this_machine(types),
        *(Finding(about, f"could not be looked at ({why}).") for about, why in asking.refused.items()),
    ]
    return Checked(sorted(found, key=lambda finding: not finding.stops), kept | chosen, removed)


def _kept(stack: Stack) -> dict[str, str]:
    """Return the parameters that were set for a first deployment that failed. Its stack, which stores them, is deleted.

    The description of such a stack does not show which values are defaults and which were set. Values that equal the
    default are therefore left out, so that the next first deployment chooses them again. The answers that production
    requires (`ANSWERS`) stay in any case.
    """
    if not stack.failed_at_first():
        return {}
    defaults, told = basics.chosen({}), history.shown(stack.describe() or {})
    answers = production.ANSWERS if production.is_production(stage_of(stack.name)) else ()
    return {name: value for name, value in told.items() if name in answers or value != defaults.get(name, value)}


def _of_the_account(
    account: Account, stack: Stack, types: Sequence[JobType[Any, Any]], values: Mapping[str, str], asking: Asking
) -> list[Finding]:
    new = stack.describe() is None
    needs = room.Needs(len(functions(types, stack.name)) + 1)
    found = [
        *room.quotas(asking, needs, new=new),
        *key.findings(asking, values["KmsKeyArn"], account.region),
        *rights.findings(
            asking,
            stack.role or account.identity,
            account.region,
            stack.name,
            shifts=values[PARAMETER] == "true",
            key=values["KmsKeyArn"],
        ),
    ]
    if new:
        found += names.taken(account, stack.name, types)
        found += room.cloudfront(asking) if values["Dashboard"] == "true" else []
    return found


def of_this_machine(types: Sequence[JobType[Any, Any]], root: Path = ROOT) -> Iterator[Finding]:
    """Yield the problems of this machine: no Python of the functions' version, or libraries without hashes.

    Whether wheels for the functions' Python exist is checked later, during packaging, but also before anything changes.
    """
    if interpreter(PYTHON) is None:
        yield Finding("Python", NO_BYTE_CODE.format(here=HERE, there=PYTHON))
    shipped = (root / dependencies.SHIPPED).read_text()
    try:
        dependencies.hashed(shipped, (root / dependencies.LOCK).read_text())
        for path in own_libraries.files_of(root, {kind.module for kind in types}).values():
            own_libraries.hashed(path, shipped, root)
    except CloudError as error:
        yield Finding("libraries", str(error), stops=True)
