"""Manage JobFlow in an AWS account: package, deploy, inspect, destroy; and print the cost.

`make` has the same commands.
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.access.constants import TOKEN_TRUSTED
from chalicelib.access.scope import scope_of
from chalicelib.access.tokens import Role
from chalicelib.errors import JobFlowError
from chalicelib.jobs.constants import DAY
from infra.cloud import around, job_types
from infra.cloud.acceptance.promises import BROKEN, PROMISES
from infra.cloud.account import sign_in
from infra.cloud.commands import acceptance, access
from infra.cloud.commands.acceptance import Acceptance
from infra.cloud.commands.deploy import Deployment
from infra.cloud.commands.destroy import Destruction
from infra.cloud.commands.first_token import FirstToken
from infra.cloud.commands.recount import recount
from infra.cloud.commands.smoke import Smoke
from infra.cloud.commands.spent import last_days
from infra.cloud.commands.status import status
from infra.cloud.commands.tokens import duration, ignored, line_of, listed, token_row
from infra.cloud.cost import bill
from infra.cloud.cost.settings import settings
from infra.cloud.errors import CloudError, refusal
from infra.cloud.package import cold_starts
from infra.cloud.package.build import ROOT, Package, build
from infra.cloud.package.translate import for_tools
from infra.cloud.stack import parameters
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from infra.definition.lambdas.runtime import ARCHITECTURE, PYTHON
from infra.definition.names import stack_name
from infra.program import called

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options, unknown = _parser().parse_known_args(arguments)
    if len(unknown) == 1 and not unknown[0].startswith("-") and getattr(options, "name", None) == "":
        # argparse takes all positional arguments at once: in `token rotate --stage prod NAME` the name is left over
        options.name = unknown.pop()
    if unknown:  # told with the usage of the command, not with that of all commands
        options.misused(f"unrecognized arguments: {' '.join(unknown)}")
    carry_out: Callable[[argparse.Namespace, Terminal], int] = options.carry_out
    terminal = Terminal()
    try:
        with access.quiet():
            return carry_out(options, terminal)
    except (CloudError, JobFlowError) as error:
        terminal.say(f"Error: {error}")
    except KeyboardInterrupt:
        terminal.say("Stopped. What CloudFormation has begun continues: `make status` tells how far it is.")
        return INTERRUPTED
    except Exception as error:
        said = refusal(error)
        if said is None:
            raise
        terminal.say(said)
    return 1


def _package(options: argparse.Namespace, terminal: Terminal) -> int:
    with terminal.working("Packaging the functions"):
        made = _build(options, options.stage, options.out)
    terminal.say(f"{made.archive}, {made.template}, {made.template.with_name('sbom.json')}")
    if options.translated:
        plain = options.out / "cloudformation.json"
        plain.write_text(json.dumps(for_tools(made.read_template()), indent=1, sort_keys=True) + "\n")
        terminal.say(str(plain))
    for note in (*made.sizes(), *made.notes):
        terminal.say(note)
    return 0


def _deploy(options: argparse.Namespace, terminal: Terminal) -> int:
    account = sign_in()
    terminal.say(f"Deploying {stack_name(options.stage)} to account {account.id}, {account.region}.")
    stack = Stack(account, stack_name(options.stage), role=options.role_arn)
    Deployment(
        account,
        stack,
        terminal,
        given=parameters.parse(options.set),
        dashboard=None if options.no_dashboard else ROOT / "dashboard",
        dry_run=options.dry_run,
        yes=options.yes,
        force_remove=options.force_remove,
        drop_rest_api=options.drop_rest_api,
        first_token=FirstToken(options.token_file, options.token_secret),
        tags=parameters.parse(options.tag),
        monitor=options.monitor,
        smoke=None if options.no_smoke else Smoke(account, stack, job_types.load()).run,
        keep=options.no_rollback,
        package=lambda stage: _build(options, stage),
    ).run()
    return 0


def _build(options: argparse.Namespace, stage: str, target: Path | None = None) -> Package:
    return build(stage, job_types.load(), target=target, architecture=options.architecture, python=options.python)


def _acceptance(options: argparse.Namespace, terminal: Terminal) -> int:
    account, name = sign_in(), stack_name(options.stage)
    stack = Stack(account, name, role=options.role_arn)
    known = {promise.short: promise for promise in PROMISES}
    if unknown := sorted({*options.only, *options.without} - known.keys()):
        raise CloudError(f"There is no promise {', '.join(unknown)}; there are: {', '.join(known)}.")
    chosen = [
        promise for short, promise in known.items() if short in (options.only or known) and short not in options.without
    ]

    def deploy(given: Mapping[str, str]) -> dict[str, str]:
        return Deployment(
            account, stack, terminal, given=given, dashboard=None if options.no_dashboard else ROOT / "dashboard",
            first_token=FirstToken(), smoke=Smoke(account, stack, job_types.load()).run, keep=True,
            package=lambda stage: _build(options, stage),
        ).run()  # fmt: skip

    given = {"RateLimitMax": "0", **parameters.parse(options.set)}
    found = Acceptance(account, stack, terminal, job_types.load(), deploy, given, chosen).run()
    if options.record is not None:
        acceptance.write(options.record, acceptance.recorded(account, found, datetime.now(UTC), Path.cwd()))
    return 1 if any(result.state == BROKEN for result in found) else 0


def _destroy(options: argparse.Namespace, terminal: Terminal) -> int:
    account = sign_in()
    name = stack_name(options.stage)
    confirmed = options.confirm or terminal.ask(f"This deletes every job, file and log of {name}. Type its name: ")
    left = Destruction(account, Stack(account, name, role=options.role_arn), terminal, confirmed).run()
    if not left:
        terminal.say("Nothing is left.")
        return 0
    terminal.say("Still there, remove by hand:")
    for arn in left:
        terminal.say(f"  {arn}")
    return 1


def _status(options: argparse.Namespace, terminal: Terminal) -> int:
    account = sign_in()
    facts = status(account, Stack(account, stack_name(options.stage)), job_types.load())
    terminal.table(stack_name(options.stage), facts)
    return 0


def _recount(options: argparse.Namespace, terminal: Terminal) -> int:
    account = sign_in()
    with terminal.working("Recounting"):
        found = recount(account, Stack(account, stack_name(options.stage)), terminal.say)
    for line in found.lines():
        terminal.say(line)
    return 0 if found.right else 1


def _token(options: argparse.Namespace, terminal: Terminal) -> int:
    _checked(options)
    identity = ""
    if options.stage is None:
        tokens = access.tokens_here()
    else:
        account = sign_in()
        identity, tokens = account.identity, access.tokens(account, Stack(account, stack_name(options.stage)))
    ttl = options.expires if options.days is None else options.days * int(DAY)
    if options.action == "list":
        shown, uses, now = tokens.list(), tokens.uses(), time.time()
        rows = [token_row(token, uses.get(token.id), now) for token in shown]
        for line in [json.dumps(rows, indent=1)] if options.json else map(line_of, rows):
            _printed(line)
    elif options.action == "revoke":
        found = tokens.revoke(options.name, identity)
        terminal.say(f"Revoked {found.principal}. It stops working within ten seconds.")
    elif options.action == "rotate":
        overlap = float(DAY) if options.overlap is None else options.overlap
        try:
            text, token = tokens.rotate(options.name, overlap, ttl, identity)
        except JobFlowError:
            raise
        except Exception:
            terminal.say("The rotation has not ended: its new secret is not shown. Repeat the command.")
            raise
        # a process that has just used the earlier secret trusts it for some seconds more
        ends = time.time() + overlap + TOKEN_TRUSTED
        until = datetime.fromtimestamp(ends, UTC)
        terminal.say(f"The earlier secret of {token.principal} works until {until:%Y-%m-%d %H:%M:%S} UTC, at most.")
        for one in tokens.besides(token, ends):
            terminal.say(
                f"Another secret, {one.id}, works too: it was made at the same time. Rotate again to end both."
            )
        terminal.secret(
            f"Token {token.principal}, {token.role}, scope: {token.scope}. Its new secret is shown this once:", text
        )
    else:
        role = Role(options.role or Role.VIEWER)
        label = options.label or ("" if options.stage else f"a local {role}")
        scope = scope_of(
            options.types, options.tenants, payloads=not options.without_payloads, personal=not options.without_personal
        )
        text, token = tokens.issue(role, label, ttl, identity, options.rate, scope)
        terminal.secret(f"Token {token.id}, {token.role}, scope: {token.scope}. It is shown this once:", text)
    return 0


def _printed(text: str) -> None:
    """Print what a command has read. It may be that nobody reads it to the end, such as `jobflow cost | head`."""
    try:
        print(text, flush=True)
    except BrokenPipeError:  # Python flushes standard output once more when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _checked(options: argparse.Namespace) -> None:
    """End with 2 if options of `token` are missing or do not fit."""
    options.name = options.name or options.id
    if without_use := ignored(options):
        options.misused(f"{options.action} does not use {without_use}")
    if options.action in ("revoke", "rotate") and not options.name:
        options.misused(f"the id of the token to {options.action} is missing: `list` shows it")
    if options.days is not None and not 0 < options.days < math.inf:
        options.misused("argument --days: must be a positive number; without it the token works for ever")
    if options.days is not None and options.expires is not None:
        options.misused("argument --expires: cannot be combined with --days")


def _cost(options: argparse.Namespace, terminal: Terminal) -> int:
    if options.from_stage is None:
        if options.json:
            options.misused("argument --json: needs --from-stage")
        _printed(bill.report(job_types.load(), settings(parameters.parse(options.set))))
        return 0
    if options.set:
        options.misused("argument --set: not allowed with --from-stage, which reads what was used")
    account = sign_in()
    with terminal.working("Reading what AWS has counted"):
        found = last_days(account, Stack(account, stack_name(options.from_stage)), datetime.now(UTC))
    _printed(json.dumps(found.as_json(), indent=1) if options.json else "\n".join(found.lines_of_text()))
    return 0


def _cold_starts(options: argparse.Namespace, _terminal: Terminal) -> int:
    print(cold_starts.report(build("prod", job_types.load(), target=options.out), options.base))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=called(os.environ), description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(
        name: str, run: Callable[[argparse.Namespace, Terminal], int], about: str, example: str
    ) -> argparse.ArgumentParser:
        shown = f"Example:\n  {parser.prog} {name} {example}".rstrip()
        kind = argparse.RawDescriptionHelpFormatter
        made = commands.add_parser(name, help=about, description=about, epilog=shown, formatter_class=kind)
        # not named "run": `restore` has an option `--run`, and argparse would store both values under this name
        made.set_defaults(carry_out=run, misused=made.error)
        return made

    def staged(
        name: str, run: Callable[[argparse.Namespace, Terminal], int], about: str, example: str = ""
    ) -> argparse.ArgumentParser:
        made = command(name, run, about, example if "--stage" in example else f"--stage prod {example}")
        made.add_argument("--stage", required=True, help="dev, prod, or any name: each stage is a stack of its own")
        return made

    package = command(
        "package", _package, "Write build/deployment.zip, build/sam.json and build/sbom.json.", "--out build"
    )
    package.add_argument("--stage", default="prod", help="whose template; the zip is the same for all")
    package.add_argument("--out", type=Path, default=ROOT / "build", help="folder for the files; default: build")
    package.add_argument(
        "--translated", action="store_true", help="also cloudformation.json, after the SAM transform: for CDK"
    )
    _package_options(package)
    deploy = staged(
        "deploy", _deploy, "Package, and bring the stage's stack, console and first token up to date.", "--dry-run"
    )
    _deploy_options(deploy)
    destroy = staged(
        "destroy", _destroy, "Delete the stage with all its data, and list what is left.", "--confirm jobflow-prod"
    )
    for command_with_role in (deploy, destroy, *around.parsers(staged)):
        command_with_role.add_argument("--role-arn", default="", help="with whose rights CloudFormation acts")
    tried = staged(
        "acceptance", _acceptance, "Make a stage, check on it what only an account shows, tell, and destroy it.",
        "--stage try",
    )  # fmt: skip
    _package_options(tried)
    tried.add_argument("--role-arn", default="", help="with whose rights CloudFormation acts")
    tried.add_argument("--set", action="append", default=[], metavar="Name=value", help="a parameter of the stack")
    tried.add_argument("--no-dashboard", action="store_true", help="without the console; needs no Node")
    names = ", ".join(promise.short for promise in PROMISES)
    tried.add_argument("--only", action="append", default=[], metavar="PROMISE", help=f"one of {names}")
    tried.add_argument("--without", action="append", default=[], metavar="PROMISE", help="leave this one out")
    tried.add_argument("--record", type=Path, metavar="FILE", help="write the result: docs/acceptance.json of JobFlow")
    destroy.add_argument("--confirm", default="", metavar="STACK", help="the stack's name, to be sure")
    staged("status", _status, "Show the stage's addresses, queues and ringing alarms.")
    staged("recount", _recount, "Count the stage's jobs anew and compare with its counters; ends with 1 if wrong.")
    token = command(
        "token",
        _token,
        "Issue, list, rotate or revoke API tokens.",
        "issue --stage prod --role operator --label billing --expires 90d",
    )
    token.add_argument("--stage", help="the stage; without it, the platform that runs on this machine")
    token.add_argument(
        "action", choices=["issue", "list", "rotate", "revoke"], nargs="?", default="issue",
        help="what to do; default: issue",
    )  # fmt: skip
    token.add_argument(
        "name", nargs="?", default="", help="of the token to rotate or revoke: its id, or, to rotate, its label"
    )
    token.add_argument("--role", choices=[str(role) for role in Role], help="what it may do; default: viewer")
    token.add_argument("--label", default="", help="who or what uses it; needed with --stage")
    token.add_argument(
        "--rate",
        type=int,
        default=0,
        metavar="N",
        help="POSTs a minute, in place of its address's limit; 0 (default): that limit",
    )
    token.add_argument(
        "--expires", type=duration, metavar="90d",
        help="for how long it works; without it for ever, or, for `rotate`, as long as before",
    )  # fmt: skip
    token.add_argument("--days", type=float, help="the same as --expires, as a number of days")
    token.add_argument(
        "--types", type=listed, default=(), metavar="email.send,report.*",
        help="the job types that it may touch; without it all",
    )  # fmt: skip
    token.add_argument(
        "--tenants", type=listed, default=(), metavar="acme", help="the tenants whose jobs it may touch; without it all"
    )
    token.add_argument(
        "--without-payloads", action="store_true",
        help="it may not read payloads, results, error messages, steps and log lines",
    )  # fmt: skip
    token.add_argument(
        "--without-personal", action="store_true",
        help="it sees a mask in place of the personal fields of payloads and results, as viewers always do",
    )  # fmt: skip
    token.add_argument(
        "--overlap", type=duration, metavar="24h",
        help="with `rotate`: for how long the earlier secret still works; default: 24h",
    )  # fmt: skip
    token.add_argument("--id", default="", help="of the token to rotate or revoke, as `list` shows it")
    token.add_argument("--json", action="store_true", help="with `list`: for programs")
    measured = command("bench", _cold_starts, "Package, and measure size and CPU of the cold starts.", "--base main")
    measured.add_argument("--out", type=Path, default=ROOT / "build", help="folder for the files; default: build")
    measured.add_argument("--base", default="", metavar="REVISION", help="of git, to compare with its code in turn")
    priced = command(
        "cost", _cost, "Work out what the stack costs when idle, and per million jobs; or what a stage has cost.",
        "--from-stage prod",
    )  # fmt: skip
    priced.add_argument("--from-stage", metavar="STAGE", help="read what AWS has counted in its last 30 full days")
    priced.add_argument("--json", action="store_true", help="with --from-stage: for programs")
    priced.add_argument("--set", action="append", default=[], metavar="Name=value", help="a parameter of the stack")
    return parser


def _package_options(package: argparse.ArgumentParser) -> None:
    package.add_argument(
        "--architecture", default=ARCHITECTURE, choices=("arm64", "x86_64"),
        help="the functions' processor, where a library has no wheel for arm64; the same at every deployment",
    )  # fmt: skip
    package.add_argument("--python", default=PYTHON, metavar="VERSION", help="the functions' Python, such as 3.12")


def _deploy_options(deploy: argparse.ArgumentParser) -> None:
    _package_options(deploy)
    deploy.add_argument("--dry-run", action="store_true", help="only say what would change")
    deploy.add_argument("--yes", action="store_true", help="continue even when data would be lost")
    deploy.add_argument(
        "--force-remove", action="store_true", help="remove job types that have unfinished jobs; they are cancelled"
    )
    deploy.add_argument("--drop-rest-api", action="store_true", help="delete the REST API of an earlier version")
    deploy.add_argument("--no-dashboard", action="store_true", help="leave the console as it is; needs no Node")
    deploy.add_argument("--token-file", type=Path, help="where the first admin token goes, if not to a terminal")
    deploy.add_argument(
        "--token-secret", default="", metavar="NAME", help="the same as a new secret in Secrets Manager"
    )
    deploy.add_argument("--monitor", type=int, default=0, metavar="SECONDS", help="roll back when an alarm rings")
    deploy.add_argument("--no-smoke", action="store_true", help="do not try the stage afterwards")
    deploy.add_argument("--no-rollback", action="store_true", help="keep a version whose smoke failed, to look at it")
    deploy.add_argument("--tag", action="append", default=[], metavar="Name=value", help="a tag on everything")
    deploy.add_argument("--set", action="append", default=[], metavar="Name=value", help="a parameter of the stack")


if __name__ == "__main__":
    sys.exit(main())
