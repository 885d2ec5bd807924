import { queryOptions } from "@tanstack/react-query";
import { ask } from "@/api/client";

/** A pause of a type that has ended; times in milliseconds. `by` may be empty. */
export interface PastPause {
  since: number;
  until: number;
  by: string;
  reason: string;
  resumedBy: string;
}

export const pastPauses = (type: string) =>
  queryOptions({
    queryKey: ["past-pauses", type],
    queryFn: async ({ signal }) => {
      const path = { job_type: type };
      const { pauses } = await ask("get", "/job-types/{job_type}/pauses", { path, signal });
      return pauses.map((one): PastPause => ({
        since: Date.parse(one.since),
        until: Date.parse(one.until),
        by: one.by,
        reason: one.reason,
        resumedBy: one.resumed_by,
      }));
    },
  });
