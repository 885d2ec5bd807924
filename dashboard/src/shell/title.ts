import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { metrics } from "@/api/numbers/metrics";
import { useSession } from "@/session/session";
import { t } from "@/texts/en/shell";

const NAMES: Record<string, string> = {
  "/": "JobFlow",
  "/dashboard": t.jobs,
  "/create": t.createPlace,
  "/queues": t.queues,
  "/errors": t.errors,
  "/schedules": t.schedules,
};

/** Set the title to the page and the number of dead letters. It reads only the cache: the pages make the requests. */
export function useTitle(path: string): void {
  const { token } = useSession();
  const { data } = useQuery({ ...metrics(), enabled: token !== null, staleTime: Infinity });
  const dead = data?.byStatus.dead_letter ?? 0;
  useEffect(() => {
    const name = NAMES[path] ?? innerName(path) ?? t.pageNotFound;
    const page = name === "JobFlow" ? t.landingTitle : `${name} · JobFlow`;
    document.title = dead > 0 && path !== "/" ? `(${dead}) ${page}` : page;
  }, [path, dead]);
}

/** Name the page of one job or of one job type. */
function innerName(path: string): string | null {
  if (path.startsWith("/jobs/")) return t.jobTitle(path.slice(6, 14));
  return path.startsWith("/queues/") ? path.slice(8) : null;
}
