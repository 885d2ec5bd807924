import { queryOptions } from "@tanstack/react-query";
import { ask } from "@/api/client";

/** The tenants of a type with the most unfinished jobs. */
export const tenants = (type: string) =>
  queryOptions({
    queryKey: ["tenants", type],
    queryFn: ({ signal }) =>
      ask("get", "/job-types/{job_type}/tenants", { path: { job_type: type }, signal }),
  });
