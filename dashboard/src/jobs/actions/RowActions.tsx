import type { Job } from "@/api/jobs/jobs";
import { shortId } from "@/lib/format";
import { useMe } from "@/session/session";
import { IconButton } from "@/ui/Button";
import { IconBan, IconRetry } from "@/ui/icons";
import { ask } from "./actions";
import { accepts } from "@/jobs/status";
import { t } from "@/texts/en/list";

/** Show the actions that the job allows as icons; none with a read-only token. */
export function RowActions({ job }: { job: Job }) {
  const { can } = useMe();
  if (!can.act) return null;
  return (
    <span className="flex justify-end">
      {accepts(job, "retry") && (
        <IconButton
          label={t.retryJob(shortId(job.id))}
          className="size-7"
          onClick={() => ask({ kind: "one", action: "retry", job })}
        >
          <IconRetry width={14} height={14} />
        </IconButton>
      )}
      {accepts(job, "cancel") && (
        <IconButton
          label={t.cancelJob(shortId(job.id))}
          className="size-7"
          onClick={() => ask({ kind: "one", action: "cancel", job })}
        >
          <IconBan width={14} height={14} />
        </IconButton>
      )}
    </span>
  );
}
