import { Link } from "@tanstack/react-router";
import type { TypeNumbers } from "@/api/numbers/metrics";
import { ask } from "@/jobs/actions/actions";
import { count } from "@/texts/numbers";
import { Button } from "@/ui/Button";
import { linkClass } from "@/ui/link";
import { cx } from "@/lib/cx";
import { t } from "@/texts/en/queues";

interface DeadLettersProps {
  type: string;
  numbers: TypeNumbers | undefined;
  canAct: boolean;
}

/** Show the number of dead letters of a type, with a link to them and a button that retries all. */
export function DeadLetters({ type, numbers, canAct }: DeadLettersProps) {
  const dead = numbers?.byStatus.dead_letter;
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-x-3 border-t border-line px-4 py-1.5 text-sm">
      {dead === undefined ? (
        <span className="text-soft">{t.deadLettersUnknown}</span>
      ) : dead === 0 ? (
        <span className="text-soft">{t.noDeadLetters}</span>
      ) : (
        <>
          <Link
            to="/dashboard"
            search={{ type, status: "dead_letter" }}
            className={cx(linkClass, "nums text-rose")}
          >
            {t.deadLetterCount(dead)}
          </Link>
          {canAct && (
            <Button size="sm" className="ms-auto" onClick={() => ask({ kind: "redrive", type, count: dead })}>
              {t.retryAll(count(dead))}
            </Button>
          )}
        </>
      )}
    </div>
  );
}
