import { QueryFailure } from "@/live/QueryFailure";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { isStatus } from "@/api/numbers/errors";
import { errorGroups } from "@/api/numbers/metrics";
import { jobTypes } from "@/api/types";
import { parseSpan } from "@/lib/time";
import { SERIES, usePolling } from "@/live/live";
import { Segments, Select } from "@/ui/Field";
import { Empty, Skeleton } from "@/ui/states";
import { ErrorGroupRow } from "./ErrorGroupRow";
import { openFirst } from "./order";
import { t } from "@/texts/en/errors";

const SPANS = [
  ["1h", "1 h"],
  ["24h", "24 h"],
  ["7d", "7 d"],
] as const;
type Span = (typeof SPANS)[number][0];
const DEFAULT: Span = "24h";
/** The groups, open ones first, of which it is said where their jobs are: a request for each. */
const MOST_COUNTED = 12;
type Only = "all" | "open";

/** /errors: failed attempts, grouped by error. */
export function ErrorsPage() {
  const search = useSearch({ from: "/errors" });
  const navigate = useNavigate({ from: "/errors" });
  const span = SPANS.find(([one]) => one === search.since)?.[0] ?? DEFAULT;
  const only = search.only === "open" ? "open" : "all";
  const query = useQuery({
    ...errorGroups(search.type, span, () => sinceOf(span), only === "open"),
    ...usePolling(SERIES),
  });
  const types = useQuery(jobTypes()).data ?? [];
  const groups = openFirst(query.data ?? []);
  const total = groups.reduce((sum, group) => sum + group.count, 0);
  const choose = (next: { type?: string; since?: string; only?: Only }) => {
    const { type = search.type, since = search.since, only = search.only } = next;
    void navigate({
      search: {
        ...(type && { type }),
        ...(since && since !== DEFAULT && { since }),
        ...(only === "open" && { only }),
      },
      replace: true,
    });
  };
  return (
    <div className="flex flex-col gap-3">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2 py-1 [&>select]:max-sm:basis-32">
        <h1 className="text-lg font-semibold">{t.errors}</h1>
        <p className="me-auto min-h-5 text-sm text-soft max-lg:basis-full" aria-live="polite">
          {query.data ? t.summary(total, groups.length) : ""}
        </p>
        <Select
          label={t.type}
          value={search.type ?? ""}
          options={[["", t.allTypes], ...types.map((one) => [one.type, one.type] as const)]}
          onChange={(type) => choose({ type })}
        />
        <Segments<Only>
          label={t.show}
          value={only}
          options={[
            ["all", t.allGroups],
            ["open", t.notAcknowledged],
          ]}
          onChange={(next) => choose({ only: next })}
        />
        <Segments<Span>
          label={t.since}
          value={span}
          options={SPANS}
          onChange={(next) => choose({ since: next })}
        />
      </header>
      <div className="border border-line bg-panel">
        {query.isPending && (
          <div role="status" aria-busy="true" aria-label={t.loadingTheErrors}>
            {[1, 2, 3, 4].map((n) => (
              <div key={n} className="border-b border-line p-4">
                <Skeleton className="mb-2 h-4 w-1/3" />
                <Skeleton className="h-4 w-2/3" />
              </div>
            ))}
          </div>
        )}
        {query.isError && !query.data && (
          <QueryFailure
            title={isStatus(query.error, 404) ? t.noGroupsInThisApi : t.couldntLoadErrors}
            query={query}
          />
        )}
        {query.data?.length === 0 && <Empty title={t.noErrorsInThis}>{t.chooseALongerPeriod}</Empty>}
        <ul className="divide-y divide-line">
          {groups.map((group, at) => (
            <ErrorGroupRow
              key={group.fingerprint}
              group={group}
              counted={at < MOST_COUNTED}
              period={parseSpan(span) ?? 0}
              most={Math.max(...groups.map((one) => one.count))}
            />
          ))}
        </ul>
      </div>
    </div>
  );
}

function sinceOf(span: Span): number {
  return Date.now() - (parseSpan(span) ?? 0);
}
