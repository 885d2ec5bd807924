import type { components } from "jobflow-aws";
import type { Handler } from "./handler";
import { iso } from "./sim/model";
import type { FakeJob } from "./sim/model";
import { types } from "./sim/types";

type Row = components["schemas"]["UsageRow"];
type Run = components["schemas"]["DearRun"];

const DAY = 86_400_000;
/** Jobs of each type a day, and how long one of them runs. */
const LOADS: Record<string, { jobs: number; ms: number }> = {
  "email.send": { jobs: 48_000, ms: 240 },
  "image.process": { jobs: 9_000, ms: 2_400 },
  "report.generate": { jobs: 700, ms: 41_000 },
};
const OTHER = { jobs: 300, ms: 600 };
const TENANTS: readonly [string | null, number][] = [["acme", 0.5], ["globex", 0.3], [null, 0.2]]; // prettier-ignore

const EMPTY: Row = {
  ...{ type: null, tenant: null, day: null, jobs: 0, attempts: 0, retries: 0, run_s: 0, cost_nano_usd: 0 },
  ...{ run_nano_usd: 0, requests_nano_usd: 0, jobs_nano_usd: 0, counting_nano_usd: 0, kept_nano_usd: 0 },
  retries_nano_usd: 0,
};

/** What a type's jobs have used on a day: less on Sundays, more retries every ninth day. */
function used(type: string, day: number): Row {
  const { jobs: most, ms } = LOADS[type] ?? OTHER;
  const number = Math.floor(day / DAY);
  const jobs = Math.round(most * (number % 7 === 3 ? 0.3 : 0.8 + ((number * 37) % 11) / 25));
  const retries = Math.round(jobs * (number % 9 === 0 ? 0.4 : 0.02));
  const attempts = jobs + retries;
  const [run, requests] = [Math.round(attempts * ms * 6.6667), attempts * 4_400];
  const shares = {
    ...{ run_nano_usd: run, requests_nano_usd: requests, jobs_nano_usd: jobs * 4_500 },
    ...{ counting_nano_usd: jobs * 300, kept_nano_usd: jobs * 1_700 },
  };
  return {
    ...EMPTY,
    ...{ type, jobs, attempts, retries, run_s: (attempts * ms) / 1000 },
    ...shares,
    cost_nano_usd: Object.values(shares).reduce((sum, one) => sum + one, 0),
    retries_nano_usd: Math.round(((run + requests) * retries) / attempts),
  };
}

const NUMBERS = Object.keys(EMPTY).filter((name) => typeof EMPTY[name as keyof Row] === "number");

/** Return the sum of rows, each with a share. */
function sum(rows: readonly Row[], names: Partial<Row> = {}, share = 1): Row {
  const total = Object.fromEntries(
    NUMBERS.map((name) => [
      name,
      Math.round(share * rows.reduce((n, row) => n + Number(row[name as keyof Row]), 0)),
    ]),
  );
  return { ...EMPTY, ...total, ...names };
}

const read: Handler = ({ sim, query }) => {
  const today = sim.now() - (sim.now() % DAY);
  const asked = (name: string) => (query.get(name) === null ? null : Date.parse(query.get(name) ?? ""));
  const last = Math.min(today, (asked("to") ?? Infinity) - 1);
  const first = Math.max(today - 91 * DAY, asked("from") ?? last - 29 * DAY);
  const start = first - (first % DAY);
  const days = Array.from({ length: Math.floor((last - start) / DAY) + 1 }, (_, n) => start + n * DAY);
  const only = query.get("type");
  const kinds =
    sim.jobs.size === 0 ? [] : types.map(({ type }) => type).filter((type) => only === null || type === only);
  const by = (query.get("by") ?? "type") as "type" | "tenant" | "day";
  const every = new Map(kinds.map((type) => [type, days.map((day) => used(type, day))]));
  const of = (type: string) => every.get(type) ?? [];
  const rows =
    by === "day"
      ? days.map((day, n) =>
          sum(
            kinds.map((type) => of(type)[n] ?? EMPTY),
            { day: iso(day) },
          ),
        )
      : kinds.flatMap((type) =>
          by === "tenant" && sim.declared[type]?.spending?.by_tenant
            ? TENANTS.map(([tenant, share]) => sum(of(type), { type, tenant }, share))
            : [sum(of(type), { type })],
        );
  return {
    body: {
      ...{ by, type: only, from: iso(start), to: iso(last - (last % DAY) + DAY) },
      rows: by === "day" ? rows : rows.sort((a, b) => b.cost_nano_usd - a.cost_nano_usd),
      total: sum(rows),
      dearest: dearest([...sim.jobs.values()], only).slice(0, Number(query.get("dearest") ?? 0)),
      ...{ truncated: false, prices: "2026-11", region: "us-east-1", as_of: iso(sim.now()) },
    },
  };
};

/** The longest runs of the simulated jobs, the dearest first. */
function dearest(jobs: readonly FakeJob[], only: string | null): Run[] {
  const runs = jobs
    .filter(({ type }) => only === null || type === only)
    .flatMap((job) => {
      const last = job.history.at(-1);
      if (!last || (last.duration_ms ?? 0) < 1000) return [];
      const ms = last.duration_ms ?? 0;
      const run: Run = {
        ...{ job_id: job.id, type: job.type, started_at: last.started_at, run_s: ms / 1000 },
        ...{ cost_nano_usd: 4_400 + Math.round(ms * 6.6667), status: job.status },
      };
      return [run];
    });
  return runs.sort((a, b) => b.cost_nano_usd - a.cost_nano_usd);
}

export const USAGE_ROUTES: [string, RegExp, "viewer", Handler][] = [["GET", /^usage$/, "viewer", read]];
