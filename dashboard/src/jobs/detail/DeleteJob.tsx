import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { deleteJob } from "@/api/jobs/steering";
import { shortId } from "@/lib/format";
import { refresh } from "@/jobs/actions/actions";
import { report } from "@/jobs/actions/outcome";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/overlay/Dialog";
import { toast } from "@/ui/overlay/toast";
import { Reason } from "@/ui/Reason";
import { t } from "@/texts/en/detail";

interface DeleteJobProps {
  jobId: string;
  onClose: () => void;
}

/** Ask for confirmation and a reason, and delete the job. There is no page of the job any more after that. */
export default function DeleteJob({ jobId, onClose }: DeleteJobProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [reason, setReason] = useState("");
  const remove = useMutation({
    mutationFn: () => deleteJob(jobId, reason),
    onSuccess: async () => {
      onClose();
      toast.done(t.jobDeleted(shortId(jobId)));
      await navigate({ to: "/dashboard" });
      await refresh(client);
    },
    onError: (error) => {
      onClose();
      report(error);
    },
  });
  return (
    <Dialog
      open
      onClose={onClose}
      onConfirm={() => remove.mutate()}
      title={t.deleteJobAsk(shortId(jobId))}
      description={<p>{t.deleteJobMeaning}</p>}
      footer={
        <Button tone="danger" type="submit" disabled={remove.isPending}>
          {t.deleteJobNow}
        </Button>
      }
    >
      <Reason reason={reason} onChange={setReason} className="mt-3" />
    </Dialog>
  );
}
