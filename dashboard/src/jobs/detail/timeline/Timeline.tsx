import { useState, type ReactNode } from "react";
import type { Attempt, Job, JobDetail, NextAttempt } from "@/api/jobs/jobs";
import type { KeptStep } from "@/api/jobs/steps";
import type { LogLine } from "@/api/jobs/logs";
import { cx } from "@/lib/cx";
import { countdown, duration, spell } from "@/lib/time";
import { useNow } from "@/live/live";
import { Button } from "@/ui/Button";
import { IconCheck, IconClock, IconCross, IconDead, IconPlus, IconSpinner, IconUp } from "@/ui/icons";
import { STATUS, isFinished } from "@/jobs/status";
import { ActStep } from "./ActStep";
import { Coming } from "./Coming";
import { stepsOf } from "./acts";
import { retries } from "@/jobs/detail/runs";
import { FILL } from "./fill";
import { KeptStepEntry } from "./KeptStepEntry";
import { Step } from "./Step";
import { Waterfall } from "./Waterfall";
import { currentAttempts, endOf, segments, summed, type Segment } from "./timeline";
import { t } from "@/texts/en/detail";

interface TimelineProps {
  job: JobDetail;
  logs: LogLine[];
  /** The kept steps of the job, if its function uses steps. */
  kept?: KeptStep[] | undefined;
  /** The child jobs of the job. */
  made?: readonly Job[] | undefined;
}

/** Maximum number of entries between the creation and the next event that are all shown at once. */
const MOST_ENTRIES = 12;
/** Of more entries, so many are shown, the newest; and so many rows of the picture above. */
const NEWEST_ENTRIES = 8;
const NEWEST_ROWS = 12;

/** Show the times of a job: waits, attempts, backoffs, and the next events. A long past is shown on demand. */
export function Timeline({ job, logs, kept = [], made = [] }: TimelineProps) {
  const now = useNow();
  const parts = segments(job, now, job.gen, kept);
  const attempts = currentAttempts(job);
  const [whole, setWhole] = useState(false);
  const steps = stepsOf(job, job.history, kept);
  const folded = !whole && steps.length > MOST_ENTRIES;
  return (
    <div>
      {job.history.length > 1 || made.length > 0 ? (
        <Waterfall job={job} logs={logs} kept={kept} made={made} {...(folded && { newest: NEWEST_ROWS })} />
      ) : (
        <Bar parts={parts} />
      )}
      <ol className="relative mt-4 flex flex-col">
        <Step icon={<IconPlus />} title={t.created} at={job.createdAt} />
        {folded && <Earlier entries={steps.length - NEWEST_ENTRIES} onShow={() => setWhole(true)} />}
        {steps.slice(folded ? -NEWEST_ENTRIES : 0).map((step) => {
          if (step.kind === "kept") {
            const { kind, name } = step.kept;
            return (
              <KeptStepEntry key={`${kind}.${name}`} step={step.kept} end={endOf(step.kept, kept, now)} />
            );
          }
          if (step.kind === "act") return <ActStep key={`act.${step.at}`} job={job} act={step.act} />;
          if (step.kind === "attempt")
            return (
              <AttemptStep
                key={`${step.attempt.gen}.${step.attempt.claim}.${step.attempt.attempt}`}
                attempt={step.attempt}
                max={job.maxAttempts}
                now={now}
              />
            );
          return (
            <Step
              key="retry"
              icon={<IconClock />}
              title={t.manualRetry(retries(job))}
              at={step.at}
              about={attempts.length > 0}
            />
          );
        })}
        <NextStep job={job} now={now} coming={job.nextAttempts ?? []} />
        <EndStep job={job} last={attempts.at(-1)} />
      </ol>
    </div>
  );
}

/** Stand for the entries that are not shown. */
function Earlier({ entries, onShow }: { entries: number; onShow: () => void }) {
  return (
    <Step
      icon={<IconUp width={13} height={13} />}
      ghost
      title={
        <Button size="sm" onClick={onShow}>
          {t.showEarlier(entries)}
        </Button>
      }
    />
  );
}

