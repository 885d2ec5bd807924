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

/** The tab says where you are, and from afar whether something gave up. Only listens: the pages do the asking. */
export function useTitle(path: string): void {
  const { token } = useSession();
  const { data } = useQuery({ ...metrics(), enabled: token !== null, staleTime: Infinity });
  const dead = data?.byStatus.dead_letter ?? 0;
  useEffect(() => {
    const name = NAMES[path] ?? (path.startsWith("/jobs/") ? `Job ${path.slice(6, 14)}` : "JobFlow");
    const page = name === "JobFlow" ? "JobFlow: background jobs without servers" : `${name} · JobFlow`;
    document.title = dead > 0 && path !== "/" ? `(${dead}) ${page}` : page;
  }, [path, dead]);
}
