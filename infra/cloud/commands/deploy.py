"""Deploy a checkout: preflight, package, upload, change set, stack, dashboard, first token."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from chalicelib.job_types import jobtype
from infra import sign_in
from infra.cloud import job_types
from infra.cloud.account import Account
from infra.cloud.commands import access, pauses, removal
from infra.cloud.commands.check import check
from infra.cloud.commands.first_token import FirstToken
from infra.cloud.commands.rollback import Former
from infra.cloud.commands.rollback_on_failure import Trial
from infra.cloud.cost import standing
from infra.cloud.errors import CloudError
from infra.cloud.package import shift
from infra.cloud.package.build import ROOT, Package, build
from infra.cloud.preflight import basics
from infra.cloud.smoke.problem import SmokeFailed
from infra.cloud.stack import (
    artifacts,
    deploys,
    history,
    monitoring,
    parameters,
    recording,
    rest_api,
    signing,
    subscriptions,
    versions,
    website,
)
from infra.cloud.stack.cloudformation import UNWATCHED, ChangeSet, Stack, names_of
from infra.cloud.stack.emptying import TABLE, remove, unlock
from infra.cloud.stack.recording import Command
from infra.cloud.terminal import Terminal
from infra.definition.names import prefix_of, stage_of
from infra.definition.web.sign_in import AUTHORIZE, ISSUER, TOKEN


@dataclass
class Deployment:
    """One run of deploy. `given` are parameters.

    `dashboard` is the folder with the dashboard's sources; None: no dashboard. `tags` are put on everything in addition
    to the stage's own tags, and stay until a deployment sets others. `monitor`: for this number of seconds after an
    update, CloudFormation watches the alarms, and rolls back if an alarm rings. `smoke`: test the stage afterwards; if
    the test fails, restore the previous version, unless `keep` is set. `force_remove`: continue although a removed job
    type has unfinished jobs, and cancel these jobs. `drop_rest_api`: delete the REST API of an earlier version.
    """

    account: Account
    stack: Stack
    terminal: Terminal
    given: Mapping[str, str] = field(default_factory=dict)
    dashboard: Path | None = ROOT / "dashboard"
    dry_run: bool = False
    yes: bool = False
    force_remove: bool = False
    drop_rest_api: bool = False
    first_token: FirstToken = field(default_factory=FirstToken)
    tags: Mapping[str, str] = field(default_factory=dict)
    monitor: int = 0
    smoke: Callable[[Mapping[str, str]], str] | None = None
    keep: bool = False
    template_url: str = field(init=False, default="")
    changed: bool = field(init=False, default=False)
    kept: rest_api.RestApi = field(init=False, default_factory=rest_api.RestApi)
    domain: str = field(init=False, default="")
    mapping: str = field(init=False, default="")
    """The REST API of an earlier version that stays in the stack; the API's domain, and its mapping to the REST API."""
    package: Callable[[str], Package] = lambda stage: build(stage, job_types.load())
    types: Callable[[], Sequence[jobtype.JobType[Any, Any]]] = job_types.load
    removed: removal.Removal = field(init=False, default_factory=lambda: removal.Removal({}))

    def run(self) -> dict[str, str]:
        """Deploy and return the stack's outputs; a dry run returns none. Raises CloudError."""
        self.stack.check_changeable()
        self._preflight()
        self._look_at_provider()
        self._look_at_rest_api()
        if self.dry_run:
            self._rehearse()
            return {}
        stage = stage_of(self.stack.name)
        dist = self._build_dashboard()
        package = self._package(stage)
        self._clear_failed_start()
        self.given = {**self.given, **self._keys(package)}
        former = Former.of(self.account, self.stack)
        with recording.acting(
            lambda: access.audit(self.account, self.stack), Command.DEPLOY, self.stack.name, self.account.identity,
            self.terminal.say, versions.commit(Path.cwd()), self.removed.given_up(),
        ):  # fmt: skip
            self._apply(package, self.given)
            outputs = self._close_policy(package)
            shared = {kind.name: kind.queue.name for kind in self.types() if kind.queue is not None}
            deploys.mark_queues(lambda: access.deploys(self.account, self.stack), shared, self.terminal.say)
            self._try(outputs, former)
        # not earlier: if the test fails, the former version returns with its queues and their pauses
        pauses.end_of_removed(self.account, self.stack, {kind.queue_key for kind in self.types()}, self.terminal.say)
        if dist is not None:
            count = website.upload(self.account, outputs, dist, stage, sign_in.of_console(self._chosen()))
            self.terminal.say(f"Uploaded the dashboard: {count} files.")
        tokens = access.tokens(self.account, self.stack)
        self.first_token.hand_out(tokens, self.account, self.terminal, tags_of(self.stack.name))
        self._print(outputs)
        for told in self._about_rest_api(outputs):
            self.terminal.say(told)
        return outputs

    def _look_at_provider(self) -> None:
        """Ask the identity provider for its addresses, unless they are set; raises CloudError."""
        chosen = self._chosen()
        if sign_in.missing(self.given, chosen):
            try:
                found = sign_in.discovered(chosen[ISSUER])
            except sign_in.NotDiscovered as error:
                raise CloudError(f"{error} Or set {AUTHORIZE} and {TOKEN}: docs/sign-in.md.") from error
            self.given = {**self.given, AUTHORIZE: found.authorize, TOKEN: found.token}

    def _look_at_rest_api(self) -> None:
        """Keep the REST API that the stage has from an earlier version, unless the deployer drops it."""
        found = self.stack.describe()
        if found is None:
            return
        given = parameters.known(self.given, found.get("Parameters", []))
        present = rest_api.RestApi.of(self.account, self.stack, shifts=given.get(shift.PARAMETER) == "true")
        self.domain = given.get("ApiDomain", "")
        self.mapping = present.mapping(self.account, self.domain)
        if present.stays(self.mapping, drop=self.drop_rest_api):
            self.kept = present

    def _about_rest_api(self, outputs: Mapping[str, str]) -> list[str]:
        return rest_api.sentences(self.kept, outputs, self.domain, self.mapping) if self.kept.id else []

    def _preflight(self) -> None:
        """Print the problems of the account and the parameters; raises CloudError if one would stop the deployment."""
        checked = check(self.account, self.stack, self.types(), self.given, force_remove=self.force_remove)
        self.removed = checked.removed
        for finding in checked.findings:
            if not finding.stops:
                self.terminal.say(finding.line())
        if checked.stopping:
            raise CloudError(" ".join(finding.sentence for finding in checked.stopping))
        self.given = {**checked.defaults, **self.given}

    def _rehearse(self) -> None:
        """Print what would change, and delete the change set."""
        if self.stack.failed_at_first():
            self.terminal.say("The first deployment failed. A real one removes what is left of it and makes all anew.")
            return
        new = self.stack.describe() is None
        try:
            package = self._package(stage_of(self.stack.name))
            proposed = self._propose(package, {**self.given, **self._keys(package)})
            if proposed is not None:
                self.stack.discard(proposed)
        finally:
            if new:
                remove(self.account, artifacts.name(self.account, self.stack.name))
        self._show(proposed)
        if self.kept.id:
            self.terminal.say(f"The REST API {self.kept.id} stays beside the HTTP API: docs/deploy/domains.md.")
        self.terminal.say("Dry run: no resource was changed.")

    def _build_dashboard(self) -> Path | None:
        if self.dashboard is None or self._headless():
            return None
        with self.terminal.working("Building the dashboard"):
            return website.build(self.dashboard)

    def _headless(self) -> bool:
        return self._chosen()["Dashboard"] != "true"

    def _chosen(self) -> Mapping[str, str]:
        """Return the parameters of the stage after this deployment."""
        before = (self.stack.describe() or {}).get("Parameters", [])
        return basics.chosen(parameters.known(self.given, before))

    def _package(self, stage: str) -> Package:
        with self.terminal.working("Packaging the functions"):
            package = self.package(stage)
        for note in (*package.sizes(), *package.notes):
            self.terminal.say(note)
        return package

    def _clear_failed_start(self) -> None:
        if self.stack.failed_at_first():
            self.terminal.say("Removing what is left of a first deployment that failed. What was set for it stays set.")
            # Remove the protection of the tables, because CloudFormation cannot delete protected tables. The tables are
            # empty: the stage never worked, so no token for it exists.
            unlock(self.account, names_of(self.stack.resources(), TABLE), self.terminal.say)
            self.stack.delete(lambda _: None)

    def _apply(self, package: Package, given: Mapping[str, str]) -> None:
        """Update the stack to the template."""
        proposed = self._propose(package, given)
        if proposed is None:
            self.terminal.say("The stack is as it should be: nothing changes.")
            pauses.keep(self.account, self.stack, [], self.terminal.say)
            return
        self._show(proposed)
        self._stop_if_data_is_at_stake(proposed)
        self.stack.wait_for_names(proposed, self.terminal.say, time.time())
        self.changed = True
        with self.terminal.progress(len(proposed.changes)) as seen:
            self.stack.execute(proposed, seen)
        if not proposed.creates:
            pauses.keep(self.account, self.stack, proposed.changes, self.terminal.say)

    def _keys(self, package: Package) -> dict[str, str]:
        """Return the parameters of the signing keys that this deployment changes."""
        declared, found = package.read_template()["Parameters"], self.stack.describe()
        return signing.of(self.account, self.stack.name, found, declared, self.given, time.time())

    def _show(self, proposed: ChangeSet | None) -> None:
        """Print the changes, their fixed cost, and what loses data."""
        changes, types = proposed.changes if proposed else [], self.types()
        shards = int(self._chosen()["IndexShardsRead"])
        costs = standing.of_changes(changes, standing.by_resource(types, self.stack.name, shards=shards))
        self.terminal.diff(changes, costs)
        if told := standing.sentence(types, costs, shards):
            self.terminal.say(told)

    def _propose(self, package: Package, given: Mapping[str, str]) -> ChangeSet | None:
        found = self.stack.describe()
        before = (found or {}).get("Parameters", [])
        names = [entry["ParameterKey"] for entry in before]
        chosen = parameters.choose(package.read_template()["Parameters"], given, names)
        with self.terminal.working("Uploading, and working out what changes"):
            known = parameters.known(given, before)
            before_it = {tag["Key"]: tag["Value"] for tag in (found or {}).get("Tags", [])}
            tags = {**before_it, **self.tags, **tags_of(self.stack.name)}
            ringing = [] if found is None else monitoring.ringing(self.account, self.stack.name)
            url = artifacts.upload(
                self.account, package, tags, known, ringing, partial(rest_api.beside, kept=self.kept)
            )
            self.template_url = url
            return self.stack.propose(url, chosen, tags, self._watched(new=found is None))

    def _try(self, outputs: Mapping[str, str], former: Former | None) -> None:
        """Mark the deployment, test it, then record it for `make rollback`.

        If a run dies before the test, the record is missing, and the next run therefore tests the deployment. A failed
        deployment that is kept is recorded, too. Raises SmokeFailed.
        """
        known = history.read(self.account, self.stack.name)
        noted = bool(known) and known[-1].same_as(self._made())
        if not noted:
            version = versions.version_of(self.template_url, Path.cwd())
            deploys.mark(lambda: access.deploys(self.account, self.stack), version, self.terminal.say)
        if not self.changed:
            # test although nothing changed: an earlier run made these changes, but ended before it had tested them
            former = Former(known[-1], known) if known and not noted else None
        try:
            if self.smoke is not None:
                Trial(self.account, self.stack, self.terminal, self.smoke, self.keep).run(outputs, former)
        except SmokeFailed as failed:
            if not failed.undone:
                self._note()
            raise
        self._note()

    def _note(self) -> None:
        history.remember(self.account, self.stack.name, self._made())

    def _made(self) -> history.Deployed:
        return history.Deployed.of(self.stack.describe() or {}, self.template_url)

    def _watched(self, *, new: bool) -> Mapping[str, Any]:
        """Return the alarms that CloudFormation watches after the change. A new stack has no alarms yet."""
        if new or not self.monitor:
            return UNWATCHED
        return monitoring.configuration(self.account, self.stack.name, self.monitor)

    def _stop_if_data_is_at_stake(self, proposed: ChangeSet) -> None:
        lost = self.removed.at_stake(proposed.changes)
        if lost and not self.yes:
            self.stack.discard(proposed)
            raise CloudError(f"This would lose the data in {', '.join(lost)}. Add --yes to confirm.")

    def _close_policy(self, package: Package) -> dict[str, str]:
        """Add the API's address to the dashboard's security policy.

        The address is known only when both the API and the dashboard exist.
        """
        outputs = self.stack.outputs()
        found = self.stack.describe() or {}
        known = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in found.get("Parameters", [])}
        if self._headless() or known.get("ApiOrigin") == outputs["ApiUrl"]:
            return outputs
        self.terminal.say("Narrowing the dashboard's security policy to this API.")
        self._apply(package, {**self.given, "ApiOrigin": outputs["ApiUrl"]})
        return self.stack.outputs()

    def _print(self, outputs: Mapping[str, str]) -> None:
        self.terminal.table("Ready", {"Dashboard": outputs.get("SiteUrl", "none"), "API": outputs["ApiUrl"]})
        if pending := subscriptions.unconfirmed(self.account, self.stack):
            self.terminal.say(subscriptions.sentence(pending))


def tags_of(stack: str) -> dict[str, str]:
    """Return the tags that every resource of a stack has; `destroy` finds resources by these tags."""
    return {"project": prefix_of(stack), "stage": stage_of(stack)}
