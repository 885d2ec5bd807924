import { useMutation, useQueryClient } from "@tanstack/react-query";
import { bulkRuns, stopBulk, type BulkRun } from "@/api/jobs/bulkActions";
import { useMe } from "@/session/session";
import type { ButtonProps } from "@/ui/Button";
import { Act } from "@/ui/overlay/Act";
import { report } from "./outcome";
import { t } from "@/texts/en/bulk";

/** Stop a bulk action that is running; nothing for those who may not. */
export function StopBulk({ run, ...look }: { run: BulkRun } & Pick<ButtonProps, "tone" | "className">) {
  const { can } = useMe();
  const client = useQueryClient();
  const stop = useMutation({
    mutationFn: (reason: string) => stopBulk(run.id, reason),
    onError: report,
    onSettled: () => client.invalidateQueries({ queryKey: bulkRuns().queryKey }),
  });
  if (!can.act) return null;
  return (
    <Act
      word={run.state === "stopping" ? t.stopping : t.stop}
      disabled={stop.isPending || run.state === "stopping"}
      onAct={stop.mutate}
      {...look}
    />
  );
}
