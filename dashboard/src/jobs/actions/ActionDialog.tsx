import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { cancelJob, retryJob } from "@/api/jobs";
import { discardJob, runJobNow } from "@/api/steering";
import { shortId } from "@/lib/format";
import { Button, buttonClass } from "@/ui/Button";
import { Dialog } from "@/ui/overlay/Dialog";
import { toast } from "@/ui/overlay/toast";
import { refresh, type Ask } from "./actions";
import { AskMany } from "./AskMany";
import { DiscardMeaning } from "./DiscardMeaning";
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
  const [reason, setReason] = useState("");
  const run = useMutation({
    mutationFn: async () => {
      if (action === "cancel") return await cancelJob(job.id);
      if (action === "retry") await retryJob(job.id);
      if (action === "run") await runJobNow(job.id);
      if (action === "discard") await discardJob(job.id, reason);
      return null;
    },
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
        ) : action === "cancel" ? (
          <CancelMeaning running={job.status === "processing"} />
        ) : action === "run" ? (
          <p>{t.runMeaning}</p>
        ) : (
          <DiscardMeaning reason={reason} onChange={setReason} />
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
            // A retry and a run now can be repeated without harm, so Enter confirms them.
            data-first={action === "retry" || action === "run" || undefined}
            tone={action === "retry" || action === "run" ? "primary" : "danger"}
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
