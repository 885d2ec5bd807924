import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/overlay/Dialog";
import { actionOf, type ManyAsk } from "./actions";
import { act, changing, outlook, reasons, title } from "./bulkWords";
import { DiscardMeaning } from "./DiscardMeaning";
import { close } from "./outcome";
import { start as begin } from "./bulkRuns";
import { useCount, type Count } from "./useCount";
import type { JobAction } from "@/jobs/status";
import { t } from "@/texts/en/actions";

/**
 * Count the jobs of a bulk action, ask for confirmation, then let the platform start it; `BulkList` shows its progress.
 */
export function AskMany({ question }: { question: ManyAsk }) {
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const many = question.kind === "many" ? question : null;
  const action = actionOf(question);
  const counting = useCount(question);
  const { exact } = counting;
  const start = () => {
    close();
    void begin(many ? { ...many, reason } : question, exact, client);
    many?.onDone?.();
  };
  return (
    <Dialog
      open
      onClose={close}
      title={title(question, exact)}
      description={
        many ? (
          <div className="grid gap-2">
            <Counted action={action} counting={counting} />
            {action === "discard" && <DiscardMeaning reason={reason} onChange={setReason} />}
          </div>
        ) : (
          <p>{t.redriveMeaning}</p>
        )
      }
      footer={
        <>
          <Button onClick={close}>{action === "cancel" ? t.keepJobs : t.cancel}</Button>
          <Button
            tone={action === "cancel" ? "danger" : "primary"}
            disabled={many !== null && !(exact && changing(exact) > 0)}
            aria-describedby={many ? COUNT : undefined}
            onClick={start}
          >
            {act(question, exact)}
          </Button>
        </>
      }
    />
  );
}

/** The id of the text that says why the action cannot be confirmed yet. */
const COUNT = "bulk-count";

/** Say what will change, how far the count is, or why there is no count. */
function Counted({
  action,
  counting: { exact, soFar, problem, again },
}: {
  action: JobAction;
  counting: Count;
}) {
  if (problem)
    return (
      <div id={COUNT} role="alert" className="grid justify-items-start gap-2">
        <p className="text-red">{t.notCounted(problem)}</p>
        <Button size="sm" onClick={again}>
          {t.countAgain}
        </Button>
      </div>
    );
  return (
    <>
      <p id={COUNT} role="status" aria-busy={!exact} data-testid="preview" className="nums">
        {exact ? <strong className="text-text">{outlook(action, exact)}</strong> : t.counting(soFar)}
      </p>
      {exact && exact.skipped.length > 0 && (
        <ul className="list-inside list-disc">
          {reasons(exact).map(([reason, n]) => (
            <li key={reason}>{t.skippedBecause(n, reason)}</li>
          ))}
        </ul>
      )}
    </>
  );
}
