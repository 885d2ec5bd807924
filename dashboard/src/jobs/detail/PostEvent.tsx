import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { postEvent } from "@/api/jobs/steering";
import { parseJson, type Json } from "@/lib/json";
import { refresh } from "@/jobs/actions/actions";
import { report } from "@/jobs/actions/outcome";
import { Button } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import { Dialog } from "@/ui/overlay/Dialog";
import { Reason } from "@/ui/Reason";
import { toast } from "@/ui/overlay/toast";
import { t } from "@/texts/en/detail";

interface PostEventProps {
  jobId: string;
  /** The event that the job waits for. */
  name: string;
  onClose: () => void;
}

/** Ask for the data of an event, and post it. The job then continues. */
export default function PostEvent({ jobId, name, onClose }: PostEventProps) {
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [reason, setReason] = useState("");
  const read = text.trim() === "" ? { ok: true as const, value: null } : parseJson(text);
  const post = useMutation({
    mutationFn: (data: Json) => postEvent(jobId, name, data, reason),
    onSuccess: () => toast.done(t.eventPosted(name)),
    onError: report,
    onSettled: async () => {
      onClose();
      await refresh(client);
    },
  });
  return (
    <Dialog
      open
      onClose={onClose}
      onConfirm={() => read.ok && post.mutate(read.value)}
      title={t.postEventAsk(name)}
      description={t.postEventMeaning}
      footer={
        <Button type="submit" tone="primary" disabled={!read.ok || post.isPending}>
          {t.postEventNow}
        </Button>
      }
    >
      <Field
        label={t.eventData}
        hint={t.eventDataHint}
        error={read.ok ? undefined : read.error}
        className="mt-3"
      >
        {(control) => (
          <textarea
            {...control}
            rows={4}
            spellCheck={false}
            className={`${inputClass} h-auto py-1.5 font-mono text-xs`}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      <Reason reason={reason} onChange={setReason} className="mt-3" />
    </Dialog>
  );
}
