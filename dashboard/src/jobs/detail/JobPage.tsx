import { QueryFailure } from "@/live/QueryFailure";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { isStatus } from "@/api/numbers/errors";
import { jobOne, type JobDetail } from "@/api/jobs/jobs";
import { isShortcut, useKeys } from "@/lib/useKeys";
import { WATCHED, usePolling, type Pace } from "@/live/live";
import { prefs, setPrefs } from "@/session/prefs";
import { useMe } from "@/session/session";
import { Button, buttonClass } from "@/ui/Button";
import { Panel } from "@/ui/Panel";
import { Empty, PanelToCome } from "@/ui/states";
import { ask } from "@/jobs/actions/actions";
import { Attempts } from "./Attempts";
import { JobFacts, Payload, Result } from "./JobAside";
import { Family } from "./Family";
import { JobHeader } from "./JobHeader";
import { KeptSteps } from "./KeptSteps";
import { LogPanel } from "@/jobs/detail/logs/LogPanel";
import { finished } from "@/jobs/measure";
import { accepts } from "@/jobs/status";
import { Timeline } from "@/jobs/detail/timeline/Timeline";
import { placeOf, trail } from "@/jobs/trail";
import { madeBy } from "@/api/jobs/made";
import { useHiddenOnLeave } from "@/jobs/ShowPersonal";
import { useMakes } from "@/jobs/useMakes";
import { resultFiles } from "./preview";
import { useKeptSteps } from "./useKeptSteps";
import { useJobLogs } from "@/jobs/detail/logs/useJobLogs";
import { t } from "@/texts/en/detail";

/** Milliseconds between polls of a job that is finished, or that is due later than this. */
const CALM_MS = 30_000;

/** Return true for a job that can change within `CALM_MS`. */
function movesSoon(job: JobDetail, now: number): boolean {
  return !finished(job) && (job.nextAttemptAt ?? now) - now <= CALM_MS;
}

/** /jobs/:id: one job, polled until it is finished. */
export function JobPage() {
  const { id } = useParams({ from: "/jobs/$id" });
  useHiddenOnLeave(id);
  const query = useQuery({ ...jobOne(id), retry: (times, error) => !isStatus(error, 404) && times < 2 });
  const pace = (): Pace =>
    query.data === undefined || movesSoon(query.data, Date.now()) ? WATCHED : { atLeast: CALM_MS };
  const polled = useQuery({
    ...jobOne(id),
    ...usePolling(pace),
    enabled: query.isSuccess,
  });
  const job = polled.data ?? query.data;
  if (job) return <Loaded job={job} />;
  if (isStatus(query.error, 404)) return <NotFound id={id} />;
  if (query.error) {
    return <QueryFailure page title={t.couldntLoadJob} query={query} />;
  }
  return <JobToCome />;
}

/** The timeline says who acted; the audit log also says why, from where, and who was refused. */
function InAuditLog({ job }: { job: JobDetail }) {
  return (
    <Link to="/audit" search={{ job: job.id, span: "all" }} className={buttonClass("ghost", "sm")}>
      {t.auditLog}
    </Link>
  );
}

const FEW_ATTEMPTS = 4;

/** Two panels beside each other, as high as each other: a wide one, and one for what is read with it. */
const BESIDE = "grid gap-3 lg:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]";

