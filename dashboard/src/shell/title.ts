import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { health } from "@/api/numbers/health";
import { metrics } from "@/api/numbers/metrics";
import { useFailingSchedules } from "@/jobs/health/failingSchedules";
import { attention, judge } from "@/jobs/health/health";
import { usePolling } from "@/live/live";
import { useSession } from "@/session/session";
import { t as bulk } from "@/texts/en/bulk";
import { t } from "@/texts/en/shell";

const NAMES: Record<string, string> = {
  "/": "JobFlow",
  "/dashboard": t.jobs,
  "/create": t.createPlace,
  "/queues": t.queues,
  "/errors": t.errors,
  "/schedules": t.schedules,
  "/webhooks": t.webhooks,
  "/audit": t.auditLog,
  "/tokens": t.tokens,
  "/signed-in": t.signIn,
  "/limits": t.limits,
  "/usage": t.costs,
  "/batches": t.batches,
  "/bulk": bulk.bulkActions,
};

/** Milliseconds between two looks at the findings on pages that do not show them. */
const LOOK_MS = 60_000;

/** Set the title to the page, and say in the title and the icon of the tab how many findings need attention. */
export function useTitle(path: string): void {
  const { token } = useSession();
  const enabled = token !== null;
  const { data } = useQuery({ ...metrics(), enabled, staleTime: Infinity });
  const ranked = useQuery({ ...health(), ...usePolling({ atLeast: LOOK_MS }), enabled, staleTime: LOOK_MS });
  const failing = useFailingSchedules(enabled);
  const open = data && ranked.data ? attention(judge(ranked.data, data, data.asOf, failing)) : 0;
  useEffect(() => {
    const name = NAMES[path] ?? innerName(path) ?? t.pageNotFound;
    const page = name === "JobFlow" ? t.landingTitle : `${name} · JobFlow`;
    document.title = open > 0 && path !== "/" ? `(${open}) ${page}` : page;
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    const wanted = open > 0 ? "/favicon-attention.svg" : "/favicon.svg";
    if (icon && icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
  }, [path, open]);
}

/** Name the page of one job or of one job type. */
function innerName(path: string): string | null {
  if (path.startsWith("/jobs/")) return t.jobTitle(path.slice(6, 14));
  if (path.startsWith("/batches/")) return t.batchTitle(path.slice(9, 17));
  if (path.startsWith("/bulk/")) return bulk.bulkActions;
  return path.startsWith("/queues/") ? path.slice(8) : null;
}
