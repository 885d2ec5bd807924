import { sentence } from "@/api/numbers/errors";
import { Skeleton } from "@/ui/states";
import { t } from "@/texts/en/queues";

/** Show a placeholder for an answer that has not come yet, or that failed. */
export function Unknown({ error }: { error: Error | null }) {
  if (error) return <p className="p-4 text-sm text-soft">{t.couldntLoad(sentence(error))}</p>;
  return (
    <div role="status" aria-busy="true" aria-label={t.loading} className="p-4">
      <Skeleton className="h-4 w-2/3" />
    </div>
  );
}
