import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { previewBulk, type BulkTally } from "@/api/jobs/bulk";
import { countBulk } from "@/api/jobs/bulkActions";
import { sentence } from "@/api/numbers/errors";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/overlay/Dialog";
import { actionOf, type ManyAsk } from "./actions";
import { act, changing, outlook, reasons, title } from "./bulkWords";
import { DiscardMeaning } from "./DiscardMeaning";
import { close } from "./outcome";
import { start as begin } from "./bulkRuns";
import { t } from "@/texts/en/actions";

/** Count the jobs of a bulk action, ask, then have the platform start it; `BulkList` shows its progress. */
export function AskMany({ question }: { question: ManyAsk }) {
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const many = question.kind === "many" ? question : null;
  const action = actionOf(question);
  const preview = useQuery({
    queryKey: ["bulk-preview", question],
    queryFn: ({ signal }) => (many ? previewBulk(action, many.target, signal) : Promise.resolve(null)),
    enabled: many !== null,
    gcTime: 0,
    staleTime: Infinity,
  });
  // More than a few requests count: the platform counts on.
  const all = useQuery({
    queryKey: ["bulk-count", question],
    queryFn: ({ signal }) => (many ? countBulk(action, many.target, signal) : Promise.resolve(null)),
    enabled: many !== null && preview.data?.more === true,
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
  });
  const counted = all.data ?? preview.data ?? null;
  const start = () => {
    close();
    void begin(many ? { ...many, reason } : question, counted, client);
    many?.onDone?.();
  };
  const nothing = counted !== null && changing(counted) === 0;
  return (
    <Dialog
      open
      onClose={close}
      title={title(question, counted)}
      description={
        many ? (
          <>
            <Preview
              text={counted && outlook(action, counted)}
              tally={counted}
              failed={preview.isError ? sentence(preview.error) : null}
            />
            {action === "discard" && <DiscardMeaning reason={reason} onChange={setReason} />}
          </>
        ) : (
          <p>{t.redriveMeaning}</p>
        )
      }
      footer={
        <>
          <Button onClick={close}>{action === "cancel" ? t.keepJobs : t.cancel}</Button>
          <Button
            tone={action === "cancel" ? "danger" : "primary"}
            disabled={nothing || (many !== null && preview.isPending)}
            onClick={start}
          >
            {act(question, counted)}
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
  if (!tally) return <p>{t.counting}</p>;
  const skipped = reasons(tally);
  return (
    <>
      <p data-testid="preview">
        <strong className="nums text-text">{text}</strong>
      </p>
      {skipped.length > 0 && (
        <ul className="mt-2 list-inside list-disc">
          {skipped.map(([reason, n]) => (
            <li key={reason}>{t.skippedBecause(n, reason)}</li>
          ))}
        </ul>
      )}
    </>
  );
}
