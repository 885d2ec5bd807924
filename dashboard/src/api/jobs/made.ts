import { queryOptions } from "@tanstack/react-query";
import { firstJobs, jobKeys } from "./jobs";

/** The first child jobs of a job, in the order of their keys. */
export const madeBy = (id: string) =>
  queryOptions({
    queryKey: [...jobKeys.one(id), "made"],
    queryFn: ({ signal }) => firstJobs({ parent: id }, signal),
  });
