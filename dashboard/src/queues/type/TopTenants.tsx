import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { tenants } from "@/api/queues/tenants";
import { SERIES, usePolling } from "@/live/live";
import { count } from "@/texts/numbers";
import { Panel } from "@/ui/Panel";
import { linkClass } from "@/ui/link";
import { cx } from "@/lib/cx";
import { Unknown } from "../Unknown";
import { t } from "@/texts/en/queues";

/** Show the tenants with the most unfinished jobs of a type. */
export default function TopTenants({ type }: { type: string }) {
  const { data, error } = useQuery({ ...tenants(type), ...usePolling(SERIES) });
  return (
    <Panel title={t.topTenants} flush>
      {data?.tenants.length === 0 && <p className="p-4 text-sm text-soft">{t.noTenants}</p>}
      {!data && <Unknown error={error} />}
      <ul className="divide-y divide-line">
        {data?.tenants.map(({ tenant, jobs }) => (
          <li key={tenant} className="flex items-baseline gap-3 px-4 py-2 text-sm">
            <span className="nums w-14 shrink-0 text-end font-medium">{count(jobs)}</span>
            <Link
              to="/dashboard"
              search={{ type, tenant }}
              dir="auto"
              className={cx(linkClass, "min-w-0 truncate font-mono text-xs")}
            >
              {tenant}
            </Link>
          </li>
        ))}
      </ul>
      {data && !data.complete && (
        <p className="border-t border-line px-4 py-2 text-xs text-faint">{t.tenantsAmong(data.looked)}</p>
      )}
    </Panel>
  );
}
