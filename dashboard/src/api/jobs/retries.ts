import { queryOptions } from "@tanstack/react-query";
import { ask } from "@/api/client";

const PLACES = new Set<string>(["step", "sleep", "wait", "call"]);

/** What a retry would keep and run anew; `from` is "start" or a kept step, null where the job has stopped. */
export const retryPreview = (id: string, from: string | null) =>
  queryOptions({
    queryKey: ["jobs", "steps", id, "retry", from],
    queryFn: async ({ signal }) => {
      const query = from === null ? {} : { from };
      const found = await ask("get", "/jobs/{job_id}/retry", { path: { job_id: id }, query, signal });
      const kept = found.kept.filter(({ kind }) => PLACES.has(kind));
      const { older, anew, events, places } = found;
      return { kept: kept.map(({ name }) => name), older, anew, events, places };
    },
  });
