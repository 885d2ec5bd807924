import { queryOptions } from "@tanstack/react-query";
import { request } from "@/api/client";
import type { WireTenants } from "@/api/wire";

/** The tenants of a type with the most jobs at work. */
export const tenants = (type: string) =>
  queryOptions({
    queryKey: ["tenants", type],
    queryFn: ({ signal }) =>
      request<WireTenants>(`/job-types/${encodeURIComponent(type)}/tenants`, { signal }),
  });
