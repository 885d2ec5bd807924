import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sentence } from "@/api/errors";
import type { JobStatus } from "@/api/jobs";
import { metrics, throughput, type Metrics } from "@/api/metrics";
import { cx } from "@/lib/cx";
import { brief, count, percent, plural } from "@/lib/format";
import { spell } from "@/lib/time";
import { usePolling } from "@/live/live";
import { Skeleton } from "@/ui/states";
import { judge, type Finding, type Level } from "./health";
import { lastHour } from "@/jobs/ranges";
import { perMinute, RATE_MINUTES } from "@/jobs/rates";
import { STATUS } from "@/jobs/status";

const TONE: Record<Level, string> = { good: "bg-green", busy: "bg-amber", warn: "bg-amber", bad: "bg-rose" };

/** Show what needs attention, the most urgent first, and the main numbers. */
export function HealthStrip() {
  const { data, error } = useQuery({ ...metrics(), ...usePolling() });
  const failed = error && !data ? `Couldn't load metrics: ${sentence(error)}` : null;
  const [first, ...others] = data ? judge(data) : [];
  return (
    <section aria-label="Health" className="border border-line bg-panel">
      <div className="flex min-h-14 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3 max-sm:min-h-18 sm:flex-nowrap">
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
          className="flex min-h-6 min-w-0 items-center max-sm:flex-1 sm:shrink-0 sm:max-w-3/5 text-lg leading-6 font-semibold text-balance max-sm:min-h-12"
          data-testid="health"
        >
          {(first && <Told finding={first} />) ?? failed ?? (
            <>
              <span className="sr-only">Loading status</span>
              <Skeleton className="h-5 w-64 max-w-full" />
            </>
          )}
        </h1>
        <Others findings={others} />
      </div>
      <dl className="grid grid-cols-3 border-t border-line lg:grid-cols-6">
        <Numbers data={data} failed={failed !== null} />
      </dl>
    </section>
  );
}

/** Findings beside the most urgent one; the rest are counted. */
const MOST = 3;

/** One line whatever it holds, also while it is empty, so that nothing below it moves. */
function Others({ findings }: { findings: Finding[] }) {
  return (
    <div className="min-h-5 max-w-full min-w-0 overflow-x-auto text-sm text-soft max-sm:w-full sm:ms-auto">
      {findings.length > 0 && (
        <ul aria-label="Also" className="flex gap-x-4 whitespace-nowrap">
          {findings.slice(0, MOST).map((finding) => (
            <li key={finding.sentence} className="flex items-center gap-1.5">
              <span aria-hidden="true" className={cx("size-1.5 shrink-0", TONE[finding.level])} />
              <Told finding={finding} />
            </li>
          ))}
          {findings.length > MOST && <li>and {findings.length - MOST} more</li>}
        </ul>
      )}
    </div>
  );
}

function Told({ finding: { sentence, search } }: { finding: Finding }) {
  if (!search) return sentence;
  return (
    <Link to="/dashboard" search={search} className="hover:underline hover:underline-offset-4">
      {sentence}
    </Link>
  );
}

function Numbers({ data, failed }: { data: Metrics | undefined; failed: boolean }) {
  const hour = useQuery({ ...throughput(undefined, "strip", lastHour), ...usePolling(15_000) });
  const points = hour.data?.points;
  const sum = (key: "completed" | "failed" | "deadLettered") =>
    points?.reduce((total, point) => total + point[key], 0) ?? 0;
  const ended = sum("completed") + sum("failed") + sum("deadLettered");
  const ages = Object.values(data?.byType ?? {}).map((type) => type.oldestQueuedAgeS ?? 0);
  const oldest = Math.max(0, ...ages);
  const now = (value: (known: Metrics) => number) => (data ? brief(value(data)) : failed ? "–" : undefined);
  const past = (value: () => string) => (points ? value() : hour.isError ? "–" : undefined);
  return (
    <>
      <Figure
        name="Queued"
        status="queued"
        value={now((known) => known.byStatus.queued)}
        note={oldest > 0 ? `oldest ${spell(oldest * 1000)}` : ""}
      />
      <Figure name="Running" status="processing" value={now((known) => known.byStatus.processing)} note="" />
      <Figure
        name="Retrying"
        status="retrying"
        value={now((known) => known.byStatus.retrying)}
        note="in backoff"
        tone={data?.byStatus.retrying ? "text-amber" : ""}
      />
      <Figure
        name="Dead letter"
        status="dead_letter"
        value={now((known) => known.byStatus.dead_letter)}
        note={data ? `${plural(data.dlqLength, "message")} in the DLQ` : ""}
        tone={data?.byStatus.dead_letter ? "text-rose" : ""}
      />
      <Figure
        name="Success"
        value={past(() => (ended ? percent(sum("completed") / ended) : "–"))}
        note={`last hour, of ${count(ended)}`}
      />
      <Figure
        name="Per minute"
        value={past(() => perMinute(points ?? [], "completed").toFixed(1))}
        note={`completed, last ${RATE_MINUTES} min`}
      />
    </>
  );
}

function Figure({
  name,
  value,
  note,
  tone = "",
  status,
}: {
  name: string;
  value: string | undefined;
  note: string;
  tone?: string;
  /** Jobs of this status are shown by a click. */
  status?: JobStatus;
}) {
  return (
    <div className="relative -mb-px -me-px border-e border-b border-line px-3 py-2 sm:px-4 sm:py-2.5 has-[a]:hover:bg-hover">
      <dt className="text-xs text-soft">{name}</dt>
      <dd
        className={cx(
          "nums flow-root text-xl leading-7 sm:text-2xl sm:leading-8 font-medium tracking-tight",
          tone,
        )}
      >
        {value ?? <Skeleton className="my-1 h-5 w-14 sm:h-6" />}
        <span className="block min-h-4 text-2xs max-sm:min-h-8 leading-4 sm:truncate font-normal tracking-normal text-faint">
          {value !== undefined && value !== "–" && note}
        </span>
        {status && (
          <Link
            to="/dashboard"
            search={{ status }}
            aria-label={`View jobs: ${STATUS[status].label}`}
            className="absolute inset-0"
          />
        )}
      </dd>
    </div>
  );
}
