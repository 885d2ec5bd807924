import { useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useIdle } from "@/lib/useIdle";
import { useMedia } from "@/lib/useMedia";
import { usePrefs } from "@/session/prefs";
import { Skeleton } from "@/ui/states";
import { FilterBar } from "./FilterBar";
import { HealthStrip } from "@/jobs/health/HealthStrip";
import { JobList } from "./JobList";
import { StatusTabs } from "./StatusTabs";
import { SavedViews, TableMenu } from "./ViewMenu";

const JobCharts = lazy(() => import("./JobCharts"));

/** /dashboard: is all well, what goes through, and every job. */
export function JobsPage() {
  const search = useSearch({ from: "/dashboard" });
  // On a phone the jobs come first.
  const roomy = useMedia("(min-width: 640px)");
  const charts = usePrefs().charts && roomy;
  // The table first: the charts keep their place and come when the browser has time.
  const idle = useIdle();
  const key = JSON.stringify({ ...search, sort: undefined, dir: undefined });
  return (
    <div className="flex flex-col gap-3">
      <HealthStrip />
      {charts && !idle && <ChartsToCome />}
      {charts && idle && (
        <Suspense fallback={<ChartsToCome />}>
          <JobCharts search={search} />
        </Suspense>
      )}
      <section id="job-list" aria-label="Jobs" className="scroll-mt-16 border border-line bg-panel">
        <div className="border-b border-line">
          <StatusTabs search={search} />
        </div>
        <div className="flex items-start gap-2 p-2">
          <div className="min-w-0 flex-1">
            <FilterBar search={search} />
          </div>
          <div className="flex">
            <SavedViews />
            <TableMenu />
          </div>
        </div>
        <JobList key={key} search={search} />
      </section>
    </div>
  );
}

function ChartsToCome() {
  return (
    <div className="grid gap-3 md:grid-cols-2">
      <Skeleton className="h-[210px] md:max-lg:h-[224px]" />
      <Skeleton className="h-[210px] md:max-lg:h-[224px]" />
    </div>
  );
}
