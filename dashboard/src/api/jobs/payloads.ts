import { queryOptions } from "@tanstack/react-query";
import type { Json } from "@/lib/json";
import { request } from "@/api/client";
import type { WirePayload } from "@/api/wire";

/** The payload of a run after which it was changed; it never changes any more. */
export const pastPayload = (id: string, gen: number) =>
  queryOptions({
    queryKey: ["jobs", "payload", id, gen],
    queryFn: async ({ signal }) => {
      const { payload } = await request<WirePayload>(`/jobs/${encodeURIComponent(id)}/payloads/${gen}`, {
        signal,
      });
      return payload as Json;
    },
    staleTime: Infinity,
  });
