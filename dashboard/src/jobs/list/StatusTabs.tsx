import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { metrics } from "@/api/numbers/metrics";
import type { JobStatus } from "@/api/jobs/jobs";
import { cx } from "@/lib/cx";
import { brief } from "@/lib/format";
import { STEADY, usePolling } from "@/live/live";
import { isFiltered, type JobsSearch } from "@/jobs/search";
import { STATUS, STATUSES } from "@/jobs/status";
import { t } from "@/texts/en/list";

/** Show a tab for each status with its number of jobs. With a filter other than the type, there is no number. */
export function StatusTabs({ search }: { search: JobsSearch }) {
  const { data } = useQuery({ ...metrics(), ...usePolling(STEADY) });
  const { type, status: _, ...others } = search;
  const counted = !isFiltered(others);
  const numbers = !counted ? undefined : type ? data?.byType[type] : data;
  const tabs: (JobStatus | undefined)[] = [undefined, ...STATUSES];
  return (
    <nav aria-label={t.status} className="fade-end relative -mb-px flex overflow-x-auto overscroll-x-contain">
      {tabs.map((status) => {
        const on = search.status === status;
        const n = status ? numbers?.byStatus[status] : numbers?.total;
        return (
          <Link
            key={status ?? "all"}
            to="/dashboard"
            search={inStatus(search, status)}
            ref={on && status ? intoView : undefined}
            aria-current={on ? "page" : undefined}
            activeOptions={{ exact: true, includeSearch: true }}
            className={cx(
              "flex h-10 shrink-0 items-center gap-1.5 border-b-2 px-3 text-sm whitespace-nowrap",
              on ? "border-accent-text text-text" : "border-transparent text-soft hover:text-text",
            )}
          >
            {status ? STATUS[status].label : t.all}
            <span
              className={cx(
                "nums text-xs",
                counted && "min-w-4",
                n && status ? STATUS[status].tone : "text-faint",
              )}
            >
              {n === undefined ? "" : brief(n)}
            </span>
          </Link>
        );
      })}
    </nav>
  );
}

function inStatus({ status: _, ...rest }: JobsSearch, status: JobStatus | undefined): JobsSearch {
  return status ? { ...rest, status } : rest;
}

/** On a narrow screen the tabs scroll: scroll to the selected tab. */
function intoView(tab: HTMLElement | null): void {
  const strip = tab?.parentElement;
  if (tab && strip) strip.scrollLeft = tab.offsetLeft - strip.clientWidth / 2 + tab.clientWidth / 2;
}
