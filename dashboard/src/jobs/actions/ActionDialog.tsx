import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { cancelJob, discardJob, retryJob, runJobNow } from "@/api/jobs/steering";
import { shortId } from "@/lib/format";
import { onDemand } from "@/lib/onDemand";
import { Button, buttonClass } from "@/ui/Button";
import { Dialog } from "@/ui/overlay/Dialog";
import { toast } from "@/ui/overlay/toast";
import { Reason } from "@/ui/Reason";
import { beginChange } from "@/jobs/changing";
import { useMakes } from "@/jobs/useMakes";
import { refresh, type Ask } from "./actions";
import { AskMany } from "./AskMany";
import { DiscardMeaning } from "./DiscardMeaning";
import { close, report } from "./outcome";
import { RetryFrom } from "./RetryFrom";
import { t } from "@/texts/en/actions";

const EditMany = onDemand(async () => ({ default: (await import("./edit/EditMany")).EditMany }));

/** Ask for confirmation of a change to jobs, make the change, and report the result. */
export default function ActionDialog({ question }: { question: Ask }) {
  if (question.kind === "one") return <AskOne question={question} />;
  if (question.kind === "edit") return <EditMany question={question} />;
  return <AskMany question={question} />;
}

function AskOne({ question: { action, job } }: { question: Extract<Ask, { kind: "one" }> }) {
  const client = useQueryClient();
  const name = shortId(job.id);
  const [reason, setReason] = useState("");
  const [descendants, setDescendants] = useState(false);
  const [from, setFrom] = useState<string | null>(null);
  const run = useMutation({
    mutationFn: async () => {
      if (action === "cancel") return await cancelJob(job.id, descendants, reason);
      if (action === "retry") await retryJob(job.id, undefined, from, reason);
      if (action === "run") await runJobNow(job.id, reason);
      if (action === "discard") await discardJob(job.id, reason);
      return null;
    },
    // The job is shown as being changed at once; only the API knows what it is after that.
    onMutate: () => {
      close();
      return beginChange(job.id, action);
    },
    onSuccess: (after) => {
      const stopping = after && after.job.status !== "cancelled";
      const text = stopping ? t.cancellationRequestedFor(name) : t.doneOne[action](name);
      const made = after?.made;
      toast.done(made ? `${text} ${t.cancelledMade(made.cancelled, made.asked, made.more)}` : text);
    },
    onError: report,
    onSettled: async (_, __, ___, settle) => {
      await refresh(client);
      settle?.();
    },
  });
  return (
    <Dialog
      open
      onClose={close}
      onConfirm={() => run.mutate()}
      title={t.askOne[action](name)}
      description={
        action === "retry" ? (
          <RetryMeaning job={job} from={from} onChange={setFrom} />
        ) : action === "cancel" ? (
          <CancelMeaning job={job} descendants={descendants} onChange={setDescendants} />
        ) : action === "run" ? (
          <p>{t.runMeaning}</p>
        ) : (
          <DiscardMeaning reason={reason} onChange={setReason} />
        )
      }
      footer={
        <>
          {action === "retry" && (
            <Link
              to="/create"
              search={{ edit: job.id, ...(from ? { begin: from } : {}) }}
              onClick={close}
              className={buttonClass()}
            >
              {t.editPayload}
            </Link>
          )}
          <Button
            // A retry and a run now can be repeated without harm, so Enter confirms them.
            data-first={action === "retry" || action === "run" || undefined}
            tone={action === "retry" || action === "run" ? "primary" : "danger"}
            type="submit"
            disabled={run.isPending}
          >
            {t.actNow[action]}
          </Button>
        </>
      }
    >
      {action !== "discard" && <Reason reason={reason} onChange={setReason} className="mt-3" />}
    </Dialog>
  );
}

interface RetryProps {
  job: { id: string; type: string; maxAttempts: number; steps: number };
  from: string | null;
  onChange: (from: string | null) => void;
}

function RetryMeaning({ job: { id, type, maxAttempts, steps }, from, onChange }: RetryProps) {
  return (
    <>
      <p>
        {t.requeuesTheJobIn} <code className="font-mono text-text">{type}</code>{" "}
        {t.withTheSamePayload(maxAttempts)}
      </p>
      {steps > 0 && <RetryFrom id={id} from={from} onChange={onChange} />}
    </>
  );
}

interface CancelProps {
  job: { type: string; status: string; steps: number };
  descendants: boolean;
  onChange: (next: boolean) => void;
}

function CancelMeaning({ job, descendants, onChange }: CancelProps) {
  const makes = useMakes();
  return (
    <>
      <p>
        {job.steps > 0 ? t.cancelUndoes : job.status === "processing" ? t.cancelRunning : t.cancelWaiting}
      </p>
      {makes(job.type) && (
        <label className="mt-3 flex items-center gap-2">
          <input type="checkbox" checked={descendants} onChange={(event) => onChange(event.target.checked)} />
          {t.cancelMade}
        </label>
      )}
    </>
  );
}
