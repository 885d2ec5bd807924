import { useMutation, useQueryClient } from "@tanstack/react-query";
import { sentence } from "@/api/errors";
import { acknowledge, type ErrorGroup } from "@/api/metrics";
import { relative } from "@/lib/time";
import { useNow } from "@/live/live";
import { When } from "@/live/When";
import { Button } from "@/ui/Button";
import { toast } from "@/ui/overlay/toast";
import { cameAgain } from "./order";
import { t } from "@/texts/en/errors";

/** Note that somebody knows of the error, so that new ones stand out; or take the note away. */
export function Acknowledge({ group }: { group: ErrorGroup }) {
  const client = useQueryClient();
  const again = cameAgain(group);
  const on = group.acknowledged === null || again;
  const set = useMutation({
    mutationFn: () => acknowledge(group.fingerprint, on),
    onError: (error) => toast.problem(sentence(error)),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["errors"] }),
        client.invalidateQueries({ queryKey: ["health"] }),
      ]),
  });
  return (
    <Button size="sm" disabled={set.isPending} onClick={() => set.mutate()}>
      {on ? t.acknowledge : t.reopen}
    </Button>
  );
}

/** Say who acknowledged the error and when, and whether it came again since. */
export function Mark({ group }: { group: ErrorGroup }) {
  const now = useNow();
  if (!group.acknowledged) return null;
  const { by, at } = group.acknowledged;
  return (
    <p className="mt-1 text-xs text-soft">
      <When at={at}>{t.acknowledgedBy(by, relative(at, now))}</When>
      {cameAgain(group) && <strong className="text-amber"> {t.cameAgainSince}</strong>}
    </p>
  );
}
