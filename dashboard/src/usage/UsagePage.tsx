import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { isStatus, sentence } from "@/api/numbers/errors";
import { usage, type Usage } from "@/api/numbers/usage";
import { jobTypes } from "@/api/types";
import { onDemand } from "@/lib/onDemand";
import { useNow, usePolling } from "@/live/live";
import { Loaded } from "@/live/Loaded";
import { QueryFailure } from "@/live/QueryFailure";
import { Button } from "@/ui/Button";
import { Segments, Select } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { Empty, PanelToCome } from "@/ui/states";
import { Budgets } from "./Budgets";
import { Dearest } from "./Dearest";
import { daysOf, PERIODS, readPeriod, today, type Days, type Period } from "./periods";
import { CostRows } from "./CostRows";
import { Summary } from "./Summary";
import { t } from "@/texts/en/usage";

const DayChart = onDemand(() => import("./DayChart"));

interface Search {
  period?: string;
  by?: string;
  type?: string;
}
type By = "type" | "tenant";

/** Number of dearest runs that the page shows. */
const DEAREST = 10;
/** Milliseconds between two looks at sums of days. */
const POLL = { atLeast: 60_000 };

/** /usage: what jobs have cost, by day, type and tenant, with budgets and the dearest runs. */
export function UsagePage() {
  const search: Search = useSearch({ from: "/usage" });
  const navigate = useNavigate({ from: "/usage" });
  const period = readPeriod(search.period);
  const by: By = search.by === "tenant" ? "tenant" : "type";
  const { type } = search;
  const now = today(useNow());
  const days = daysOf(period, now);
  const ask = { ...days, type };
  const byDay = useQuery({ ...usage({ ...ask, by: "day" }), ...usePolling(POLL) });
  const grouped = useQuery({ ...usage({ ...ask, by, dearest: DEAREST }), ...usePolling(POLL) });
  const types = useQuery(jobTypes()).data ?? [];
  const chartToCome = <PanelToCome className="h-44" />;
  const choose = (next: Search) => {
    const kept = Object.entries({ ...search, ...next }).filter(([, value]) => value);
    void navigate({ search: Object.fromEntries(kept), replace: true });
  };
  const refused = isStatus(byDay.error, 403);
  if (refused && type === undefined) return <Empty page title={t.refused} children={t.refusedHint} />;
  const failed = refused || (byDay.isError && !byDay.data);
  return (
    <div className="flex flex-col gap-3">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2 py-1">
        <div className="flex basis-full flex-wrap items-baseline gap-x-4 lg:me-auto lg:basis-auto">
          <h1 className="text-lg font-semibold">{t.title}</h1>
          <p className="text-sm text-soft">{t.inUtc}</p>
        </div>
        <Select
          label={t.type}
          value={type ?? ""}
          options={[["", t.allTypes], ...known(types, type).map((name) => [name, name] as const)]}
          onChange={(next) => choose({ type: next })}
        />
        <Segments<Period>
          label={t.period}
          value={period}
          options={PERIODS.map((one) => [one, t.periods[one]] as const)}
          onChange={(next) => choose({ period: next === "month" ? "" : next })}
        />
      </header>
      {failed ? (
        <NoSums query={byDay} type={type} onAll={() => choose({ type: "" })} />
      ) : (
        <>
          {byDay.data ? (
            <Summary total={byDay.data.total} />
          ) : (
            <div role="status" aria-busy="true" aria-label={t.loading}>
              <PanelToCome className="h-40 sm:h-28" />
            </div>
          )}
          {byDay.data ? <DayChart usage={byDay.data} type={type} fallback={chartToCome} /> : chartToCome}
          <Budgets types={type === undefined ? types : types.filter((one) => one.type === type)} now={now} />
          <Groups
            by={by}
            days={days}
            query={grouped}
            onBy={(next) => choose({ by: next === "type" ? "" : next })}
          />
          <Panel title={t.dearest} flush>
            <Loaded
              query={grouped}
              title={t.couldntLoad}
              toCome={<PanelToCome className="m-4 h-16 border-0" />}
            >
              {({ dearest }) => <Dearest runs={dearest} />}
            </Loaded>
          </Panel>
          {byDay.data && (
            <p className="text-xs text-faint">{t.estimate(byDay.data.region, byDay.data.prices)}</p>
          )}
        </>
      )}
    </div>
  );
}

/** Return the names to choose from; a chosen type that is not declared any more stays one of them. */
function known(types: readonly { type: string }[], chosen: string | undefined): string[] {
  const names = types.map((one) => one.type);
  return chosen === undefined || names.includes(chosen) ? names : [...names, chosen];
}

/** Say why there are no sums; a type that is not declared, or not one of the token's, does not end at this page. */
function NoSums({
  query,
  type,
  onAll,
}: {
  query: { error: unknown; refetch: () => Promise<unknown> };
  type: string | undefined;
  onAll: () => void;
}) {
  if (type === undefined || !(isStatus(query.error, 403) || isStatus(query.error, 422)))
    return <QueryFailure framed title={t.couldntLoad} query={query} />;
  return (
    <Empty framed title={t.typeRefused(type)} action={<Button onClick={onAll}>{t.allTypes}</Button>}>
      {sentence(query.error)}
    </Empty>
  );
}

function Groups({
  by,
  days,
  query,
  onBy,
}: {
  by: By;
  days: Days;
  query: { data: Usage | undefined; isError: boolean; error: unknown; refetch: () => Promise<unknown> };
  onBy: (next: By) => void;
}) {
  return (
    <Panel
      title={t.whatCosts}
      flush
      actions={
        <Segments<By>
          label={t.group}
          value={by}
          options={[
            ["type", t.byType],
            ["tenant", t.byTenant],
          ]}
          onChange={onBy}
        />
      }
    >
      <Loaded query={query} title={t.couldntLoad} toCome={<PanelToCome className="m-4 h-24 border-0" />}>
        {(data) => <CostRows usage={data} by={by} days={days} />}
      </Loaded>
    </Panel>
  );
}
