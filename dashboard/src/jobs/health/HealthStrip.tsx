import { useMutation, useQuery, useQueryClient, type Query } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { sentence } from "@/api/numbers/errors";
import { health } from "@/api/numbers/health";
import { metrics } from "@/api/numbers/metrics";
import { setPaused } from "@/api/types";
import { ask } from "@/jobs/actions/actions";
import { queueName } from "@/jobs/queueName";
import { toFilter } from "@/jobs/search";
import { cx } from "@/lib/cx";
import { useMedia } from "@/lib/useMedia";
import { STEADY, usePolling } from "@/live/live";
import { useMe } from "@/session/session";
import { Button, buttonClass } from "@/ui/Button";
import { IconRetry } from "@/ui/icons";
import { Act } from "@/ui/overlay/Act";
import { toast } from "@/ui/overlay/toast";
import { Skeleton } from "@/ui/states";
import { linkClass } from "@/ui/link";
import { useFailingSchedules } from "./failingSchedules";
import { judge, type Finding, type Level } from "./health";
import { t as base } from "@/texts/en/base";
import { t } from "@/texts/en/health";

/** Loaded when all findings are opened. */
const PastStrip = lazy(async () => ({ default: (await import("./PastStrip")).PastStrip }));

const TONE: Record<Level, string> = {
  good: "bg-green",
  known: "bg-strong",
  busy: "bg-amber",
  warn: "bg-amber",
  bad: "bg-rose",
};

/** Show what needs attention, the most urgent first, in one line. `children` are shown at its end. */
export function HealthStrip({ children }: { children?: ReactNode }) {
  const { data, error } = useQuery({ ...metrics(), ...usePolling(STEADY) });
  const ranked = useQuery({ ...health(), ...usePolling({ atLeast: 4000 }) });
  const problem = (data ? null : error) ?? (ranked.data ? null : ranked.error);
  const failed = problem ? t.couldntLoadMetrics(sentence(problem)) : null;
  const failing = useFailingSchedules();
  const [open, setOpen] = useState(false);
  const [first, ...others] = data && ranked.data ? judge(ranked.data, data, data.asOf, failing) : [];
  return (
    <section aria-label={t.health} className="border border-line bg-panel">
      <div className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-1.5 max-sm:min-h-18 max-sm:pt-2.5 sm:flex-nowrap">
        <span
          aria-hidden="true"
          className={cx(
            "size-2.5 shrink-0",
            first ? TONE[first.level] : problem ? "bg-red" : "bg-strong",
            first?.level === "bad" && "pulse-dot",
          )}
        />
        <h1
          aria-live="polite"
          className={cx(
            "flex min-h-6 min-w-0 items-center text-base leading-6 font-semibold max-sm:min-h-15 max-sm:flex-1 max-sm:text-sm max-sm:leading-5 sm:block sm:truncate lg:text-lg sm:[&>a]:block sm:[&>a]:truncate",
            others.length > 0 && "lg:max-w-3/5 lg:shrink-0",
            others.length === 1 && "sm:max-w-3/5 sm:shrink-0",
          )}
          data-testid="health"
        >
          {(first && <Told finding={first} />) ?? failed ?? (
            <>
              <span className="sr-only">{t.loadingStatus}</span>
              <Skeleton className="h-5 w-64 max-w-full" />
            </>
          )}
        </h1>
        {/* On a phone, everything after this is in a second row, whose height is reserved. */}
        <span aria-hidden="true" className="order-1 w-full sm:hidden" />
        {first && <Help finding={first} className="max-sm:order-1" />}
        {!first && problem && <RetryAll />}
        <div
          className={cx(
            "flex min-w-0 items-center gap-x-3 text-sm text-soft max-sm:order-1 max-sm:min-h-7 max-sm:flex-1 sm:ms-auto",
            others.length > 1 && "sm:max-lg:shrink-0",
          )}
        >
          {/* Between a phone and a laptop, a piece of the second finding would cut the first one. */}
          <div
            className={cx(
              "fade-end min-h-5 min-w-0 flex-1 overflow-x-auto",
              others.length > 1 && "sm:max-lg:hidden",
            )}
          >
            {!open && (
              <List findings={others.slice(0, MOST)} className="flex w-max gap-x-4 pe-6 whitespace-nowrap" />
            )}
          </div>
          {others.length > 1 && (
            <button
              type="button"
              aria-expanded={open}
              onClick={() => setOpen(!open)}
              className={cx(linkClass, "shrink-0 hover:text-text")}
            >
              {t.all(others.length + 1)}
            </button>
          )}
        </div>
        {children}
      </div>
      {open && first && <Table findings={[first, ...others]} />}
    </section>
  );
}

/** Repeat all requests of the page that failed. */
function RetryAll() {
  const client = useQueryClient();
  const failed = { type: "active", predicate: ({ state }: Query) => state.status === "error" } as const;
  return (
    <Button
      size="sm"
      className="max-sm:order-1"
      icon={<IconRetry width={14} height={14} />}
      onClick={() => void client.refetchQueries(failed)}
    >
      {base.retry}
    </Button>
  );
}

/** The other findings, in one line that never wraps, so that nothing below it moves until all are opened. */
const MOST = 3;

