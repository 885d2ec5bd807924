import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { metrics } from "@/api/numbers/metrics";
import { usage } from "@/api/numbers/usage";
import type { JobType } from "@/api/types";
import { queueName } from "@/jobs/queueName";
import { cx } from "@/lib/cx";
import { dollars } from "@/lib/dollars";
import { percent } from "@/lib/format";
import { usePolling } from "@/live/live";
import { Loaded } from "@/live/Loaded";
import { count } from "@/texts/numbers";
import { linkClass } from "@/ui/link";
import { Panel } from "@/ui/Panel";
import { PanelToCome } from "@/ui/states";
import { budgetsOf, type Budget, type BudgetState } from "./budgets";
import { t } from "@/texts/en/usage";

const COLOUR: Record<BudgetState, string> = {
  fine: "text-soft",
  warns: "text-amber",
  spent: "text-red",
  stopped: "text-red",
  paused: "text-amber",
};
const BAR: Record<BudgetState, string> = {
  fine: "bg-blue",
  warns: "bg-amber",
  spent: "bg-red",
  stopped: "bg-red",
  paused: "bg-blue",
};

/** Milliseconds between two looks at the sums of today and the pauses. */
const POLL = { atLeast: 30_000 };

/** Show what the types with a budget have spent of it today, and which of them are paused; nothing without budgets. */
export function Budgets({ types, now }: { types: readonly JobType[]; now: number }) {
  const some = types.some(({ spending }) => spending?.perDay != null);
  const spent = useQuery({
    ...usage({ by: "type", from: now }),
    ...usePolling(POLL),
    enabled: some,
  });
  const numbers = useQuery({ ...metrics(), ...usePolling(POLL), enabled: some }).data?.byType ?? {};
  if (!some) return null;
  return (
    <Panel title={t.budgets} flush>
      <Loaded query={spent} title={t.couldntLoad} toCome={<PanelToCome className="m-4 h-12 border-0" />}>
        {({ rows }) => (
          <ul className="divide-y divide-line">
            {budgetsOf(types, new Map(rows.map((row) => [row.type ?? "", row.nano])), numbers).map((one) => (
              <BudgetRow key={one.type} budget={one} />
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

/** Return the spent share as a percentage; what is spent beyond the budget is in it. */
function shareOf(share: number): string {
  return share > 1 ? `${count(Math.floor(share * 100))}%` : percent(share);
}

function BudgetRow({ budget: { type, spent, perDay, share, state } }: { budget: Budget }) {
  return (
    <li className="px-4 py-2.5 text-sm">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <Link
          to="/queues/$queue"
          params={{ queue: queueName(type) }}
          className={cx(linkClass, "min-w-0 break-words")}
        >
          {type}
        </Link>
        <span className={cx("text-xs", COLOUR[state])}>{t.budgetStates[state]}</span>
        <span className="nums ms-auto">
          {t.ofBudget(dollars(spent), dollars(perDay))} <span className="text-soft">({shareOf(share)})</span>
        </span>
      </div>
      <div
        role="meter"
        aria-label={t.budgetOf(type)}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, Math.floor(share * 100))}
        aria-valuetext={`${t.ofBudget(dollars(spent), dollars(perDay))}, ${t.budgetStates[state]}`}
        className="mt-1.5 h-1.5 bg-line"
      >
        <div className={cx("h-full", BAR[state])} style={{ width: `${Math.min(100, share * 100)}%` }} />
      </div>
    </li>
  );
}
