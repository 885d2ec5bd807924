"""Find the commands on the pages about an AWS account, expanded by make, and where a test runs each."""

import argparse
import os
import re
import shlex
import subprocess
from collections.abc import Iterator

from infra.cloud.__main__ import _parser
from infra.cloud.package.build import ROOT
from jobflow.cli.commands import cloud

DEPLOY = ("deploy.md", *sorted(f"deploy/{path.name}" for path in (ROOT / "docs" / "deploy").glob("*.md")))
PAGES = (*DEPLOY, "operations.md", "restore.md", "pipeline.md", "own-repository.md", "security.md")
CLOUD = re.compile(r"-m (?:jobflow|infra\.cloud) (?=(?:" + "|".join(cloud.COMMANDS) + r")\b)")
FROM_REGION_TO_REGION = (
    *(
        "aws dynamodb export-table-to-point-in-time "
        f"--table-arn arn:aws:dynamodb:us-east-1:123456789012:table/jobflow-prod-{name} "
        f"--s3-bucket acme-move --s3-prefix {name}"
        for name in ("jobs", "control")
    ),
    *(
        "aws dynamodb import-table --s3-bucket-source "
        f"S3Bucket=acme-move,S3KeyPrefix={name}/AWSDynamoDB/01798835045000-0a1b2c3d/data/ "
        "--input-format DYNAMODB_JSON --input-compression-type GZIP "
        f"--table-creation-parameters file://moved-{name}.json"
        for name in ("jobs", "control")
    ),
    "make restore STAGE=prod AT=2027-01-02T03:04:05Z TABLES=jobflow-prod-jobs-moved,jobflow-prod-control-moved RUN=1",
)
"""Run in this order in two regions of an account on moto, by restore/test_moving.py."""
ON_A_STAGE = (
    'make preflight STAGE=prod SET="AlarmEmail=me@example.com PermissionsBoundary="',
    'make deploy STAGE=prod SET="AlarmEmail=me@example.com PermissionsBoundary=" DRY_RUN=1',
    'make deploy STAGE=prod SET="AlarmEmail=me@example.com PermissionsBoundary="',
    "make status STAGE=prod",
    "make recount STAGE=prod",
    "make drift STAGE=prod",
    "make backup STAGE=prod KEEP=30",
    "make backup STAGE=prod LIST=1",
    "make restore STAGE=prod FROM=jobflow-prod-20270102T030405Z",
    "make restore STAGE=prod AT=2027-01-02T03:04:05Z",
    "make restore STAGE=prod AT=2027-01-02T03:04:05Z RUN=1",
    "make deploy STAGE=prod MONITOR=600",
    "make rollback STAGE=prod",
    "make destroy STAGE=prod CONFIRM=jobflow-prod",
)
"""Run in this order on a stage of the second emulator, by tests/e2e/cloud/test_documented_commands.py."""


def fenced(page: str) -> list[str]:
    """Return the commands in the shell blocks of a page, without comments."""
    text = (ROOT / "docs" / page).read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = (line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines())
    return [re.sub(r"\s+#.*", "", line) for line in lines if line]


def printed(page: str) -> Iterator[str]:
    """Yield each command of a page: lines of its shell blocks, and commands in backticks that have arguments."""
    text = (ROOT / "docs" / page).read_text()
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in [*fenced(page), *inline]:
        command = re.sub(r"[][]", "", line.split(" && ")[-1]).strip()
        left_to_the_reader = re.search(r"…|\$\(|<[^>]* [^>]*>", command)
        whole = not left_to_the_reader and not re.fullmatch(r"(make|jobflow) [a-z-]+( --help)?", command)
        if re.match(r"(make|jobflow|aws|python -m (infra\.cloud|jobflow)) ", command) and whole:
            yield command


def of(program: str) -> list[str]:
    """Return the commands of all pages that begin with this program."""
    return sorted({command for page in PAGES for command in printed(page) if command.startswith(f"{program} ")})


def expanded(command: str) -> list[str]:
    """Return the commands that make would run: the arguments of infra.cloud, for each command."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    words = shlex.split(command)[1:]
    done = subprocess.run(
        ["make", "-n", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (command, done.stderr)
    whole = re.sub(r"\\\n\s*", " ", done.stdout)
    return [line[found.end() :] for line in whole.splitlines() if (found := CLOUD.search(line))]


def parsed(arguments: str | list[str]) -> argparse.Namespace:
    """Return the options that the command's own parser reads; fail for unknown ones."""
    words = shlex.split(arguments) if isinstance(arguments, str) else arguments
    try:
        return _parser().parse_args(words)
    except SystemExit as error:
        raise AssertionError(f"not taken: {words}") from error
