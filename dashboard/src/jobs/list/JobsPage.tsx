import { useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { cx } from "@/lib/cx";
import { useIdle } from "@/lib/useIdle";
import { useMedia } from "@/lib/useMedia";
import { usePrefs } from "@/session/prefs";
import { IconButton } from "@/ui/Button";
import { IconDown, IconUp } from "@/ui/icons";
import { PanelToCome } from "@/ui/states";
import { FilterBar } from "./filters/FilterBar";
import { Figures } from "@/jobs/health/Figures";
import { HealthStrip } from "@/jobs/health/HealthStrip";
import { isNarrowed, type JobsSearch } from "@/jobs/search";
import { JobList } from "./JobList";
import { RowsToCome } from "./listStates";
import { StatusTabs } from "./StatusTabs";
import { SavedViews, TableMenu } from "./ViewMenu";
import { t } from "@/texts/en/list";

const Matches = lazy(() => import("./matches/Matches"));
const FirstSteps = lazy(() => import("./first/FirstSteps"));
const JobCharts = lazy(() => import("./JobCharts"));

/** /dashboard: health, throughput and latency, and every job. */
export function JobsPage() {
  const search = useSearch({ from: "/dashboard" });
  const [chosen, setChosen] = useState<boolean | null>(null);
  const idle = useIdle();
  // A user who filters searches for jobs, so the numbers and charts are hidden.
  const open = chosen ?? !isNarrowed(search);
  const key = JSON.stringify({ ...search, sort: undefined, dir: undefined, span: undefined });
  const label = open ? t.hideNumbersAndCharts : t.showNumbersAndCharts;
  return (
    <div className="flex flex-col gap-3">
      <HealthStrip>
        <IconButton label={label} aria-expanded={open} className="size-7" onClick={() => setChosen(!open)}>
          {open ? <IconUp width={12} height={12} /> : <IconDown width={12} height={12} />}
        </IconButton>
      </HealthStrip>
      {open && <Overview search={search} onBrush={() => setChosen(true)} />}
      <section id="job-list" aria-label={t.jobs} className="scroll-mt-16 border border-line bg-panel">
        <div className="border-b border-line">
          <StatusTabs search={search} />
        </div>
        <div className="flex items-start gap-2 p-2">
          <div className="min-w-0 flex-1">
            <FilterBar search={search} />
          </div>
          <div className="flex">
            <SavedViews />
            <TableMenu search={search} />
          </div>
        </div>
        {search.q ? (
          <Suspense fallback={<RowsToCome />}>
            <Matches key={key} search={search} text={search.q} />
          </Suspense>
        ) : (
          <JobList key={key} search={search} />
        )}
      </section>
      {idle && !isNarrowed(search) && (
        <Suspense>
          <FirstSteps />
        </Suspense>
      )}
    </div>
  );
}

/**
 * Show the numbers and, if there is enough space, the charts beside them. `onBrush` is called when a time range is
 * selected.
 */
function Overview({ search, onBrush }: { search: JobsSearch; onBrush: () => void }) {
  // On a phone the jobs come first.
  const roomy = useMedia("(min-width: 640px)");
  const charts = usePrefs().charts && roomy;
  // Draw the table first: space is reserved for the charts, which are drawn when the browser is idle.
  const idle = useIdle();
  return (
    <div className={cx("grid gap-3", charts && "lg:grid-cols-[minmax(18rem,22rem)_minmax(0,1fr)]")}>
      <Figures beside={charts} />
      {charts && !idle && <ChartsToCome />}
      {charts && idle && (
        <Suspense fallback={<ChartsToCome />}>
          <JobCharts search={search} onBrush={onBrush} />
        </Suspense>
      )}
    </div>
  );
}

function ChartsToCome() {
  return (
    <div className="grid gap-3 md:grid-cols-2">
      <PanelToCome className="h-[158px] md:max-lg:h-[172px]" />
      <PanelToCome className="h-[158px] md:max-lg:h-[172px]" />
    </div>
  );
}
