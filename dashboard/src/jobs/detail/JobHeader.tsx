import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JobDetail } from "@/api/jobs/jobs";
import { metrics } from "@/api/numbers/metrics";
import { shortId } from "@/lib/format";
import { countdown, duration } from "@/lib/time";
import { useNow, usePolling } from "@/live/live";
import { When } from "@/live/When";
import { Button, buttonClass } from "@/ui/Button";
import { Copy } from "@/ui/Copy";
import { IconBan, IconCheck, IconCopy, IconEdit, IconPlay, IconRetry } from "@/ui/icons";
import { ask } from "@/jobs/actions/actions";
import { ran } from "@/jobs/measure";
import { queueName } from "@/jobs/queueName";
import { DeleteJobButton } from "./DeleteJobButton";
import { JobSteps } from "./JobSteps";
import { PostEventButton } from "./PostEventButton";
import { STATUS, accepts, allows, isFinished } from "@/jobs/status";
import { StatusChip } from "@/jobs/StatusChip";
import { linkClass, quietLinkClass } from "@/ui/link";
import { cx } from "@/lib/cx";
import { JobTags } from "./JobTags";
import { Told } from "./Told";
import { whyGivenBack } from "./runs";
import { t } from "@/texts/en/detail";

interface HeaderProps {
  job: JobDetail;
  canAct: boolean;
}

/** Show the job, its status, why it waits or failed, and its actions. */
export function JobHeader({ job, canAct }: HeaderProps) {
  return (
    <header className="border border-line bg-panel">
      <div className="flex flex-wrap items-start gap-x-6 gap-y-3 p-4">
        <div className="min-w-0">
          <JobSteps id={job.id} />
          <h1 className="flex flex-wrap items-center gap-x-3 gap-y-1 text-lg font-semibold">
            <Link
              to="/queues/$queue"
              params={{ queue: queueName(job.type) }}
              className={cx("font-mono", quietLinkClass)}
            >
              {job.type}
            </Link>
            <span aria-live="polite">
              <StatusChip
                status={job.status}
                id={job.id}
                discarded={job.discarded !== null}
                expired={job.expired}
                size="md"
              />
            </span>
          </h1>
          <p className="mt-1 flex items-center gap-1 text-xs text-soft">
            <code className="font-mono break-all" data-testid="job-id">
              {job.id}
            </code>
            <Copy text={job.id} label={t.copyTheId} />
          </p>
          <JobTags job={job} />
          <Membership job={job} />
        </div>
        {canAct && <Actions job={job} />}
      </div>
      <Progress job={job} />
      <Why job={job} canAct={canAct} />
    </header>
  );
}

/** Link to the batch of a member, at its round. */
function Membership({ job: { batch, round } }: { job: JobDetail }) {
  if (!batch) return null;
  return (
    <p className="mt-1 text-xs text-soft">
      {t.memberOf}{" "}
      <Link
        to="/batches/$id"
        params={{ id: batch }}
        search={round != null && round > 1 ? { round: String(round) } : {}}
        title={batch}
        className={cx(linkClass, "text-text")}
      >
        {t.batchAndRound(shortId(batch), round ?? 1)}
      </Link>
    </p>
  );
}

function Actions({ job }: { job: JobDetail }) {
  const retryable = accepts(job, "retry");
  return (
    <div className="flex flex-wrap gap-2 sm:ms-auto">
      {retryable && (
        <Button
          tone="primary"
          icon={<IconRetry />}
          shortcut="r"
          onClick={() => ask({ kind: "one", action: "retry", job })}
        >
          {t.retryJob}
        </Button>
      )}
      {retryable && (
        <Link to="/create" search={{ edit: job.id }} className={buttonClass()}>
          <IconEdit /> {t.editAndRetry}
        </Link>
      )}
      {accepts(job, "cancel") && !job.cancelRequested && (
        <Button
          tone="danger"
          icon={<IconBan />}
          shortcut="c"
          onClick={() => ask({ kind: "one", action: "cancel", job })}
        >
          {t.cancel}
        </Button>
      )}
      {accepts(job, "run") && (
        <Button icon={<IconPlay />} shortcut="u" onClick={() => ask({ kind: "one", action: "run", job })}>
          {t.runNow}
        </Button>
      )}
      {accepts(job, "discard") && (
        <Button
          icon={<IconCheck />}
          shortcut="d"
          onClick={() => ask({ kind: "one", action: "discard", job })}
        >
          {t.discard}
        </Button>
      )}
      <Link to="/create" search={{ from: job.id }} className={buttonClass()}>
        <IconCopy /> {t.duplicate}
      </Link>
      {isFinished(job.status) && <DeleteJobButton jobId={job.id} />}
    </div>
  );
}

