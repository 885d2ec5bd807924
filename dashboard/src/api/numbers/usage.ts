import { queryOptions } from "@tanstack/react-query";
import type { Schemas } from "jobflow-aws";
import { ask } from "@/api/client";
import type { JobStatus } from "@/api/wire";

/** What some jobs have used and cost; amounts in nano-dollars, at list prices. */
export interface Costs {
  /** Null: of all types. */
  type: string | null;
  tenant: string | null;
  /** The start of the day, in milliseconds. */
  day: number | null;
  jobs: number;
  attempts: number;
  retries: number;
  runMs: number;
  nano: number;
  run: number;
  requests: number;
  storing: number;
  counting: number;
  keeping: number;
  /** The part of `run` and `requests` that belongs to retries. */
  again: number;
}

/** One run of a stored job. */
export interface DearRun {
  id: string;
  type: string;
  startedAt: number;
  runMs: number;
  nano: number;
  /** The job's status after the run. */
  status: JobStatus;
}

export interface Usage {
  rows: Costs[];
  total: Costs;
  dearest: DearRun[];
  /** There are too many tenants: jobs of the oldest days are in the row without a tenant. */
  truncated: boolean;
  /** The month of the price list. */
  prices: string;
  region: string;
}

/** Whole days in UTC; times in milliseconds. Without `to`: up to now. */
export interface Asked {
  by: "type" | "tenant" | "day";
  type?: string | undefined;
  from: number;
  to?: number | undefined;
  dearest?: number;
}

export const usage = (asked: Asked) =>
  queryOptions({
    queryKey: ["usage", asked],
    queryFn: async ({ signal }): Promise<Usage> => {
      const { by, type, from, to, dearest } = asked;
      const found = await ask("get", "/usage", {
        query: {
          ...{ by, type, dearest, from: new Date(from).toISOString() },
          to: to === undefined ? undefined : new Date(to).toISOString(),
        },
        signal,
      });
      return {
        rows: found.rows.map(toCosts),
        total: toCosts(found.total),
        dearest: found.dearest.map((run) => ({
          ...{ id: run.job_id, type: run.type, startedAt: Date.parse(run.started_at) },
          ...{ runMs: run.run_s * 1000, nano: run.cost_nano_usd, status: run.status },
        })),
        ...{ truncated: found.truncated, prices: found.prices, region: found.region },
      };
    },
  });

function toCosts(wire: Schemas["UsageRow"]): Costs {
  return {
    type: wire.type,
    tenant: wire.tenant,
    day: wire.day === null ? null : Date.parse(wire.day),
    jobs: wire.jobs,
    attempts: wire.attempts,
    retries: wire.retries,
    runMs: wire.run_s * 1000,
    nano: wire.cost_nano_usd,
    run: wire.run_nano_usd,
    requests: wire.requests_nano_usd,
    storing: wire.jobs_nano_usd,
    counting: wire.counting_nano_usd,
    keeping: wire.kept_nano_usd,
    again: wire.retries_nano_usd,
  };
}
