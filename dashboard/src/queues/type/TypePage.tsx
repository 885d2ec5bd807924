import { QueryFailure } from "@/live/QueryFailure";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { metrics, type Metrics } from "@/api/numbers/metrics";
import { jobTypes, type JobType } from "@/api/types";
import { queueName } from "@/jobs/queueName";
import { STEADY, usePolling } from "@/live/live";
import { useMe } from "@/session/session";
import { buttonClass } from "@/ui/Button";
import { IconLeft } from "@/ui/icons";
import { Empty, PanelToCome } from "@/ui/states";
import { Controls, PausedNote, RetiredNote } from "../Controls";
import { DeadLetters } from "../DeadLetters";
import { DeadLetterAges } from "./DeadLetterAges";
import { Definition } from "../Definition";
import { Depths } from "../Depths";
import { PastPauses } from "./PastPauses";
import { RecentErrors } from "./RecentErrors";
import { SlowestRuns } from "./SlowestRuns";
import { Why } from "./Why";
import { t } from "@/texts/en/queues";

/** uPlot is large: space is reserved for the charts, which are drawn after the numbers. */
const TypeCharts = lazy(() => import("./TypeCharts"));
const TypeLimits = lazy(() => import("./TypeLimits"));
const TopTenants = lazy(() => import("./TopTenants"));

/** /queues/:type: the backlog, speed, failures and definition of one job type. */
export function TypePage() {
  const { queue } = useParams({ from: "/queues/$queue" });
  const types = useQuery(jobTypes());
  const { data } = useQuery({ ...metrics(), ...usePolling(STEADY) });
  const kind = types.data?.find((one) => queueName(one.type) === queue);
  if (kind) return <Loaded kind={kind} types={types.data ?? []} metrics={data} />;
  if (types.data) return <NoType queue={queue} />;
  if (types.isError) return <QueryFailure page title={t.couldntLoadJobTypes} query={types} />;
  return (
    <div role="status" aria-busy="true">
      <h1 className="sr-only">{t.loading}</h1>
      <PanelToCome className="h-[420px]" />
    </div>
  );
}

interface LoadedProps {
  kind: JobType;
  types: readonly JobType[];
  metrics: Metrics | undefined;
}

function Loaded({ kind, types, metrics: all }: LoadedProps) {
  const { can } = useMe();
  const numbers = all?.byType[kind.type];
  return (
    <div className="flex flex-col gap-3">
      <section aria-label={t.backlog} className="border border-line bg-panel">
        <header className="flex flex-wrap items-start gap-2 p-4 pb-3">
          <div className="min-w-32 flex-1 max-sm:basis-full">
            <Link
              to="/queues"
              className="mb-1 inline-flex h-6 items-center gap-1 text-xs text-soft hover:text-text"
            >
              <IconLeft width={12} height={12} /> {t.queues}
            </Link>
            <h1 className="truncate font-mono text-lg font-semibold">{kind.type}</h1>
            <p className="text-sm text-soft">{kind.title}</p>
          </div>
          <Controls type={kind} numbers={numbers} />
          <Link to="/dashboard" search={{ type: kind.type }} className={buttonClass("plain", "sm")}>
            {t.viewJobs}
          </Link>
        </header>
        <Why type={kind} types={types} metrics={all} />
        <RetiredNote retired={kind.retired} />
        <PausedNote numbers={numbers} queue={kind.queue} />
        <Depths numbers={numbers} concurrency={kind.concurrency} />
        <DeadLetters type={kind.type} numbers={numbers} canAct={can.act} />
      </section>
      <Suspense fallback={<ChartsToCome />}>
        <TypeCharts type={kind.type} />
      </Suspense>
      {/* Two columns, so that a short panel leaves no hole; below each other, what failed comes first. */}
      <div className="flex flex-col gap-3 lg:grid lg:grid-cols-2 lg:items-start">
        <div className="flex min-w-0 flex-col gap-3 max-lg:contents">
          <RecentErrors type={kind.type} />
          <div className="min-w-0 max-lg:order-1">
            <SlowestRuns type={kind.type} />
          </div>
        </div>
        <div className="flex min-w-0 flex-col gap-3 max-lg:contents">
          <DeadLetterAges type={kind.type} numbers={numbers} />
          {kind.limits.length > 0 && (
            <div className="min-w-0 max-lg:order-2">
              <Suspense>
                <TypeLimits type={kind.type} />
              </Suspense>
            </div>
          )}
          {kind.fairBy && (
            <div className="min-w-0 max-lg:order-2">
              <Suspense>
                <TopTenants type={kind.type} />
              </Suspense>
            </div>
          )}
          <div className="min-w-0 max-lg:order-3">
            <PastPauses type={kind.type} />
          </div>
        </div>
      </div>
      <section aria-label={t.definition} className="border border-t-0 border-line bg-panel">
        <Definition type={kind} />
      </section>
    </div>
  );
}

function ChartsToCome() {
  return (
    <div className="grid gap-3 md:grid-cols-2">
      {[1, 2, 3, 4, 5, 6].map((n) => (
        <PanelToCome key={n} className="h-[158px] md:max-lg:h-[172px]" />
      ))}
    </div>
  );
}

function NoType({ queue }: { queue: string }) {
  return (
    <Empty
      page
      title={t.queueNotFound}
      action={
        <Link to="/queues" className={buttonClass()}>
          {t.viewQueues}
        </Link>
      }
    >
      {t.noQueueIsCalled} <code className="font-mono break-all">{queue}</code>
      {t.itMayHaveBeen}
    </Empty>
  );
}
