import { queryOptions } from "@tanstack/react-query";
import { ask } from "@/api/client";
import type { JobStatus } from "@/api/wire";

/** A job that a bulk action has changed, in its present state. */
export interface ChangedJob {
  id: string;
  type: string;
  status: JobStatus;
  errorClass: string | null;
}

export interface BulkOutcome {
  /** The number of changed jobs. */
  changed: number;
  /** How many of them were read. */
  looked: number;
  jobs: ChangedJob[];
}

/** What became of the jobs that a bulk action has changed; `ended` tells the answers after its end from earlier ones. */
export const bulkOutcome = (id: string, ended: boolean) =>
  queryOptions({
    queryKey: ["bulk", id, "outcome", ended],
    queryFn: async ({ signal }): Promise<BulkOutcome> => {
      const { changed, looked, jobs } = await ask("get", "/bulk/{bulk_id}/outcome", {
        path: { bulk_id: id },
        signal,
      });
      return {
        changed,
        looked,
        jobs: jobs.map(({ error_class, ...job }) => ({ ...job, errorClass: error_class })),
      };
    },
  });
