import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { previewBulk, redrive, runBulk, type BulkTally } from "@/api/bulk";
import { ApiError, sentence } from "@/api/errors";
import { cancelJob, retryJob } from "@/api/jobs";
import { count, plural, shortId } from "@/lib/format";
import { Button, buttonClass } from "@/ui/Button";
import { Dialog } from "@/ui/overlay/Dialog";
import { toast } from "@/ui/overlay/toast";
import { asking, refresh, type Ask } from "./actions";
import type { JobAction } from "@/jobs/status";

const WORDS: Record<JobAction, { verb: string; done: string }> = {
  retry: { verb: "Retry", done: "sent back to the queue" },
  cancel: { verb: "Cancel", done: "cancelled" },
};

/** The one place where a change to jobs is confirmed, carried out and reported. */
export default function ActionDialog({ question }: { question: Ask }) {
  if (question.kind === "one") return <AskOne question={question} />;
  return <AskMany question={question} />;
}

const close = () => asking.set(null);

function report(error: unknown): void {
  const id = error instanceof ApiError ? error.correlationId : null;
  toast.problem(sentence(error), id ? { detail: `correlation id ${id}` } : {});
}

function AskOne({ question: { action, job } }: { question: Extract<Ask, { kind: "one" }> }) {
  const client = useQueryClient();
  const name = shortId(job.id);
  const { verb } = WORDS[action];
  const run = useMutation({
    mutationFn: async () =>
      action === "retry" ? await retryJob(job.id).then(() => null) : await cancelJob(job.id),
    onSuccess: (after) => {
      const stopping = after?.status === "processing";
      const text = stopping
        ? `Asked job ${name} to stop; it ends at its next check.`
        : `Job ${name} was ${WORDS[action].done}.`;
      toast.done(text);
    },
    onError: report,
    onSettled: async () => {
      close();
      await refresh(client);
    },
  });
  return (
    <Dialog
      open
      onClose={close}
      title={`${verb} job ${name}?`}
      description={
        action === "retry" ? (
          <RetryMeaning {...job} />
        ) : (
          <CancelMeaning running={job.status === "processing"} />
        )
      }
      footer={
        <>
          {action === "retry" && (
            <Link to="/create" search={{ edit: job.id }} onClick={close} className={buttonClass()}>
              Edit first
            </Link>
          )}
          <Button
            // Retrying harms nothing: r and Enter are enough.
            data-first={action === "retry" || undefined}
            tone={action === "retry" ? "primary" : "danger"}
            disabled={run.isPending}
            onClick={() => run.mutate()}
          >
            {verb} now
          </Button>
        </>
      }
    />
  );
}

function RetryMeaning({ type, maxAttempts }: { type: string; maxAttempts: number }) {
  return (
    <p>
      It goes back to the <code className="font-mono text-text">{type}</code> queue with the same payload and
      starts again at attempt 1 of {maxAttempts}. Its history stays.
    </p>
  );
}

function CancelMeaning({ running }: { running: boolean }) {
  return (
    <p>
      {running
        ? "A worker runs it now: it is asked to stop and does so at its next check."
        : "It stops at once. You can retry it later."}
    </p>
  );
}

function AskMany({ question }: { question: Exclude<Ask, { kind: "one" }> }) {
  const client = useQueryClient();
  const [progress, setProgress] = useState<BulkTally | null>(null);
  const stop = useRef(new AbortController());
  const many = question.kind === "many" ? question : null;
  const preview = useQuery({
    queryKey: ["bulk-preview", question],
    queryFn: () => (many ? previewBulk(many.action, many.target) : Promise.resolve(null)),
    enabled: many !== null,
    gcTime: 0,
    staleTime: Infinity,
  });
  const run = useMutation({
    mutationFn: () =>
      question.kind === "many"
        ? runBulk(question.action, question.target, setProgress, stop.current.signal)
        : redrive(question.type, setProgress),
    onSuccess: (sum) => {
      const words = many ? WORDS[many.action].done : "sent back to the queue";
      const skipped = sum.skipped.length ? `; ${plural(sum.skipped.length, "job")} left alone` : "";
      toast.done(`${plural(sum.done, "job")} ${words}${skipped}.`);
      many?.onDone?.();
    },
    onError: report,
    onSettled: async () => {
      close();
      await refresh(client);
    },
  });
  const leave = () => {
    stop.current.abort();
    close();
  };
  const verb = many ? WORDS[many.action].verb : "Redrive";
  const what =
    question.kind === "many" ? question.what : `${plural(question.count, "message")} of ${question.type}`;
  const nothing = preview.data !== undefined && preview.data !== null && changing(preview.data) === 0;
  return (
    <Dialog
      open
      onClose={leave}
      title={`${verb} ${what}?`}
      description={
        question.kind === "redrive" ? (
          <p>
            Each dead-lettered job of this type starts again at attempt 1, and its old message is removed.
          </p>
        ) : (
          <Preview tally={preview.data ?? null} failed={preview.isError ? sentence(preview.error) : null} />
        )
      }
      footer={
        <>
          <Button onClick={leave}>{run.isPending ? "Stop after this step" : "Keep as they are"}</Button>
          <Button
            tone={many?.action === "cancel" ? "danger" : "primary"}
            disabled={run.isPending || nothing || (many !== null && preview.isPending)}
            onClick={() => run.mutate()}
          >
            {run.isPending ? `${count(progress?.done ?? 0)} done…` : `${verb} now`}
          </Button>
        </>
      }
    />
  );
}

/** A dry run does nothing: what would change is what matched and was not left alone. */
function changing(tally: BulkTally): number {
  return tally.matched - tally.skipped.length;
}

function Preview({ tally, failed }: { tally: BulkTally | null; failed: string | null }) {
  if (failed) return <p className="text-red">{failed}</p>;
  if (!tally) return <p>Counting…</p>;
  const reasons = new Map<string, number>();
  for (const { reason } of tally.skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return (
    <>
      <p data-testid="preview">
        <strong className="nums text-text">
          {tally.more ? "More than " : ""}
          {plural(changing(tally), "job")}
        </strong>{" "}
        will change.
      </p>
      {reasons.size > 0 && (
        <ul className="mt-2 list-inside list-disc">
          {[...reasons].slice(0, 5).map(([reason, n]) => (
            <li key={reason}>
              {plural(n, "job")} left alone: {reason}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
