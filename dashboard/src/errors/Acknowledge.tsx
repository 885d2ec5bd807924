import { useMutation, useQueryClient } from "@tanstack/react-query";
import { sentence } from "@/api/numbers/errors";
import { markError, type ErrorGroup, type MarkOfError } from "@/api/numbers/metrics";
import { relative } from "@/lib/time";
import { useNow } from "@/live/live";
import { When } from "@/live/When";
import { Act } from "@/ui/overlay/Act";
import { toast } from "@/ui/overlay/toast";
import { t } from "@/texts/en/errors";

/** The marks that a group may get next, by its state. */
const NEXT: Record<ErrorGroup["state"], readonly MarkOfError[]> = {
  open: ["acknowledge", "resolve"],
  regressed: ["acknowledge", "resolve"],
  acknowledged: ["resolve", "reopen"],
  resolved: ["reopen"],
};

/** Mark the error as known or as fixed, so that new errors are easy to see; or remove the mark. */
export function Acknowledge({ group }: { group: ErrorGroup }) {
  const client = useQueryClient();
  const set = useMutation({
    mutationFn: ({ mark, reason }: { mark: MarkOfError; reason: string }) =>
      markError(group.fingerprint, mark, reason),
    onError: (error) => toast.problem(sentence(error)),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["errors"] }),
        client.invalidateQueries({ queryKey: ["health"] }),
      ]),
  });
  return NEXT[group.state].map((mark) => (
    <Act
      key={mark}
      word={t[mark]}
      disabled={set.isPending}
      onAct={(reason) => set.mutate({ mark, reason })}
    />
  ));
}

/** Say who acknowledged or resolved the error and when, and whether it occurred again after that. */
export function Mark({ group }: { group: ErrorGroup }) {
  const now = useNow();
  if (!group.acknowledged) return null;
  const { by, at } = group.acknowledged;
  const fixed = group.state === "resolved" || group.state === "regressed";
  const words = fixed ? t.resolvedBy : t.acknowledgedBy;
  return (
    <p className="mt-1 text-xs text-soft">
      {group.state === "regressed" && <strong className="text-red">{t.regressed} · </strong>}
      <When at={at}>{words(by, relative(at, now))}</When>
      {group.state === "open" && <strong className="text-amber"> {t.cameAgainSince}</strong>}
    </p>
  );
}
