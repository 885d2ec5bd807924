import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { limits, type Limit } from "@/api/limits";
import { cx } from "@/lib/cx";
import { SERIES, usePolling } from "@/live/live";
import { count } from "@/texts/numbers";
import { buttonClass } from "@/ui/Button";
import { linkClass } from "@/ui/link";
import { Panel } from "@/ui/Panel";
import { Unknown } from "../Unknown";
import { t } from "@/texts/en/limits";

/** Show the limits of a type: places in use, jobs that wait, and whether the number is that of the code. */
export default function TypeLimits({ type }: { type: string }) {
  const { data, error } = useQuery({ ...limits(), ...usePolling(SERIES) });
  const mine = data?.limits.filter(({ types }) => types.includes(type)) ?? [];
  return (
    <Panel
      title={t.ofType}
      flush
      actions={
        <Link to="/limits" search={{ type }} className={buttonClass("ghost", "sm")}>
          {t.viewLimits}
        </Link>
      }
    >
      {!data && <Unknown error={error} />}
      <ul className="divide-y divide-line">
        {mine.map((limit) => (
          <Row key={`${limit.name} ${limit.value ?? ""}`} limit={limit} />
        ))}
      </ul>
    </Panel>
  );
}

function Row({
  limit: { name, label, by, value, n, per, inCode, differs, inUse, waits, waiting, waitingMore },
}: {
  limit: Limit;
}) {
  const waitingJobs =
    waiting === null ? (waits ? t.someWait : "0") : waitingMore ? t.countMore(waiting) : count(waiting);
  return (
    <li className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-2 text-sm">
      <Link
        to="/limits"
        search={{ of: name, ...(value !== null && { value }) }}
        className={cx(linkClass, "min-w-0 flex-1 truncate font-mono text-xs")}
      >
        {value === null ? label : `${t.valueOf(by ?? label)} ${value}`}
        {value === null && by !== null && <span className="text-soft"> · {t.values(by)}</span>}
      </Link>
      <span className="nums text-xs">
        {n === null
          ? t.unlimited
          : inUse === null || per !== null
            ? `${per === null ? t.places : t.starts} ${per === null ? count(n) : t.startsIn(n, per)}`
            : t.inUseOf(count(inUse), count(n))}
        {differs && inCode !== null && <span className="ms-2 text-amber">{t.inCode(inCode)}</span>}
      </span>
      <span className="nums text-xs text-soft">
        {t.waiting} {waitingJobs}
      </span>
    </li>
  );
}