function Bar({ parts }: { parts: Segment[] }) {
  const total = parts.reduce((sum, part) => sum + (part.to - part.from), 0);
  if (total <= 0) return null;
  return (
    <figure>
      <div
        role="img"
        aria-label={parts.map((part) => `${part.label}: ${duration(part.to - part.from)}`).join(", ")}
        className="flex h-5 w-full gap-px"
      >
        {parts.map((part, at) => (
          <span
            key={at}
            title={`${part.label}: ${duration(part.to - part.from)}`}
            className={cx("h-full min-w-1", FILL[part.kind], part.open && "pulse-dot")}
            style={{ flexGrow: Math.max(part.to - part.from, total * 0.01), flexBasis: 0 }}
          />
        ))}
      </div>
      <figcaption className="nums mt-1.5 flex flex-wrap gap-x-4 text-xs text-soft">
        {summed(parts).map((part, at) => (
          <span key={at} className="inline-flex items-center gap-1.5">
            <span aria-hidden="true" className={cx("size-2", FILL[part.kind])} />
            {part.label} <span className="text-text">{duration(part.ms)}</span>
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

const OUTCOME: Record<Attempt["outcome"], { word: string; tone: string; icon: ReactNode }> = {
  completed: { word: t.stepCompleted, tone: "text-green", icon: <IconCheck width={13} height={13} /> },
  error: { word: t.stepFailed, tone: "text-red", icon: <IconCross width={13} height={13} /> },
  permanent_error: {
    word: t.stepNotRetryable,
    tone: "text-red",
    icon: <IconCross width={13} height={13} />,
  },
  deferred: {
    word: t.stepDeferred,
    tone: "text-amber",
    icon: <IconClock width={13} height={13} />,
  },
  cancelled: { word: t.stepCancelled, tone: "text-soft", icon: <IconCross width={13} height={13} /> },
  lost: {
    word: t.stepLost,
    tone: "text-amber",
    icon: <IconCross width={13} height={13} />,
  },
  running: {
    word: t.stepRunning,
    tone: "text-blue",
    icon: <IconSpinner width={13} height={13} className="spin" />,
  },
};

function AttemptStep({ attempt, max, now }: { attempt: Attempt; max: number; now: number }) {
  const { word, tone, icon } = OUTCOME[attempt.outcome];
  const length = attempt.durationMs ?? (attempt.outcome === "running" ? now - attempt.startedAt : null);
  return (
    <Step icon={icon} tone={tone} title={t.attemptDone(attempt.attempt, max, word)} at={attempt.startedAt}>
      {length !== null && (
        <span className="nums">
          {attempt.outcome === "running" ? t.elapsed(duration(length)) : t.after(duration(length))}
        </span>
      )}
      {attempt.errorClass && <span> · {attempt.errorClass}</span>}
      {attempt.progress && (
        <span>
          {" · "}
          <span className="nums">{Math.round(attempt.progress.percent)}%</span>{" "}
          <bdi>{attempt.progress.note}</bdi>
        </span>
      )}
    </Step>
  );
}

interface NextProps {
  job: JobDetail;
  now: number;
  coming: NextAttempt[];
}

function NextStep({ job, now, coming }: NextProps) {
  const due = job.nextAttemptAt;
  const waits = job.status === "retrying" || job.status === "scheduled";
  return (
    <>
      {waits && due !== null && (
        <Step
          icon={<IconClock />}
          ghost
          title={
            job.status === "retrying" ? t.attemptNext(job.attempts + 1, job.maxAttempts) : t.scheduledStart
          }
          at={due}
        >
          <span role="timer" className="nums font-medium text-amber" data-testid="countdown">
            {due > now ? t.inTime(countdown(due - now)) : t.dueNow}
          </span>
        </Step>
      )}
      {coming.length > 0 && job.status !== "scheduled" && (
        <Step icon={<IconClock />} ghost title={t.ifItFails}>
          {t.thenDeadLetter(schedule(coming))}
          <Coming attempts={coming} />
        </Step>
      )}
    </>
  );
}

/** Maximum number of waits that are listed one by one; of more waits, only the last one is listed. */
const TOLD = 4;

function schedule(coming: NextAttempt[]): string {
  const words = coming.map(({ attempt, latest }) => t.attemptWithin(attempt, spell(latest * 1000)));
  if (words.length <= TOLD) return words.join(", ");
  return `${words.slice(0, TOLD - 1).join(", ")}, … ${words.at(-1) ?? ""}`;
}

/**
 * Say how the job ended, unless the previous entry says it. The meaning of the status is explained once, at the top of
 * the page.
 */
function EndStep({ job, last }: { job: JobDetail; last: Attempt | undefined }) {
  if (job.status === "completed" || !isFinished(job.status) || job.discarded) return null;
  if (job.status === "failed" && last?.outcome === "permanent_error") return null;
  const { label, tone } = STATUS[job.status];
  return (
    <Step
      icon={<IconDead width={13} height={13} />}
      tone={tone}
      title={label}
      at={job.finishedAt ?? job.updatedAt}
    />
  );
}