function Progress({ job }: { job: JobDetail }) {
  if (!job.progress || (job.status !== "processing" && job.status !== "retrying")) return null;
  const { percent, note } = job.progress;
  return (
    <div className="border-t border-line px-4 py-2.5">
      <div className="mb-1.5 flex justify-between gap-4 text-xs">
        <span className="truncate text-soft">{note ?? t.inProgress}</span>
        <span className="nums">{Math.round(percent)}%</span>
      </div>
      <div
        role="progressbar"
        aria-label={t.progress}
        aria-valuenow={Math.round(percent)}
        aria-valuemin={0}
        aria-valuemax={100}
        className="h-1.5 bg-line"
      >
        <div
          className="h-full bg-blue transition-[width] duration-500"
          style={{ width: `${Math.min(100, percent)}%` }}
        />
      </div>
    </div>
  );
}

/** Say why the job waits, or why it failed. */
function Why({ job, canAct }: HeaderProps) {
  const now = useNow();
  const { tone, meaning } = STATUS[job.status];
  const numbers = useQuery({ ...metrics(), ...usePolling({ atLeast: 5000 }, !isFinished(job.status)) });
  const paused = numbers.data?.byType[job.type]?.paused ?? false;
  const due = job.status === "retrying" || job.status === "scheduled" ? job.nextAttemptAt : null;
  const givenBack = whyGivenBack(job);
  const took = ran(job, now);
  const failed =
    job.errorMessage &&
    job.status !== "completed" &&
    (job.status !== "cancelled" || job.discarded !== null || job.expired);
  return (
    <div className="border-t border-line px-4 py-2.5 text-sm">
      {failed && (
        <div
          role="region"
          aria-label={t.error}
          tabIndex={0}
          dir="auto"
          className="mb-1 max-h-25 overflow-auto font-medium break-words whitespace-pre-wrap"
          data-testid="job-error"
        >
          {job.errorClass && <span className={tone}>{job.errorClass}: </span>}
          {job.errorMessage}
        </div>
      )}
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <p className="text-soft">
          {job.discarded ? (
            <>
              {t.actDiscard(job.discarded.by)}, <When at={job.discarded.at} />
              {job.discarded.reason ? (
                <>
                  : <bdi>{job.discarded.reason}</bdi>
                </>
              ) : (
                `, ${t.withoutReason}`
              )}
            </>
          ) : due !== null && due > now ? (
            <>
              {job.status === "retrying" ? t.attemptNext(job.attempts + 1, job.maxAttempts) : t.starts}{" "}
              <strong className="nums text-text">{t.inTime(countdown(due - now))}</strong> (<When at={due} />)
              {paused ? ` ${t.whilePaused(job.type)}` : "."}
              {givenBack && (
                <>
                  {" "}
                  <Told text={givenBack} />
                </>
              )}
            </>
          ) : job.waitsFor?.job != null ? (
            <>
              {t.waitsForJob}{" "}
              <Link
                to="/jobs/$id"
                params={{ id: job.waitsFor.job }}
                className="font-mono text-text underline"
              >
                {shortId(job.waitsFor.job)}
              </Link>{" "}
              {t.since} <When at={job.updatedAt} />
              {paused ? ` ${t.whilePaused(job.type)}` : "."}
            </>
          ) : job.waitsFor && job.waitsFor.until > now ? (
            <>
              {job.waitsFor.event === null ? (
                t.sleeps
              ) : (
                <>
                  {t.waitsForEvent} <bdi className="font-mono text-text">{job.waitsFor.event}</bdi>
                </>
              )}{" "}
              {t.since} <When at={job.updatedAt} />,{" "}
              {job.waitsFor.event === null ? t.stepUntil : t.atMostUntil} <When at={job.waitsFor.until} />
              {paused ? ` ${t.whilePaused(job.type)}` : "."}
            </>
          ) : job.status === "completed" && took !== null ? (
            t.completedIn(duration(took), job.attempts)
          ) : (
            <Told text={job.why ?? meaning} />
          )}
        </p>
        {job.status === "blocked" && (
          <Link
            to="/limits"
            search={{ type: job.type }}
            className={cx(buttonClass("plain", "sm"), "sm:ms-auto")}
          >
            {t.viewTheLimits}
          </Link>
        )}
        {canAct && job.waitsFor?.event != null && (
          <PostEventButton jobId={job.id} name={job.waitsFor.event} />
        )}
        {failed && job.fingerprint && <Alike job={job} fingerprint={job.fingerprint} canAct={canAct} />}
      </div>
    </div>
  );
}

/** Link to the jobs with the same error, and offer to retry all of them. */
function Alike({ job, fingerprint, canAct }: HeaderProps & { fingerprint: string }) {
  const filter = { fingerprint };
  const scope = { failedWith: job.errorClass };
  return (
    <div className="flex flex-wrap gap-2 sm:ms-auto">
      <Link to="/dashboard" search={filter} className={buttonClass("plain", "sm")}>
        {t.viewSimilarJobs}
      </Link>
      {canAct && allows(job.status, "retry") && (
        <Button
          size="sm"
          icon={<IconRetry width={13} height={13} />}
          onClick={() => ask({ kind: "many", action: "retry", target: { filter }, scope })}
        >
          {t.countAndRetry}
        </Button>
      )}
    </div>
  );
}
