"""Choose parameters that a first deployment leaves open, from the account and the stage's name. Pure."""

from collections.abc import Collection, Iterator, Mapping

from infra.cloud.preflight.finding import Finding

NAMES = ("prod", "production", "live")
ANSWERS = ("AlarmEmail", "PermissionsBoundary")
"""Parameters that must be given for a first deployment of production; an empty value is accepted."""
SHORTEST_RETENTION = 14
"""Minimum number of days for which logs are kept: there may be a weekend and a holiday between an error and its
investigation."""
UNRESERVED = 100
"""Concurrent invocations that Lambda requires to stay unreserved."""
RESERVED = 100
"""Concurrent invocations reserved for the API, so that workers can never block it.
200 requests a second of 0.1 s need 20."""
ENOUGH = 1_000
"""Below this concurrency (a new account), nothing is reserved."""


def is_production(stage: str) -> bool:
    """Return True for a stage whose name says that it is for production."""
    return stage in NAMES


def defaults(
    stage: str,
    named: Collection[str],
    concurrency: int | None,
    *,
    unreserved: int | None = None,
    new: bool,
) -> dict[str, str]:
    """Return the parameters that a deployment sets automatically. A parameter that somebody has set never changes."""
    chosen: dict[str, str] = {}
    # only for production: otherwise previews in one account would take concurrency from each other's workers
    if (
        is_production(stage)
        and concurrency is not None
        and concurrency >= ENOUGH
        and (unreserved is None or unreserved >= UNRESERVED + RESERVED)
    ):
        chosen["ApiConcurrency"] = str(RESERVED)
    if new and is_production(stage):
        chosen["Protect"] = "true"
    return {name: value for name, value in chosen.items() if name not in named}


def additional(values: Mapping[str, str], before: Mapping[str, str]) -> int:
    """Return how many concurrent invocations are reserved in addition to now; below 0 if there will be fewer."""
    return int(values["ApiConcurrency"]) - int(before["ApiConcurrency"])


def reserved(values: Mapping[str, str], before: Mapping[str, str], unreserved: int | None) -> Iterator[Finding]:
    """Yield a finding if Lambda would refuse the reservation; `unreserved` is the account's free concurrency.

    `before`: the parameters of the present deployment; its reserved invocations become free.
    """
    more = additional(values, before)
    if unreserved is not None and more > 0 and unreserved - more < UNRESERVED:
        yield Finding(
            "concurrency", f"ApiConcurrency={values['ApiConcurrency']} reserves {more} functions at once more, for "
            f"the API, of {unreserved} that are left, and Lambda wants {UNRESERVED} to stay unreserved: "
            "lower it, or ask Service Quotas for more (L-B99A9384).", stops=True,
        )  # fmt: skip


def findings(stage: str, values: Mapping[str, str], named: Collection[str], *, new: bool) -> Iterator[Finding]:
    """Yield what a production stage lacks; for every stage also an alarm address that would not be used."""
    if values["AlarmEmail"] and values["AlarmTopicArn"]:
        yield Finding(
            "alarms", f"Alarms go to AlarmTopicArn, whose subscriptions are yours: {values['AlarmEmail']} gets none of "
            "them from this stack. Subscribe the address there and say AlarmEmail=.",
        )  # fmt: skip
    if not is_production(stage):
        return
    if not (values["AlarmEmail"] or values["AlarmTopicArn"]):
        told = 'Alarms of production have no recipient. Say SET="AlarmEmail=me@example.com" (or AlarmTopicArn=arn…)'
        open_question = new and not {"AlarmEmail", "AlarmTopicArn"} & set(named)
        yield Finding("alarms", f"{told}, or AlarmEmail= for none." if open_question else f"{told}.", open_question)
    if not values["PermissionsBoundary"]:
        told = "The roles of production have no boundary: whoever deploys gives them any right. Make "
        told += "docs/boundary-policy.json a managed policy jobflow-boundary, and say "
        told += 'SET="PermissionsBoundary=arn:aws:iam::<account>:policy/jobflow-boundary"'
        open_question = new and "PermissionsBoundary" not in named
        yield Finding(
            "boundary", f"{told}, or PermissionsBoundary= for none." if open_question else f"{told}.", open_question
        )
    if values["Protect"] != "true" and (not new or "Protect" in named):
        yield Finding("protection", 'The tables can be deleted. Deploy with SET="Protect=true".')
    if int(values["LogRetentionDays"]) < SHORTEST_RETENTION:
        days = values["LogRetentionDays"]
        yield Finding("logs", f"Logs are kept for {days} days; {SHORTEST_RETENTION} or more are right for production.")
