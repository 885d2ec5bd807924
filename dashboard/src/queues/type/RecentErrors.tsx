import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { errorGroups } from "@/api/numbers/metrics";
import { oneLine } from "@/lib/format";
import { count } from "@/texts/numbers";
import { parseSpan } from "@/lib/time";
import { Age } from "@/live/Age";
import { SERIES, usePolling } from "@/live/live";
import { buttonClass } from "@/ui/Button";
import { Panel } from "@/ui/Panel";
import { cx } from "@/lib/cx";
import { quietLinkClass } from "@/ui/link";
import { Unknown } from "../Unknown";
import { t } from "@/texts/en/queues";

const SPAN = "24h";
const MOST = 5;
const dayAgo = () => Date.now() - (parseSpan(SPAN) ?? 0);

/** Show the most frequent errors of a type in the last 24 hours. */
export function RecentErrors({ type }: { type: string }) {
  const { data, error } = useQuery({ ...errorGroups(type, SPAN, dayAgo), ...usePolling(SERIES) });
  const groups = [...(data ?? [])].sort((a, b) => b.count - a.count).slice(0, MOST);
  return (
    <Panel
      title={t.errorsLast24H}
      flush
      actions={
        <Link to="/errors" search={{ type }} className={buttonClass("ghost", "sm")}>
          {t.viewAll}
        </Link>
      }
    >
      {data?.length === 0 && <p className="p-4 text-sm text-soft">{t.noErrorsInThis}</p>}
      {!data && <Unknown error={error} />}
      <ul className="divide-y divide-line">
        {groups.map((group) => (
          <li
            key={group.fingerprint}
            className="flex items-baseline gap-x-3 gap-y-0.5 px-4 py-2 text-sm max-sm:flex-wrap"
          >
            <span className="nums w-10 shrink-0 text-end font-medium">{count(group.count)}</span>
            <Link
              to="/dashboard"
              search={{ fingerprint: group.fingerprint }}
              className={cx(
                "min-w-0 truncate font-mono text-xs text-red max-sm:flex-1 sm:shrink-0",
                quietLinkClass,
              )}
            >
              {group.errorClass ?? t.error}
            </Link>
            <span
              dir="auto"
              className="min-w-0 flex-1 truncate text-left text-soft max-sm:order-last max-sm:basis-full max-sm:ps-13"
              title={oneLine(group.message, 600)}
            >
              {oneLine(group.message, 200)}
            </span>
            <span className="nums shrink-0 text-xs text-faint">
              <Age at={group.lastSeen} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
