import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { flows } from "@/api/numbers/flow";
import type { Metrics } from "@/api/numbers/metrics";
import type { JobType } from "@/api/types";
import { cx } from "@/lib/cx";
import { SERIES, usePolling } from "@/live/live";
import { Skeleton } from "@/ui/states";
import { linkClass } from "@/ui/link";
import { why, workersOf, type Tone } from "./answer";
import { t } from "@/texts/en/why";

const TONE: Record<Tone, string> = { good: "bg-green", busy: "bg-amber", bad: "bg-rose" };

interface WhyProps {
  type: JobType;
  types: readonly JobType[];
  metrics: Metrics | undefined;
}

/** Say in words how fast a type works, whether its backlog grows, and what would help. */
export function Why({ type, types, metrics }: WhyProps) {
  const flow = useQuery({ ...flows(), ...usePolling(SERIES) });
  const numbers = metrics?.byType[type.type];
  const mine = flow.data?.[type.type];
  // Without the answer, the numbers below still tell what is known.
  if (flow.isError && !flow.data) return null;
  const found = numbers && mine && why(type, numbers, mine, workersOf(type, types, metrics.byType));
  return (
    <section aria-label={t.title} data-testid="why" className="min-h-14 border-t border-line px-4 py-3">
      {found ? (
        <>
          <p className="flex items-baseline gap-2.5 text-base font-medium">
            <span aria-hidden="true" className={cx("size-2 shrink-0", TONE[found.tone])} />
            <span className="nums min-w-0">{found.text}</span>
          </p>
          {found.help && (
            <p className="ps-[18px] text-sm text-soft">
              {found.help} {found.leads && <Lead type={type.type} to={found.leads} />}
            </p>
          )}
        </>
      ) : (
        <p role="status" aria-label={t.loading}>
          <Skeleton className="h-5 w-96 max-w-full" />
        </p>
      )}
    </section>
  );
}

const LINK = cx("whitespace-nowrap text-text", linkClass);

function Lead({ type, to }: { type: string; to: "errors" | "queued" }) {
  if (to === "errors")
    return (
      <Link to="/errors" search={{ type }} className={LINK}>
        {t.viewErrors}
      </Link>
    );
  return (
    <Link to="/dashboard" search={{ type, status: "queued" }} className={LINK}>
      {t.viewWaiting}
    </Link>
  );
}
