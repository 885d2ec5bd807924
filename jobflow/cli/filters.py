"""Define the options that select jobs, for every command that takes them."""

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from jobflow.cli import reading

if TYPE_CHECKING:
    from jobflow.models import JobFilter

Type = Annotated[str | None, typer.Option("--type", "-t", help="Only this job type.")]
Status = Annotated[str | None, typer.Option("--status", help="Only this status, such as failed or dead_letter.")]
Tag = Annotated[str | None, typer.Option("--tag", help="Only with this tag.")]
Tenant = Annotated[str | None, typer.Option("--tenant", help="Only of this tenant.")]
Error = Annotated[str | None, typer.Option("--error", help="Only whose error contains this.")]
Group = Annotated[str | None, typer.Option("--fingerprint", help="Only this group of `jobflow errors`.")]
Prefix = Annotated[str | None, typer.Option("--id-prefix", help="Only ids that begin so.")]
Payload = Annotated[
    str | None,
    typer.Option("--payload", help="Only whose payload holds this; a list needs --since, --parent or --batch."),
]
Schedule = Annotated[str | None, typer.Option("--schedule", help="Only of this schedule.")]
Batch = Annotated[str | None, typer.Option("--batch", help="Only members of this batch.")]
Round = Annotated[int | None, typer.Option("--round", min=1, help="Only members in this round; needs --batch.")]
Since = Annotated[str | None, typer.Option("--since", help="Only created after: 2h, today, or 2027-03-01T10:00.")]
Until = Annotated[str | None, typer.Option("--until", help="Only created before: 2h, today, or 2027-03-01T10:00.")]
FinishedAfter = Annotated[str | None, typer.Option("--finished-after", help="Only that ended after: as --since.")]
FinishedBefore = Annotated[str | None, typer.Option("--finished-before", help="Only that ended before: as --since.")]

OPTIONS = (
    ("status", Status), ("type_", Type), ("tag", Tag), ("tenant", Tenant), ("error", Error), ("fingerprint", Group),
    ("id_prefix", Prefix), ("schedule", Schedule), ("batch", Batch), ("round", Round), ("payload_", Payload),
    ("since", Since), ("until", Until),
    ("finished_after", FinishedAfter), ("finished_before", FinishedBefore),
)  # fmt: skip


TIMES = {
    "since": "created_after", "until": "created_before",
    "finished_after": "finished_after", "finished_before": "finished_before",
}  # fmt: skip
"""Options whose values are points in time, each with its condition."""


def taken(typed: dict[str, Any]) -> "JobFilter":
    """Remove these options from the arguments, and return those that were given as a filter."""
    asked = {name.rstrip("_"): typed.pop(name) for name, _ in OPTIONS}
    for name, condition in TIMES.items():
        if (text := asked.pop(name)) is not None:
            asked[condition] = reading.moment(text)
    return cast("JobFilter", {name: value for name, value in asked.items() if value is not None})
