import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/overlay/Dialog";
import { Reason } from "@/ui/Reason";
import { actionOf, type ManyAsk } from "./actions";
import { act, changing, title } from "./bulkWords";
import { COUNT, Counted } from "./Counted";
import { DiscardMeaning } from "./DiscardMeaning";
import { close } from "./outcome";
import { start as begin } from "./bulkRuns";
import { useCount } from "./useCount";
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
    void begin({ ...question, reason }, exact, client);
    many?.onDone?.();
  };
  return (
    <Dialog
      open
      onClose={close}
      onConfirm={start}
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
            type="submit"
          >
            {act(question, exact)}
          </Button>
        </>
      }
    >
      {action !== "discard" && <Reason reason={reason} onChange={setReason} className="mt-3" />}
    </Dialog>
  );
}
