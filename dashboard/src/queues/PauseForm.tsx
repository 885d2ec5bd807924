import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { sentence } from "@/api/numbers/errors";
import { setPaused, type JobType } from "@/api/types";
import { Button } from "@/ui/Button";
import { Reason } from "@/ui/Reason";
import { toast } from "@/ui/overlay/toast";
import { t } from "@/texts/en/queues";

/** A job type and, if it shares one, its queue: a pause concerns all types of the queue. */
export type Pausable = Pick<JobType, "type" | "queue">;

/** Return what is paused: the queue if the type shares it, else the type. */
export function pausedName({ type, queue }: Pausable): string {
  return queue === null ? type : t.queueNamed(queue);
}

/** Pause and resume job types, and say what came of it. */
export function usePause() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ of, next, reason }: { of: Pausable; next: boolean; reason?: string }) =>
      setPaused(of.type, next, reason),
    onSuccess: (_, { of, next }) => toast.done(next ? t.paused(pausedName(of)) : t.resumed(pausedName(of))),
    onError: (error) => toast.problem(sentence(error)),
    onSettled: () =>
      Promise.all(
        [["metrics"], ["health"], ["past-pauses"]].map((queryKey) => client.invalidateQueries({ queryKey })),
      ),
  });
}

/** Say what a pause means, and ask for its reason. */
export function PauseForm({ of, onPause }: { of: Pausable; onPause: (reason: string) => void }) {
  const [reason, setReason] = useState("");
  return (
    <form
      className="flex flex-col items-start gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        onPause(reason.trim());
      }}
    >
      <p className="text-sm">{t.newJobsAreAccepted}</p>
      {of.queue !== null && <p className="text-sm">{t.pausesTheQueue(of.queue)}</p>}
      <Reason reason={reason} onChange={setReason} hint={t.pauseHint} className="w-full" />
      <Button type="submit" tone="danger">
        {t.pause(pausedName(of))}
      </Button>
    </form>
  );
}
