import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { limits } from "@/api/limits";
import { usePolling } from "@/live/live";
import { QueryFailure } from "@/live/QueryFailure";
import { Code } from "@/ui/Code";
import { Empty, Skeleton } from "@/ui/states";
import { LimitPage } from "./LimitPage";
import { LimitRows } from "./LimitRows";
import { hasOwnChange } from "./words";
import { t } from "@/texts/en/limits";

/** Narrow enough for a phone. */
const EXAMPLE = `@job("invoice.pdf", limits=[
    AtMost(3, by="customer"),
    AtMost(20, shared="ai"),
])`;

/** /limits: how many jobs run at once; ?type= only the limits of a type, ?of= one limit, &value= one value of it. */
export function LimitsPage() {
  const { of, type, value = null } = useSearch({ from: "/limits" });
  return of === undefined ? (
    <List type={type} />
  ) : (
    <LimitPage key={`${of} ${value ?? ""}`} which={{ name: of, value }} />
  );
}

function List({ type }: { type: string | undefined }) {
  const query = useQuery({ ...limits(), ...usePolling({ atLeast: 5000 }) });
  const all = query.data?.limits ?? [];
  const found = type === undefined ? all : all.filter(({ types }) => types.includes(type));
  return (
    <div className="flex flex-col gap-3">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2 py-1">
        <h1 className="text-lg font-semibold">{type === undefined ? t.limits : t.limitsOf(type)}</h1>
        <p className="me-auto min-h-5 text-sm text-soft" aria-live="polite">
          {query.data && found.length > 0
            ? t.summary(found.filter(({ value }) => value === null).length, found.filter(hasOwnChange).length)
            : ""}
        </p>
        {type !== undefined && (
          <Link to="/limits" search={{}} className="text-sm text-accent-text hover:underline">
            {t.allLimits}
          </Link>
        )}
      </header>
      <div className="border border-line bg-panel">
        {query.isPending && (
          <div role="status" aria-busy="true" aria-label={t.loading} className="flex flex-col gap-3 p-4">
            <Skeleton className="h-10" />
            <Skeleton className="h-10" />
            <Skeleton className="h-10" />
          </div>
        )}
        {query.isError && !query.data && <QueryFailure title={t.couldntLoad} query={query} />}
        {query.data && found.length === 0 && (
          <Empty title={type === undefined ? t.none : t.noneOf(type)}>
            <p>{t.whatItIs}</p>
            <p className="mt-3">{t.howToDeclare}</p>
            <Code text={EXAMPLE} label={t.example} wrap={false} className="my-2 text-start max-sm:-mx-4" />
            <p>{t.thenHere}</p>
          </Empty>
        )}
        <LimitRows limits={found} />
      </div>
      {query.data?.more && <p className="text-xs text-faint">{t.more}</p>}
    </div>
  );
}
