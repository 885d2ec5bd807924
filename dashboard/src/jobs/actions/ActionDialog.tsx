import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { cancelJob, retryJob } from "@/api/jobs";
import { shortId } from "@/lib/format";
import { Button, buttonClass } from "@/ui/Button";
import { Dialog } from "@/ui/overlay/Dialog";
import { toast } from "@/ui/overlay/toast";
import { refresh, type Ask } from "./actions";
import { AskMany } from "./AskMany";
import { close, report } from "./outcome";
import { t } from "@/texts/en/actions";

/** Confirm, run and report every change to jobs. */
export default function ActionDialog({ question }: { question: Ask }) {
  if (question.kind === "one") return <AskOne question={question} />;
  return <AskMany question={question} />;
}

function AskOne({ question: { action, job } }: { question: Extract<Ask, { kind: "one" }> }) {
  const client = useQueryClient();
  const name = shortId(job.id);
  const run = useMutation({
    mutationFn: async () =>
      action === "retry" ? await retryJob(job.id).then(() => null) : await cancelJob(job.id),
    onSuccess: (after) => {
      const stopping = after?.status === "processing";
      const text = stopping ? t.cancellationRequestedFor(name) : t.doneOne[action](name);
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
      title={t.askOne[action](name)}
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
              {t.editPayload}
            </Link>
          )}
          <Button
            // A retry can be repeated without harm, so Enter confirms it.
            data-first={action === "retry" || undefined}
            tone={action === "retry" ? "primary" : "danger"}
            disabled={run.isPending}
            onClick={() => run.mutate()}
          >
            {t.actNow[action]}
          </Button>
        </>
      }
    />
  );
}

function RetryMeaning({ type, maxAttempts }: { type: string; maxAttempts: number }) {
  return (
    <p>
      {t.requeuesTheJobIn} <code className="font-mono text-text">{type}</code>{" "}
      {t.withTheSamePayload(maxAttempts)}
    </p>
  );
}

function CancelMeaning({ running }: { running: boolean }) {
  return <p>{running ? t.cancelRunning : t.cancelWaiting}</p>;
}