function Loaded({ job }: { job: JobDetail }) {
  const { can } = useMe();
  useJobKeys(job, can.act);
  useEffect(() => trail.update((now) => ({ ...now, reading: job.id })), [job.id]);
  useEffect(() => {
    if (!prefs.get().jobSeen) setPrefs({ jobSeen: true });
  }, []);
  const [follow, setFollow] = useState(true);
  const logs = useJobLogs(job, follow);
  const lines = logs.data?.lines ?? [];
  const kept = useKeptSteps(job);
  const makes = useMakes();
  const made = useQuery({ ...madeBy(job.id), enabled: makes(job.type) || Boolean(job.onEnd) });
  const inAndOut = job.result !== null;
  const files = inAndOut && resultFiles(job.result).length > 0;
  const many = job.history.length > FEW_ATTEMPTS;
  // A few attempts without a stack are not high: with the log, they are as high as the code that creates the job.
  const brief = !many && job.history.every(({ stack }) => stack === null);
  const attempts = (
    <Panel
      title={t.attemptCount(job.history.length)}
      actions={job.history.length > 1 && <Compare job={job} />}
      flush
    >
      {/* If there is only one attempt, its lines are the whole log, which is shown below. */}
      <Attempts job={job} logs={job.history.length > 1 ? lines : []} more={logs.data?.insightsUrl ?? null} />
    </Panel>
  );
  // Without a result, the panels of both columns follow each other: beside the payload and the details, a panel with the
  // timeline alone would be mostly empty. The code stands there too, if the other column is high enough: it has the
  // attempts, or a timeline of many of them.
  const aside = !inAndOut && (brief || many);
  const timeline = (
    <Panel title={t.timeline} actions={can.administer && <InAuditLog job={job} />}>
      <Timeline job={job} logs={lines} kept={kept.data?.rows} made={made.data?.jobs} />
    </Panel>
  );
  const log = (
    <LogPanel
      logs={logs}
      follow={finished(job) ? null : follow}
      onFollow={setFollow}
      className={!inAndOut && lines.length === 0 ? "" : "grow"}
    />
  );
  const snippets = (
    <Suspense fallback={<PanelToCome className="h-64" />}>
      <Snippets job={job} />
    </Suspense>
  );
  return (
    <div className="flex flex-col gap-3">
      <JobHeader job={job} canAct={can.act} />
      <div className={BESIDE}>
        {inAndOut ? (
          timeline
        ) : (
          <div className="flex min-w-0 flex-col gap-3">
            {timeline}
            {brief && attempts}
            {log}
          </div>
        )}
        <div className="flex min-w-0 flex-col gap-3">
          {!inAndOut && <Payload job={job} />}
          <JobFacts job={job} className={aside ? "" : "lg:sticky lg:top-15"} />
          {aside && snippets}
        </div>
      </div>
      <KeptSteps job={job} />
      {inAndOut && (
        <div className={files ? BESIDE : "grid gap-3 lg:grid-cols-2"}>
          {!files && <Payload job={job} />}
          <Result job={job} />
          {files && <Payload job={job} />}
        </div>
      )}
      <Family job={job} />
      {!brief && attempts}
      {inAndOut ? (
        <div className={BESIDE}>
          <div className="flex min-w-0 flex-col gap-3">
            {brief && attempts}
            {log}
          </div>
          {snippets}
        </div>
      ) : (
        !aside && snippets
      )}
    </div>
  );
}

const Snippets = lazy(() => import("./Snippets"));
const CompareAttempts = lazy(() => import("./compare/CompareAttempts"));

function Compare({ job }: { job: JobDetail }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="sm" tone="ghost" onClick={() => setOpen(true)}>
        {t.compare}
      </Button>
      {open && (
        <Suspense>
          <CompareAttempts job={job} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

/**
 * r retries, c cancels, d discards, u runs now, as in the table; j and k open the next and previous job of the list,
 * Escape returns to the list.
 */
function useJobKeys(job: JobDetail, canAct: boolean): void {
  const navigate = useNavigate();
  useKeys((event) => {
    if (!isShortcut(event)) return;
    const { search, ids } = trail.get();
    const { before, after } = placeOf(job.id, ids);
    const next = { j: after, k: before }[event.key];
    if (next) void navigate({ to: "/jobs/$id", params: { id: next }, replace: true });
    if (event.key === "Escape") void navigate({ to: "/dashboard", search, resetScroll: false });
    const action = ({ r: "retry", c: "cancel", d: "discard", u: "run" } as const)[event.key];
    if (action && canAct && accepts(job, action)) ask({ kind: "one", action, job });
  });
}

function NotFound({ id }: { id: string }) {
  return (
    <Empty
      page
      title={t.jobNotFound}
      action={
        <Link to="/dashboard" className={buttonClass()}>
          {t.viewJobs}
        </Link>
      }
    >
      <code className="font-mono break-all">{id}</code> {t.expired}
    </Empty>
  );
}

function JobToCome() {
  return (
    <div role="status" aria-busy="true" className="flex flex-col gap-3">
      <h1 className="sr-only">{t.loadingTheJob}</h1>
      <PanelToCome className="h-[92px]" />
      <div className={BESIDE}>
        <PanelToCome className="h-64" />
        <PanelToCome className="h-64" />
      </div>
    </div>
  );
}