function List({ findings, className }: { findings: Finding[]; className: string }) {
  if (!findings.length) return null;
  return (
    <ul aria-label={t.also} className={className}>
      {findings.map((finding) => (
        <li key={finding.sentence} className="flex items-center gap-1.5">
          <span aria-hidden="true" className={cx("size-1.5 shrink-0", TONE[finding.level])} />
          <Told finding={finding} />
        </li>
      ))}
    </ul>
  );
}

/** The first findings, whose last 24 hours are drawn: a request for each type and number. */
const MOST_DRAWN = 12;
/** Where there is space for the last 24 hours; "sm" in the classes. */
const WIDE = "(min-width: 640px)";

/** Show all findings: the number, the last 24 hours, the sentence, and what helps. */
function Table({ findings }: { findings: Finding[] }) {
  const wide = useMedia(WIDE);
  return (
    <ul aria-label={t.findings} className="divide-y divide-line border-t border-line text-sm">
      {findings.map((finding, at) => (
        <li key={finding.sentence} className="flex min-h-9 items-center gap-3 px-4 py-1">
          <span aria-hidden="true" className={cx("size-1.5 shrink-0", TONE[finding.level])} />
          <span className="nums w-16 shrink-0 text-end font-medium max-sm:hidden">{finding.number}</span>
          <span className="h-6 w-28 shrink-0 max-sm:hidden">
            {wide && at < MOST_DRAWN && finding.past && finding.type !== undefined && (
              <Suspense>
                <PastStrip type={finding.type} past={finding.past} />
              </Suspense>
            )}
          </span>
          <span className="min-w-0 flex-1">
            <Told finding={finding} />
          </span>
          <Help finding={finding} />
        </li>
      ))}
    </ul>
  );
}

function Told({ finding }: { finding: Finding }) {
  const { sentence, jobs } = finding;
  const className = "hover:underline hover:underline-offset-4";
  if (jobs)
    return (
      <Link to="/dashboard" search={jobs} className={className}>
        {sentence}
      </Link>
    );
  return (
    <Place finding={finding} className={className}>
      {sentence}
    </Place>
  );
}

/** Offer what helps: a retry of the counted jobs, the end of a pause, or the page that says why. */
function Help({ finding, className }: { finding: Finding; className?: string }) {
  const { can } = useMe();
  const { level, help, jobs, number, errors, page, schedule, limit, type = "" } = finding;
  if (help === "retry" && jobs && can.act)
    return (
      <Button
        size="sm"
        className={cx(className)}
        onClick={() =>
          ask({
            kind: "many",
            action: "retry",
            target: { filter: toFilter(jobs, Date.now()) },
            scope: "matching",
          })
        }
      >
        {t.retry(number ?? "")}
      </Button>
    );
  if (help === "resume" && can.administer) return <Resume type={type} className={className} />;
  if (level === "known") return null;
  const look = cx(buttonClass("plain", "sm"), className);
  if (limit !== undefined)
    return (
      <Link to="/limits" search={{ of: limit }} aria-label={t.viewLimitOf(limit)} className={look}>
        {t.viewLimit}
      </Link>
    );
  if (errors)
    return (
      <Place finding={finding} label={t.viewErrorsOf(type)} className={look}>
        {t.viewErrors}
      </Place>
    );
  if (page)
    return (
      <Place finding={finding} label={t.whyOf(type)} className={look}>
        {t.why}
      </Place>
    );
  if (schedule !== undefined)
    return (
      <Place finding={finding} label={t.viewScheduleOf(schedule)} className={look}>
        {t.viewSchedule}
      </Place>
    );
  if (!jobs) return null;
  return (
    <Link to="/dashboard" search={jobs} aria-label={t.viewJobs(type)} className={look}>
      {t.viewTheJobs}
    </Link>
  );
}

interface PlaceProps {
  finding: Finding;
  /** The name of the link, if its text alone does not say where it leads. */
  label?: string;
  className: string;
  children: ReactNode;
}

/** Link to the page that explains a finding; without such a page, show the text alone. */
function Place({ finding: { errors, page, schedule }, label, className, children }: PlaceProps) {
  const marks = { className, "aria-label": label };
  if (errors)
    return (
      <Link to="/errors" search={errors} {...marks}>
        {children}
      </Link>
    );
  if (page)
    return (
      <Link to="/queues/$queue" params={{ queue: queueName(page) }} {...marks}>
        {children}
      </Link>
    );
  if (schedule !== undefined)
    return (
      <Link to="/schedules" hash={schedule} {...marks}>
        {children}
      </Link>
    );
  return children;
}

function Resume({ type, className }: { type: string; className: string | undefined }) {
  const client = useQueryClient();
  const resume = useMutation({
    mutationFn: (reason: string) => setPaused(type, false, reason),
    onSuccess: () => toast.done(t.resumed(type)),
    onError: (error) => toast.problem(sentence(error)),
    onSettled: () =>
      Promise.all([["metrics"], ["health"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
  return (
    <Act
      className={cx(className)}
      label={t.resumeOf(type)}
      word={t.resume}
      disabled={resume.isPending}
      onAct={resume.mutate}
    />
  );
}
