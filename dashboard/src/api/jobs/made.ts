import { queryOptions } from "@tanstack/react-query";
import { ask } from "@/api/client";
import { jobKeys, PAGE, toJob } from "./jobs";

/** The child jobs of a job, in the order of their keys. */
export const madeBy = (id: string) =>
  queryOptions({
    queryKey: [...jobKeys.one(id), "made"],
    queryFn: async ({ signal }) => {
      const page = await ask("get", "/jobs", { query: { parent: id, limit: PAGE }, signal });
      return { jobs: page.jobs.map(toJob), more: page.next_cursor !== null };
    },
  });
