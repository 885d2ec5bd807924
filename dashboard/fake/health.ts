import type { components } from "jobflow-aws";
import { errorGroups, metrics } from "./answers";
import { fingerprint, iso, type FakeJob } from "./sim/model";
import type { Sim } from "./sim/sim";

type Schemas = components["schemas"];
type Row = Schemas["FindingRow"];

const HOUR = 3_600_000;
const ORDER: Row["kind"][] = [
  "not_starting",
  "in_flight",
  "new_dead_letters",
  "overdue",
  "paused",
  "oldest_job",
  "growing",
  "failure_ratio",
  "errors",
  "dead_letters",
  "draining",
];

/** Rank what needs somebody, as the API does; the simulation knows no growth. */
export function findings(sim: Sim): Schemas["Findings"] {
  const { groups } = errorGroups(sim, new URLSearchParams());
  const found = Object.entries(metrics(sim).by_type).flatMap(([type, numbers]) => {
    const dead = [...sim.jobs.values()].filter((job) => job.type === type && job.status === "dead_letter");
    const fresh = dead.filter((job) => (job.finishedAt ?? 0) > sim.now() - HOUR).length;
    const open = groups.filter(
      (one) => one.type === type && (one.acknowledged_at === null || one.last_seen > one.acknowledged_at),
    );
    const since = iso(sim.now() - HOUR);
    const died = { status: "dead_letter", type, finished_after: null, finished_before: null } as const;
    const counts: [Row["kind"], number, Row["filter"]][] = [
      ["new_dead_letters", fresh, { ...died, finished_after: since }],
      [
        "paused",
        sim.paused.has(type) ? Math.max(1, numbers.by_status.queued ?? 0) : 0,
        { ...died, status: "queued" },
      ],
      ["errors", open.length, null],
      ["dead_letters", dead.length - fresh, { ...died, finished_before: since }],
    ];
    const older = dead.filter((job) => (job.finishedAt ?? 0) <= sim.now() - HOUR);
    return counts
      .filter(([, number]) => number > 0)
      .map(([kind, number, filter]) => ({
        ...row(kind, type, number, filter),
        ...(kind === "dead_letters" && known(sim, older)),
      }));
  });
  const sorted = found.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || b.number - a.number);
  return { findings: sorted, as_of: iso(sim.now()) };
}

/** How many of them had ended when their error was acknowledged, and the error if it is only one. */
function known(sim: Sim, dead: FakeJob[]): Pick<Row, "acknowledged" | "fingerprint"> {
  const errors = dead.flatMap((job) => {
    const key = fingerprint(job.type, job.errorClass ?? "");
    const mark = sim.acknowledged.get(key);
    return mark && (job.finishedAt ?? 0) <= mark.at ? [key] : [];
  });
  return {
    acknowledged: errors.length,
    fingerprint: new Set(errors).size === 1 ? (errors[0] ?? null) : null,
  };
}

function row(kind: Row["kind"], type: string, number: number, filter: Row["filter"]): Row {
  return {
    kind,
    type,
    number,
    growth_per_minute: null,
    drain_eta_s: null,
    since: null,
    acknowledged: null,
    fingerprint: null,
    limit: null,
    filter,
  };
}
