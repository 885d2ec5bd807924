import { queryOptions } from "@tanstack/react-query";
import type { components } from "@/api/schema.gen";
import { request } from "@/api/client";

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
      const path = `/job-types/${encodeURIComponent(type)}/pauses`;
      const { pauses } = await request<components["schemas"]["PastPauseRows"]>(path, { signal });
      return pauses.map((one): PastPause => ({
        since: Date.parse(one.since),
        until: Date.parse(one.until),
        by: one.by,
        reason: one.reason,
        resumedBy: one.resumed_by,
      }));
    },
  });
