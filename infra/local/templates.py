"""Make the tables, buckets and queues of a user's own templates in the emulator: CloudFormation files in `dev/`."""

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from infra.local import resources
from infra.local.errors import CannotRun

FOLDER = "dev"
ENDINGS = (".json", ".template", ".yaml", ".yml")
KINDS = {"AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName", "AWS::SQS::Queue": "QueueName"}
"""The kinds of resources that the emulator creates, each with the property that contains the resource's name. The
emulator would silently ignore resources of other kinds."""
SECRETS = {"AWS::SecretsManager::Secret", "AWS::SSM::Parameter"}


class _Loader(yaml.SafeLoader):
    """Reads YAML without the values of CloudFormation's short forms, such as `!Ref`."""


_Loader.add_multi_constructor("!", lambda _loader, _tag, _node: None)


def files(root: Path) -> dict[Path, int]:
    """Return the templates, each with the time of its last change in nanoseconds; without hidden files of editors."""
    found = {}
    for path in sorted((root / FOLDER).glob("[!.]*")):
        with contextlib.suppress(FileNotFoundError):  # the file was removed meanwhile, or is a link to a missing file
            if path.suffix in ENDINGS and path.is_file():
                found[path] = path.stat().st_mtime_ns
    return found


def deploy(root: Path, stack: str, aws: Mapping[str, str]) -> None:
    """Create or update one stack for each template. Raises CannotRun with a sentence that names the file."""
    for path in files(root):
        name = f"{FOLDER}/{path.name}"
        of_the_stack = f"{stack}-{FOLDER}-{hashlib.sha256(path.name.encode()).hexdigest()}"
        text = path.read_text(errors="replace")
        if wrong := problem(text):
            raise CannotRun(f"{name}: {wrong}")
        try:
            resources.deploy_template(text, of_the_stack, aws)
        except (ClientError, BotoCoreError) as error:
            raise CannotRun(f"{name}: the emulator cannot make it, see emulator.log: {error}") from error


def problem(text: str) -> str | None:
    """Return which resources of a template the emulator would not create, and what to do; None without a problem."""
    try:
        template: Any = yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        return f"this is neither YAML nor JSON: {error}"
    found = template.get("Resources") if isinstance(template, dict) else None
    if not isinstance(found, dict) or not found:
        return "a template of CloudFormation has Resources, and this one has none."
    kinds = {name: str(each.get("Type")) if isinstance(each, dict) else "no resource" for name, each in found.items()}
    if others := [f"{name} ({kind})" for name, kind in kinds.items() if kind not in KINDS]:
        more = " The values of secrets and parameters belong into .env." if SECRETS & set(kinds.values()) else ""
        return f"this machine cannot make {', '.join(others)}; it makes {', '.join(KINDS)}.{more}"
    names = {name: KINDS[each["Type"]] for name, each in found.items()}
    nameless = [f"{name} needs a {names[name]}" for name, each in found.items() if names[name] not in _properties(each)]
    if nameless:
        return f"{', '.join(nameless)}: the emulator would choose another name at each start."
    given = template.get("Parameters")
    without = [name for name, each in given.items() if "Default" not in (each or {})] if isinstance(given, dict) else []
    return f"the parameters {', '.join(without)} need a Default." if without else None


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    return resource.get("Properties") or {}
