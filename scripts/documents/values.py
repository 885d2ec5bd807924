"""Write values of the code into the pages that name them (`--check`: only list stale pages).

A page names a value around its number: `kept for <!-- value: limits.KEEP_DEAD -->90 days<!-- /value -->`. Use this only
for numbers that would cost a reader money or data if they were wrong; no other text is compared.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chalicelib.api.constants import LARGEST_REQUEST, MOST_IN_BATCH
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import DELIVER
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queue import Queue
from chalicelib.jobs import retention
from chalicelib.jobs.constants import DAY, MOST_CLAIMS
from chalicelib.worker.constants import LARGEST_BODY
from infra.cloud.cost import calculation as cost
from infra.cloud.cost import others, settings, webhooks
from infra.cloud.cost.attack import under_attack
from infra.cloud.cost.batches import lines as batches
from infra.cloud.cost.children import lines as children
from infra.cloud.cost.extras import extras
from infra.cloud.cost.limits import lines as places
from infra.cloud.cost.orders import line as order
from infra.cloud.cost.prices import ALLOWANCES, PRICES
from infra.cloud.cost.steps import lines as steps
from infra.cloud.restore import actions
from infra.definition.monitoring import knowing
from infra.definition.monitoring.alarms import all_alarms
from infra.definition.parameters import parameters
from scripts.documents import celery, lifecycle, sequences
from scripts.documents import limits as limit_tables
from scripts.openapi import named
from scripts.scaling import __main__ as simulated
from scripts.scaling import tables as scaling
from tests.proof import faced

ROOT = Path(__file__).parents[2]
MONTH = 730 * 3_600
"""Seconds of a month."""
MARK = re.compile(r"<!-- value: (?P<name>[\w.]+) -->((?!<!-- value: ).)*?<!-- /value -->", re.DOTALL)


def values() -> dict[str, str]:
    """Return all values that a page may name. Prices are those of the built-in job types."""
    types = [kind for kind in jobtype.load() if kind.name in named()]
    sharing = [replace(types[0], name=name, queue=Queue("mail")) for name in ("x.y", "x.z")]

    def more(added: Sequence[JobType[Any, Any]], to: Sequence[JobType[Any, Any]] = ()) -> list[cost.Line]:
        """Return the cost that types add to an idle month, at list price."""
        dollars = cost.total(cost.idle([*types, *added])) - cost.total(cost.idle([*types, *to]))
        return [cost.Line("more", 1, dollars)]

    loads = {"alone": cost.ALONE, "busy": cost.BUSY, "batches": cost.BATCHES}
    bills = {
        **{f"cost.{name}": cost.per_million(load.of_one_job()) for name, load in loads.items()},
        "cost.idle": cost.idle(types, ALLOWANCES),
        "cost.idle_at_list_price": cost.idle(types),
        "cost.queue": more([replace(types[0], name="x.y")]),
        "cost.webhooks": more([replace(types[0], name=DELIVER, rate=None)]),
        "cost.shared_type": more(sharing, sharing[:1]),
        "cost.kept": cost.kept(),
        "cost.canaries": cost.canaries(),
        "cost.console_busy": cost.console(types, cost.BUSY_SECONDS),
        "cost.console_quiet": cost.console(types, cost.QUIET_SECONDS),
        "cost.fair_by": extras(replace(types[0], fair_by="x"), cost.ALONE),
        "cost.serial_by": extras(replace(types[0], serial_by="x"), cost.ALONE),
        **{
            f"cost.{name}": [line]
            for name, line in zip(("step", "sleep", "wait", "call", "wake", "look"), steps(cost.BUSY), strict=False)
        },
        **{f"cost.{name}": [line] for name, line in zip(("child", "child_of_many"), children(), strict=True)},
        **{
            f"cost.{name}": [line]
            for name, line in zip(("place", "limit_rate", "place_wait", "place_turn"), places(), strict=True)
        },
        "cost.hooked_end": webhooks.lines(cost.ALONE)[:1],
        **{f"cost.delivery_{name}": webhooks.lines(loads[name])[1:] for name in ("alone", "busy")},
        **{f"cost.{name}": [line] for name, line in zip(("member", "batch"), batches(), strict=True)},
        **{
            f"cost.flood_{name}": [line]
            for name, line in zip(("hour", "month", "lower", "large"), under_attack(), strict=True)
        },
        "cost.order": [order()],
        "cost.order_soon": [order(under_way=0)],
    }
    sixty = cost.idle([replace(types[0], name=f"x.n{number}", rate=None) for number in range(60)], ALLOWANCES)
    bills |= {
        "cost.sixty": sixty,
        "cost.sixty_polls": [line for line in sixty if line.what.startswith("SQS")],
        "cost.sixty_each": [cost.Line("each", 1, cost.total(sixty) / 60)],
    }
    periods = {f"limits.{name}": value for name, value in vars(retention).items() if name.startswith("KEEP_")}
    files = periods.pop("limits.KEEP_FILES")
    periods |= {f"limits.KEEP_FILES.{prefix.rstrip('/')}": seconds for prefix, seconds in files.items()}
    return {
        **{name: f"${cost.total(bill):.2f}" for name, bill in bills.items()},
        "cost.every_20_seconds": f"${cost.total(bills['cost.alone']) * MONTH / 20 / 1e6:.2f}",
        **{f"others.{one.key}.jobs": one.a_million_jobs for one in others.OFFERS},
        **{f"others.{one.key}.orders": one.a_million_orders for one in others.OFFERS},
        **{f"others.{one.key}.seen": one.seen for one in others.OFFERS},
        "cost.key_month": f"${PRICES.key_month:.2f}",
        "cost.log_kept": f"${PRICES.log_kept_gb_month:.2f}",
        "cost.visits": f"{settings.VISITS:,}",
        "cost.mails": f"{settings.MAILS:,}",
        "cost.key_minutes": f"{settings.KEY_MINUTES} minutes",
        "cost.cdn_free": f"{ALLOWANCES.cdn_requests / 1e6:.0f} million requests and {ALLOWANCES.cdn_gb / 1e3:.0f} TB",
        "cost.idempotency_key": f"${PRICES.read_unit:.3f}",
        **{name: f"{seconds / DAY:.0f} days" for name, seconds in periods.items()},
        "limits.MOST_CLAIMS": f"{MOST_CLAIMS:,}",
        "limits.LARGEST_BODY": f"{LARGEST_BODY / 1e6:.0f} MB",
        "limits.LARGEST_REQUEST": f"{LARGEST_REQUEST // 1024} KB",
        "api.MOST_IN_BATCH": f"{MOST_IN_BATCH}",
        **{f"parameters.{name}": str(parameters()[name]["Default"]) for name in ("RateLimitMax", "LogRetentionDays")},
        "knowing.table": f"\n\n{knowing.table(all_alarms(types, 'jobflow-prod'))}\n\n",
        "acceptance.result": accepted(ROOT / "docs" / "acceptance.json"),
        "proof.faced": f"\n\n{faced.table()}\n\n",
        "celery.tables": f"\n\n{celery.tables()}\n\n",
        "limits.tables": f"\n\n{limit_tables.tables()}\n\n",
        **{
            f"restore.{name}": f"`{' '.join(sorted(needed))}`"
            for name, needed in (("dynamodb", actions.DYNAMODB), ("s3", actions.S3))
        },
        "lifecycle.diagram": f"\n{lifecycle.diagram()}\n",
        "scaling.simulation": f"\n```\n{simulated.report(simulated.sizes(simulated.SECONDS))}\n```\n",
        "scaling.limits": f"\n\n{scaling.limits_table()}\n\n",
        "scaling.needs": f"\n\n{scaling.needs_table()}\n\n",
        "sequences.diagrams": f"\n\n{sequences.diagrams()}\n\n",
    }


def accepted(record: Path) -> str:
    """Return the last acceptance in a real account as a table, with date, region and commit."""
    if not record.exists():
        return "never run"
    found = json.loads(record.read_text())
    rows = [
        f"| {one['promise']} | {one['state']}: {one['seen']} | {one['seconds']:.0f} | {one['dollars']:.4f} |"
        for one in found["results"]
    ]
    head = "| promise | seen | seconds | dollars |\n|---|---|---|---|"
    return f"{found['date']}, {found['region']}, {found['commit']}\n\n" + "\n".join([head, *rows]) + "\n\n"


def render(text: str, known: Mapping[str, str]) -> str:
    """Return a page with its values filled in.

    Raises ValueError for an unknown name and for a marker without an end.
    """
    names = [mark["name"] for mark in MARK.finditer(text)]
    if unknown := sorted(set(names) - known.keys()):
        raise ValueError(f"unknown: {', '.join(unknown)}")
    if len(names) != text.count("<!-- value: ") or len(names) != text.count("<!-- /value -->"):
        raise ValueError("a mark has no beginning or no end")
    return MARK.sub(lambda mark: f"<!-- value: {mark['name']} -->{known[mark['name']]}<!-- /value -->", text)


def main() -> int:
    """Write the pages, or check them; return 1 if a page is stale."""
    check, known, stale = "--check" in sys.argv[1:], values(), []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        before = page.read_text()
        if (after := render(before, known)) != before:
            stale.append(page.relative_to(ROOT))
            if not check:
                page.write_text(after)
    for name in stale:
        print(f"{name} is stale: run `make docs-values`" if check else f"wrote {name}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
