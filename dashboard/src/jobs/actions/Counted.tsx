import { Button } from "@/ui/Button";
import { outlook, reasons } from "./bulkWords";
import type { Count } from "./useCount";
import type { JobAction } from "@/jobs/status";
import { t } from "@/texts/en/actions";

/** The id of the text that says why the action cannot be confirmed yet. */
export const COUNT = "bulk-count";

/** Say what will change, how far the count is, or why there is no count. */
export function Counted({
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
        <ul className="list-disc ps-4 break-words">
          {reasons(exact).map(([reason, n]) => (
            <li key={reason}>{t.skippedBecause(n, reason)}</li>
          ))}
        </ul>
      )}
    </>
  );
}
