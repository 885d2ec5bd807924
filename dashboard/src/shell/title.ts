import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { metrics } from "@/api/metrics";
import { useSession } from "@/session/session";

const NAMES: Record<string, string> = {
  "/": "JobFlow",
  "/dashboard": "Jobs",
  "/create": "Create",
  "/queues": "Queues",
  "/errors": "Errors",
};

/** Set the title to the page and the number of dead letters. Reads the cache only: the pages make the requests. */
export function useTitle(path: string): void {
  const { token } = useSession();
  const { data } = useQuery({ ...metrics(), enabled: token !== null, staleTime: Infinity });
  const dead = data?.byStatus.dead_letter ?? 0;
  useEffect(() => {
    const name = NAMES[path] ?? innerName(path) ?? "Page not found";
    const page = name === "JobFlow" ? "JobFlow: background jobs without servers" : `${name} · JobFlow`;
    document.title = dead > 0 && path !== "/" ? `(${dead}) ${page}` : page;
  }, [path, dead]);
}

/** Name the page of one job or of one job type. */
function innerName(path: string): string | null {
  if (path.startsWith("/jobs/")) return `Job ${path.slice(6, 14)}`;
  return path.startsWith("/queues/") ? path.slice(8) : null;
}
