import { queryOptions } from "@tanstack/react-query";
import { ask } from "@/api/client";
import type { JobStatus } from "@/api/wire";

/** The jobs that have an error now, by status. */
export interface ErrorJobs {
  byStatus: Partial<Record<JobStatus, number>>;
  /** False if there are more jobs than were counted. */
  complete: boolean;
}

export const errorJobs = (fingerprint: string) =>
  queryOptions({
    queryKey: ["errors", "jobs", fingerprint],
    staleTime: 15_000,
    queryFn: async ({ signal }): Promise<ErrorJobs> => {
      const { by_status, complete } = await ask("get", "/errors/{fingerprint}", {
        path: { fingerprint },
        signal,
      });
      return { byStatus: by_status, complete };
    },
  });
