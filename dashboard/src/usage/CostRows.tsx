import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Costs, Usage } from "@/api/numbers/usage";
import { dollars } from "@/lib/dollars";
import { percent } from "@/lib/format";
import { duration } from "@/lib/time";
import { count } from "@/texts/numbers";
import { linkClass } from "@/ui/link";
import { Empty } from "@/ui/states";
import type { Days } from "./periods";
import { t } from "@/texts/en/usage";

interface CostRowsProps {
  usage: Usage;
  by: "type" | "tenant";
  days: Days;
}

/** Show what each type or tenant has cost, the dearest first, with a link to the jobs of these days. */
export function CostRows({ usage, by, days }: CostRowsProps) {
  if (usage.rows.length === 0) return <Empty title={t.none}>{t.noneHint}</Empty>;
  const counted = by === "type" || usage.rows.some(({ tenant }) => tenant !== null);
  return (
    <>
      <ul className="divide-y divide-line">
        {usage.rows.map((one) => (
          <CostRow
            key={`${one.type ?? ""} ${one.tenant ?? ""}`}
            row={one}
            whole={usage.total.nano}
            by={by}
            days={days}
          />
        ))}
      </ul>
      {!counted && <p className="border-t border-line p-4 text-sm text-soft">{t.noTenants}</p>}
      {usage.truncated && <p className="border-t border-line p-4 text-sm text-soft">{t.truncated}</p>}
    </>
  );
}

function CostRow(props: { row: Costs; whole: number; by: "type" | "tenant"; days: Days }) {
  const { row, whole, by, days } = props;
  const share = whole > 0 ? row.nano / whole : 0;
  return (
    <li className="flex flex-wrap items-baseline gap-x-4 gap-y-1.5 px-4 py-2.5 text-sm lg:grid lg:grid-cols-[minmax(0,2fr)_minmax(6rem,1fr)_6rem_6rem_6rem_8rem_7rem]">
      <div className="min-w-0 max-lg:flex-1 max-lg:basis-32">
        <p className="break-words">
          {by === "tenant" && row.tenant === null ? (
            t.withoutTenant
          ) : (
            <Link
              to="/dashboard"
              search={{
                ...(row.type !== null && { type: row.type }),
                ...(row.tenant !== null && { tenant: row.tenant }),
                from: days.from,
                ...(days.to !== undefined && { to: days.to }),
              }}
              aria-label={t.jobsOf(...[row.tenant, row.type].filter((name) => name !== null))}
              className={linkClass}
            >
              <bdi>{row.tenant ?? row.type}</bdi>
            </Link>
          )}
        </p>
        {by === "tenant" && <p className="text-xs break-words text-soft">{row.type}</p>}
      </div>
      <div aria-hidden="true" className="h-1.5 bg-line max-lg:order-1 max-lg:basis-full lg:self-center">
        <div className="h-full bg-blue" style={{ width: `${Math.max(0.5, share * 100)}%` }} />
      </div>
      <Cell name={t.jobs}>{count(row.jobs)}</Cell>
      <Cell name={t.attempts}>{count(row.attempts)}</Cell>
      <Cell name={t.runTime}>{duration(row.runMs)}</Cell>
      <Cell name={t.retries}>
        {dollars(row.again)}
        {row.nano > 0 && ` (${percent(row.again / row.nano)})`}
      </Cell>
      <p className="nums ms-auto text-end font-medium">
        {dollars(row.nano)}{" "}
        <span className="block text-xs font-normal text-soft">{t.ofAll(percent(share))}</span>
      </p>
    </li>
  );
}

function Cell({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0 max-lg:order-2 max-lg:basis-28 sm:max-lg:flex-1">
      <p className="text-xs text-faint">{name}</p>
      <p className="nums text-xs">{children}</p>
    </div>
  );
}
