import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { sentence } from "@/api/numbers/errors";
import { health } from "@/api/numbers/health";
import { metrics } from "@/api/numbers/metrics";
import { cx } from "@/lib/cx";
import { usePolling } from "@/live/live";
import { Skeleton } from "@/ui/states";
import { judge, type Finding, type Level } from "./health";
import { t } from "@/texts/en/health";

const TONE: Record<Level, string> = {
  good: "bg-green",
  known: "bg-strong",
  busy: "bg-amber",
  warn: "bg-amber",
  bad: "bg-rose",
};

/** Show what needs attention, the most urgent first, in one line. `children` are shown at its end. */
export function HealthStrip({ children }: { children?: ReactNode }) {
  const { data, error } = useQuery({ ...metrics(), ...usePolling() });
  const ranked = useQuery({ ...health(), ...usePolling({ atLeast: 4000 }) });
  const problem = (data ? null : error) ?? (ranked.data ? null : ranked.error);
  const failed = problem ? t.couldntLoadMetrics(sentence(problem)) : null;
  const [open, setOpen] = useState(false);
  const [first, ...others] = data && ranked.data ? judge(ranked.data, data, data.asOf) : [];
  return (
    <section aria-label={t.health} className="border border-line bg-panel">
      <div className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-1.5 max-sm:min-h-18 sm:flex-nowrap">
        <span
          aria-hidden="true"
          className={cx(
            "size-2.5 shrink-0",
            first ? TONE[first.level] : "bg-strong",
            first?.level === "bad" && "pulse-dot",
          )}
        />
        <h1
          aria-live="polite"
          className={cx(
            "flex min-h-6 min-w-0 items-center text-base leading-6 font-semibold max-sm:min-h-15 max-sm:flex-1 max-sm:text-sm max-sm:leading-5 sm:block sm:truncate lg:text-lg",
            others.length > 0 && "sm:max-w-3/5 sm:shrink-0",
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
        <div className="flex min-w-0 items-center gap-x-3 text-sm text-soft max-sm:order-1 max-sm:w-full sm:ms-auto">
          <div className="fade-end min-h-5 min-w-0 flex-1 overflow-x-auto">
            {!open && (
              <List findings={others.slice(0, MOST)} className="flex w-max gap-x-4 pe-6 whitespace-nowrap" />
            )}
          </div>
          {others.length > 1 && (
            <button
              type="button"
              aria-expanded={open}
              onClick={() => setOpen(!open)}
              className="shrink-0 underline underline-offset-4 hover:text-text"
            >
              {t.all(others.length + 1)}
            </button>
          )}
        </div>
        {children}
      </div>
      {open && <List findings={others} className="grid gap-y-1 px-4 pb-2 text-sm text-soft" />}
    </section>
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

function Told({ finding: { sentence, jobs, errors } }: { finding: Finding }) {
  const className = "hover:underline hover:underline-offset-4";
  if (errors)
    return (
      <Link to="/errors" search={errors} className={className}>
        {sentence}
      </Link>
    );
  if (!jobs) return sentence;
  return (
    <Link to="/dashboard" search={jobs} className={className}>
      {sentence}
    </Link>
  );
}
