import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { ApiError, sentence } from "@/api/numbers/errors";
import { metrics, throughput, type TypeNumbers } from "@/api/numbers/metrics";
import { jobTypes, type JobType } from "@/api/types";
import { HOUR_SPAN, lastHour } from "@/jobs/ranges";
import { queueName } from "@/jobs/queueName";
import { drain } from "@/jobs/rates";
import { cx } from "@/lib/cx";
import { SERIES, usePolling } from "@/live/live";
import { useMe } from "@/session/session";
import { buttonClass } from "@/ui/Button";
import { IconLeft } from "@/ui/icons";
import { Empty, Failure, Skeleton } from "@/ui/states";
import { Controls, PausedNote, RetiredNote } from "../Controls";
import { DeadLetters } from "../DeadLetters";
import { DeadLetterAges } from "./DeadLetterAges";
import { Definition } from "../Definition";
import { Depths } from "../Depths";
import { PastPauses } from "./PastPauses";
import { RecentErrors } from "./RecentErrors";
import { SlowestRuns } from "./SlowestRuns";
import { t } from "@/texts/en/queues";

/** uPlot is large: space is reserved for the charts, which are drawn after the numbers. */
const TypeCharts = lazy(() => import("./TypeCharts"));
const TopTenants = lazy(() => import("./TopTenants"));

/** /queues/:type: the backlog, speed, failures and definition of one job type. */
export function TypePage() {
  const { queue } = useParams({ from: "/queues/$queue" });
  const types = useQuery(jobTypes());
  const { data } = useQuery({ ...metrics(), ...usePolling() });
  const kind = types.data?.find((one) => queueName(one.type) === queue);
  if (kind) return <Loaded kind={kind} numbers={data?.byType[kind.type]} />;
  if (types.data) return <NoType queue={queue} />;
  if (types.isError)
    return (
      <Failure
        page
        title={t.couldntLoadJobTypes}
        detail={sentence(types.error)}
        correlationId={types.error instanceof ApiError ? types.error.correlationId : null}
        onRetry={() => void types.refetch()}
      />
    );
  return (
    <div role="status" aria-busy="true">
      <h1 className="sr-only">{t.loading}</h1>
      <Skeleton className="h-[420px]" />
    </div>
  );
}

function Loaded({ kind, numbers }: { kind: JobType; numbers: TypeNumbers | undefined }) {
  const { can } = useMe();
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
          <Outlook type={kind.type} waiting={numbers?.byStatus.queued} />
          <Controls type={kind} numbers={numbers} />
          <Link to="/dashboard" search={{ type: kind.type }} className={buttonClass("plain", "sm")}>
            {t.viewJobs}
          </Link>
        </header>
        <RetiredNote retired={kind.retired} />
        <PausedNote numbers={numbers} queue={kind.queue} />
        <Depths numbers={numbers} concurrency={kind.concurrency} />
        <DeadLetters type={kind.type} numbers={numbers} canAct={can.act} />
      </section>
      <Suspense fallback={<ChartsToCome />}>
        <TypeCharts type={kind.type} />
      </Suspense>
      <div className="grid items-start gap-3 lg:grid-cols-2">
        <DeadLetterAges type={kind.type} numbers={numbers} />
        <div className="flex min-w-0 flex-col gap-3">
          <RecentErrors type={kind.type} />
          <SlowestRuns type={kind.type} />
          {kind.fairBy && (
            <Suspense>
              <TopTenants type={kind.type} />
            </Suspense>
          )}
          <PastPauses type={kind.type} />
        </div>
      </div>
      <section aria-label={t.definition} className="border border-line bg-panel">
        <Definition type={kind} open />
      </section>
    </div>
  );
}

function ChartsToCome() {
  return (
    <div className="grid gap-3 md:grid-cols-2">
      {[1, 2, 3, 4, 5, 6].map((n) => (
        <Skeleton key={n} className="h-[158px] md:max-lg:h-[172px]" />
      ))}
    </div>
  );
}

/** Say when the queue will be empty, or how fast it grows. */
function Outlook({ type, waiting }: { type: string; waiting: number | undefined }) {
  const flow = useQuery({ ...throughput(type, HOUR_SPAN, lastHour), ...usePolling(SERIES) }).data;
  if (!flow || waiting === undefined) return null;
  const { text, growing, drains } = drain(
    flow.points,
    waiting,
    flow.drainEtaS === null ? null : flow.drainEtaS * 1000,
  );
  return (
    <p
      data-testid="outlook"
      className={cx(
        "self-center px-2 text-sm max-sm:order-last max-sm:basis-full max-sm:px-0",
        growing ? "text-amber" : "text-soft",
      )}
    >
      {drains ? t.drainsInTime(text) : t.backlogIs(text)}
    </p>
  );
}

function NoType({ queue }: { queue: string }) {
  return (
    <div className="border border-line bg-panel">
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
    </div>
  );
}
