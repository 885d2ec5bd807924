import { queryOptions } from "@tanstack/react-query";
import { ask } from "@/api/client";
import type { WireFinding } from "@/api/wire";

type Filter = NonNullable<WireFinding["filter"]>;

/** One finding about one job type. Times in milliseconds. */
export interface Found {
  kind: WireFinding["kind"];
  type: string;
  /** The number of jobs; for "errors", the number of error groups. */
  number: number;
  growthPerMinute: number | null;
  drainMs: number | null;
  since: number | null;
  /** The number of older dead letters whose error was acknowledged after they ended; null if it is not known. */
  acknowledged: number | null;
  /** The error of these dead letters, if all have the same. */
  fingerprint: string | null;
  /** For blocked jobs, the id of the limit. */
  limit: string | null;
  /** The search of the jobs page that lists exactly the counted jobs; null for error groups. */
  jobs: ReturnType<typeof toSearch> | null;
}

/** The findings that need attention, in the order of the API. */
export const health = () =>
  queryOptions({
    queryKey: ["health"],
    queryFn: async ({ signal }) => {
      const { findings } = await ask("get", "/metrics/health", { signal });
      return findings.map((one): Found => ({
        kind: one.kind,
        type: one.type,
        number: one.number,
        growthPerMinute: one.growth_per_minute,
        drainMs: one.drain_eta_s === null ? null : one.drain_eta_s * 1000,
        since: one.since === null ? null : Date.parse(one.since),
        acknowledged: one.acknowledged,
        fingerprint: one.fingerprint,
        limit: one.limit,
        jobs: one.filter && toSearch(one.filter),
      }));
    },
  });

function toSearch({ status, type, finished_after, finished_before }: Filter) {
  return {
    status,
    type,
    ...(finished_after !== null && { ended: Date.parse(finished_after) }),
    ...(finished_before !== null && { endedBefore: Date.parse(finished_before) }),
  };
}
