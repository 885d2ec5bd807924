"""Choose what a first deployment leaves open, by the account and by the stage's name. Pure."""

from collections.abc import Collection, Iterator, Mapping

from infra.cloud.preflight.finding import Finding

NAMES = ("prod", "production", "live")
SHORTEST_RETENTION = 14
"""Days of logs: a weekend and a holiday may lie between an error and the person who looks for it."""
UNRESERVED = 100
"""Functions at once that Lambda wants to stay unreserved."""
RESERVED = 100
"""Functions at once reserved for the API and as many for the authorizer: at 200 requests a second of 0.1 s it needs 20,
and both are never starved by workers."""
ENOUGH = 1_000
"""An account that runs fewer functions at once (a new one) has none to reserve."""


def is_production(stage: str) -> bool:
    """Return True for a stage whose name says that customers use it."""
    return stage in NAMES


def defaults(
    stage: str, named: Collection[str], concurrency: int | None, *, log_role: bool, new: bool
) -> dict[str, str]:
    """Return the parameters that a deployment sets by itself: none that somebody has named, once, stays as it is."""
    chosen: dict[str, str] = {}
    if log_role:
        chosen["AccessLogs"] = "true"
    if concurrency is not None and concurrency >= ENOUGH:
        chosen["ApiConcurrency"] = str(RESERVED)
    if new and is_production(stage):
        chosen["Protect"] = "true"
    return {name: value for name, value in chosen.items() if name not in named}


def findings(stage: str, values: Mapping[str, str], named: Collection[str], *, new: bool) -> Iterator[Finding]:
    """Yield what production should not be without."""
    if not is_production(stage):
        return
    if not (values["AlarmEmail"] or values["AlarmTopicArn"]):
        told = 'Alarms of production have no recipient. Say SET="AlarmEmail=me@example.com" (or AlarmTopicArn=arn…)'
        open_question = new and not {"AlarmEmail", "AlarmTopicArn"} & set(named)
        yield Finding("alarms", f"{told}, or AlarmEmail= for none." if open_question else f"{told}.", open_question)
    if values["Protect"] != "true" and (not new or "Protect" in named):
        yield Finding("protection", 'The tables can be deleted. Deploy with SET="Protect=true".')
    if int(values["LogRetentionDays"]) < SHORTEST_RETENTION:
        days = values["LogRetentionDays"]
        yield Finding("logs", f"Logs are kept for {days} days; {SHORTEST_RETENTION} or more are right for production.")
