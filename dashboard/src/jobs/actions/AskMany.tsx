import { useQuery, useQueryClient } from "@tanstack/react-query";
import { previewBulk, type BulkTally } from "@/api/bulk";
import { countBulk } from "@/api/bulkActions";
import { sentence } from "@/api/errors";
import { plural } from "@/texts/numbers";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/overlay/Dialog";
import { actionOf, changing, outlook, reasons, title, type ManyAsk } from "./bulkWords";
import { close, VERB } from "./outcome";
import { start as begin } from "./bulkRuns";

/** Count the jobs of a bulk action, ask, then have the platform start it; `BulkList` shows its progress. */
export function AskMany({ question }: { question: ManyAsk }) {
  const client = useQueryClient();
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
    void begin(question, counted, client);
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
          <Button onClick={close}>{action === "cancel" ? "Keep jobs" : "Cancel"}</Button>
          <Button
            tone={action === "cancel" ? "danger" : "primary"}
            disabled={nothing || (many !== null && preview.isPending)}
            onClick={start}
          >
            {VERB[action]} now
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
  const skipped = reasons(tally);
  return (
    <>
      <p data-testid="preview">
        <strong className="nums text-text">{text}</strong>
      </p>
      {skipped.length > 0 && (
        <ul className="mt-2 list-inside list-disc">
          {skipped.map(([reason, n]) => (
            <li key={reason}>
              {plural(n, "job")} skipped: {reason}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
