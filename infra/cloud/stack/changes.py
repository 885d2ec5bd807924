"""Describe a change set to a person: which resources are added, changed, replaced, removed, and which hold data.

Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HOLDS_DATA = frozenset({"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue"})
NAMES = frozenset({"BucketName", "QueueName", "TableName"})
SIGNS = {"add": "+", "modify": "~", "replace": "!", "remove": "-", "import": "+"}
MOST_WHY = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one resource."""

    kind: str
    logical_id: str
    type: str
    why: tuple[str, ...] = ()

    @property
    def loses_data(self) -> bool:
        """Return whether messages, rows or objects are lost with this change."""
        return self.kind in ("replace", "remove") and self.type in HOLDS_DATA

    def line(self, cost: float = 0.0) -> str:
        """Return one line of the diff; `cost` is in dollars a month, negative for removed resources."""
        why = ", ".join(self.why[:MOST_WHY]) + (" …" if len(self.why) > MOST_WHY else "")
        money = f"   {'+' if cost > 0 else '-'}${abs(cost):.2f} a month" if cost else ""
        warning = "   LOSES DATA" if self.loses_data else ""
        return f"{SIGNS[self.kind]} {self.logical_id:<32} {self.type:<40} {why}{money}{warning}".rstrip()


def read(changes: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Return CloudFormation's changes, beginning with those that lose data."""
    order = ["remove", "replace", "modify", "add", "import"]
    found = [_change(entry["ResourceChange"]) for entry in changes if entry.get("Type", "Resource") == "Resource"]
    return sorted(found, key=lambda change: (not change.loses_data, order.index(change.kind), change.logical_id))


def summary(changes: Sequence[Change]) -> str:
    """Return how many changes of each kind there are, in a sentence."""
    if not changes:
        return "No changes."
    words = {"add": "added", "modify": "changed", "replace": "replaced", "remove": "removed", "import": "imported"}
    counted = {kind: sum(change.kind == kind for change in changes) for kind in words}
    return ", ".join(f"{count} {words[kind]}" for kind, count in counted.items() if count) + "."


def _change(entry: Mapping[str, Any]) -> Change:
    targets = [detail.get("Target", {}) for detail in entry.get("Details", [])]
    why = tuple(dict.fromkeys(target.get("Name") or target.get("Attribute", "") for target in targets))
    kind = entry["Action"].lower()
    replacement = entry.get("Replacement", "False")
    # "Conditional" means perhaps. Resources with data have a fixed name, and CloudFormation replaces such a resource
    # only if the name changes, too.
    if kind == "modify" and (replacement == "True" or (replacement == "Conditional" and NAMES & set(why))):
        kind = "replace"
    return Change(kind, entry["LogicalResourceId"], entry["ResourceType"], tuple(filter(None, why)))
