import type { Attempt, JobDetail } from "@/api/jobs/jobs";
import type { LogLine } from "@/api/jobs/logs";
import { cx } from "@/lib/cx";
import { dollars } from "@/lib/dollars";
import { duration } from "@/lib/time";
import { When } from "@/live/When";
import { buttonClass } from "@/ui/Button";
import { Code } from "@/ui/Code";
import { IconExternal } from "@/ui/icons";
import { Fact } from "@/ui/Panel";
import { LogLines } from "@/jobs/detail/logs/Logs";
import { retries, runName } from "@/jobs/detail/runs";
import { isFinished } from "@/jobs/status";
import { t } from "@/texts/en/detail";

const EDGE: Record<Attempt["outcome"], string> = {
  completed: "border-s-green",
  error: "border-s-red",
  permanent_error: "border-s-red",
  deferred: "border-s-amber",
  cancelled: "border-s-strong",
  lost: "border-s-amber",
  running: "border-s-blue",
};
const WORD: Record<Attempt["outcome"], string> = {
  completed: t.completed,
  error: t.error,
  permanent_error: t.permanentError,
  deferred: t.deferredNotCharged,
  cancelled: t.cancelled,
  lost: t.lost,
  running: t.running,
};

/** Say why no attempt is listed. */
function noAttempt(job: JobDetail): string {
  if (job.steps > 0) return t.noAttemptEnded;
  if (job.startedAt !== null || job.attempts > 0) return t.noAttemptKept;
  return isFinished(job.status) ? t.neverStarted : t.notStartedYet;
}

/** Show a card for each attempt, the newest first and open. `more` is the link to log lines that are not shown. */
export function Attempts({ job, logs, more }: { job: JobDetail; logs: LogLine[]; more: string | null }) {
  const attempts = [...job.history].sort(
    (a, b) => b.gen - a.gen || b.claim - a.claim || b.attempt - a.attempt,
  );
  if (attempts.length === 0) return <p className="p-4 text-sm text-soft">{noAttempt(job)}</p>;
  return (
    <ul className="divide-y divide-line">
      {attempts.map((attempt, at) => (
        <li key={`${attempt.gen}.${attempt.claim}.${attempt.attempt}`}>
          <AttemptCard
            attempt={attempt}
            open={at === 0}
            run={retries(job) > 0 ? runName(attempt.gen, job) : null}
            more={more}
            logs={linesOf(attempt, attempts, logs)}
          />
        </li>
      ))}
      {job.older && <li className="p-4 text-sm text-soft">{t.olderAttempts(attempts.length)}</li>}
    </ul>
  );
}

/**
 * Return the log lines of an attempt. A deferred attempt and the next attempt have the same number: their lines are
 * separated by time.
 */
function linesOf(one: Attempt, all: Attempt[], logs: LogLine[]): LogLine[] {
  const same = (other: { gen: number | null; attempt: number | null }) =>
    other.gen === one.gen && other.attempt === one.attempt;
  const next = all.filter((other) => same(other) && other.claim > one.claim).map((other) => other.startedAt);
  const first = !all.some((other) => same(other) && other.claim < one.claim);
  const end = Math.min(...next);
  return logs.filter((line) => same(line) && (first || line.at >= one.startedAt) && line.at < end);
}

function AttemptCard({
  attempt,
  open,
  run,
  logs,
  more,
}: {
  attempt: Attempt;
  open: boolean;
  run: string | null;
  logs: LogLine[];
  more: string | null;
}) {
  return (
    <details open={open} className={cx("group border-s-2", EDGE[attempt.outcome])}>
      <summary className="flex flex-wrap items-baseline gap-x-3 px-4 py-2.5 text-sm hover:bg-hover">
        <span className="font-medium">
          {run !== null && <span className="text-soft">{run} · </span>}
          {t.attempt(attempt.attempt)}
        </span>
        <span className="text-soft">{WORD[attempt.outcome]}</span>
        {attempt.errorClass && (
          <span className="min-w-0 truncate font-mono text-xs text-red">{attempt.errorClass}</span>
        )}
        <span className="nums ms-auto text-xs text-soft">
          {attempt.durationMs !== null && `${duration(attempt.durationMs)} · `}
          <When at={attempt.startedAt} />
        </span>
      </summary>
      <div className="flex flex-col gap-3 px-4 pt-1 pb-4">
        {attempt.errorMessage && (
          <div
            role="region"
            aria-label={t.errorOfAttempt(attempt.attempt)}
            tabIndex={0} // a long text scrolls
            dir="auto"
            className="max-h-40 overflow-auto text-sm break-words whitespace-pre-wrap"
            data-testid="attempt-error"
          >
            {attempt.errorMessage}
          </div>
        )}
        <dl className="grid grid-cols-2 gap-x-4 gap-y-2 sm:grid-cols-4 xl:grid-cols-[repeat(4,minmax(0,1fr))_18rem]">
          <Fact name={t.coldStart}>
            {attempt.coldStart === null ? "–" : attempt.coldStart ? t.yes : t.no}
          </Fact>
          <Fact name={t.receiveCount}>{attempt.receiveCount ?? "–"}</Fact>
          <Fact name={t.backoff}>
            {attempt.retryDelayS === null ? "–" : duration(attempt.retryDelayS * 1000)}
          </Fact>
          {attempt.costNano !== null && (
            <Fact name={t.cost}>
              <span title={t.costHint}>{dollars(attempt.costNano)}</span>
            </Fact>
          )}
          <Fact name={t.requestId} mono className="max-xl:col-span-2">
            {attempt.requestId ?? "–"}
          </Fact>
        </dl>
        {attempt.stack && (
          <Code text={attempt.stack} label={t.stackOfAttempt(attempt.attempt)} wrap={false} />
        )}
        {logs.length > 0 && <LogLines lines={logs} label={t.logOfAttempt(attempt.attempt)} />}
        {more && (
          <a
            href={more}
            target="_blank"
            rel="noopener noreferrer"
            className={cx(buttonClass("plain", "sm"), "self-start")}
          >
            {t.viewInCloudwatch} <IconExternal width={12} height={12} />
          </a>
        )}
      </div>
    </details>
  );
}
