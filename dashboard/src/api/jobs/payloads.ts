import { queryOptions } from "@tanstack/react-query";
import type { Json } from "@/lib/json";
import { ask } from "@/api/client";

/** The payload of a run, before an edit replaced it; it does not change any more. */
export const pastPayload = (id: string, gen: number) =>
  queryOptions({
    queryKey: ["jobs", "payload", id, gen],
    queryFn: async ({ signal }) => {
      const path = { job_id: id, gen: String(gen) };
      return (await ask("get", "/jobs/{job_id}/payloads/{gen}", { path, signal })).payload as Json;
    },
    staleTime: Infinity,
  });
