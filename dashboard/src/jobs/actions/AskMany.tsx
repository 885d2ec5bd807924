import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { previewBulk, redrive, runBulk, type BulkTally } from "@/api/bulk";
import { sentence } from "@/api/errors";
import { plural } from "@/lib/format";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/overlay/Dialog";
import { toast } from "@/ui/overlay/toast";
import { refresh } from "./actions";
import { actionOf, changing, outlook, progressOf, result, title, type ManyAsk } from "./bulkWords";
import { close, report, VERB } from "./outcome";

/** Count the jobs of a bulk action, ask, then run it with its progress. */
export function AskMany({ question }: { question: ManyAsk }) {
  const client = useQueryClient();
  const [progress, setProgress] = useState<BulkTally | null>(null);
  const stop = useRef(new AbortController());
  const many = question.kind === "many" ? question : null;
  const action = actionOf(question);
  const preview = useQuery({
    queryKey: ["bulk-preview", question],
    queryFn: ({ signal }) => (many ? previewBulk(action, many.target, signal) : Promise.resolve(null)),
    enabled: many !== null,
    gcTime: 0,
    staleTime: Infinity,
  });
  const counted = preview.data ?? null;
  const run = useMutation({
    mutationFn: () =>
      question.kind === "many"
        ? runBulk(action, question.target, setProgress, stop.current.signal)
        : redrive(question.type, setProgress),
    onSuccess: (sum) => {
      toast.done(result(question, sum));
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
  const nothing = counted !== null && changing(counted) === 0;
  return (
    <Dialog
      open
      onClose={leave}
      title={title(question, counted)}
      description={
        many ? (
          <Preview
            text={counted && outlook(action, counted)}
            tally={counted}
            failed={preview.isError ? sentence(preview.error) : null}
          />
        ) : (
          <p>Each job restarts at attempt 1. Its message is removed from the dead-letter queue.</p>
        )
      }
      footer={
        <>
          <Button onClick={leave}>
            {run.isPending ? "Stop" : action === "cancel" ? "Keep jobs" : "Cancel"}
          </Button>
          <Button
            tone={action === "cancel" ? "danger" : "primary"}
            disabled={run.isPending || nothing || (many !== null && preview.isPending)}
            onClick={() => run.mutate()}
          >
            {run.isPending ? progressOf(question, progress?.done ?? 0, counted) : `${VERB[action]} now`}
          </Button>
        </>
      }
    />
  );
}

interface PreviewProps {
  text: string | null;
  tally: BulkTally | null;
  failed: string | null;
}

function Preview({ text, tally, failed }: PreviewProps) {
  if (failed) return <p className="text-red">{failed}</p>;
  if (!tally) return <p>Counting…</p>;
  const reasons = new Map<string, number>();
  for (const { reason } of tally.skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return (
    <>
      <p data-testid="preview">
        <strong className="nums text-text">{text}</strong>
      </p>
      {reasons.size > 0 && (
        <ul className="mt-2 list-inside list-disc">
          {[...reasons].slice(0, 5).map(([reason, n]) => (
            <li key={reason}>
              {plural(n, "job")} skipped: {reason}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
