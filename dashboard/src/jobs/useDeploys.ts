import { useQuery } from "@tanstack/react-query";
import { metrics, type Deploy } from "@/api/numbers/metrics";

const NONE: readonly Deploy[] = [];

/**
 * Return the last deployments of the stage, oldest first. They are part of /metrics, which the page requests in any
 * case.
 */
export function useDeploys(): readonly Deploy[] {
  return useQuery({ ...metrics(), staleTime: Infinity, select: ({ deploys }) => deploys }).data ?? NONE;
}
