import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { tokens } from "@/api/tokens";
import { usePolling } from "@/live/live";
import { QueryFailure } from "@/live/QueryFailure";
import { useMe } from "@/session/session";
import { Segments } from "@/ui/Field";
import { Empty, Skeleton } from "@/ui/states";
import { Sessions } from "./Sessions";
import { TokenRow } from "./TokenRow";
import { t } from "@/texts/en/tokens";

type Shown = "working" | "all";
/** Milliseconds between two looks at a list that changes rarely. */
const POLL = { atLeast: 30_000 };

/** /tokens: who may call the API, until when, when each token was last used, and who has signed in; only for administrators. */
export function TokensPage() {
  const { can, role } = useMe();
  if (role !== null && !can.administer)
    return (
      <Empty page title={t.onlyAdmins}>
        {t.onlyAdminsHint}
      </Empty>
    );
  return <List enabled={can.administer} />;
}

function List({ enabled }: { enabled: boolean }) {
  const search = useSearch({ from: "/tokens" });
  const navigate = useNavigate({ from: "/tokens" });
  const shown: Shown = search.show === "all" ? "all" : "working";
  const query = useQuery({ ...tokens(), ...usePolling(POLL), enabled });
  const working = query.data?.filter((one) => one.state === "works");
  const found = shown === "all" ? query.data : working;
  return (
    <div className="flex flex-col gap-3">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2 py-1">
        <h1 className="text-lg font-semibold">{t.tokens}</h1>
        <p className="me-auto min-h-5 text-sm text-soft" aria-live="polite">
          {working ? t.summary(new Set(working.map((one) => one.principal)).size) : ""}
        </p>
        <Segments<Shown>
          label={t.show}
          value={shown}
          options={[
            ["working", t.working],
            ["all", t.all],
          ]}
          onChange={(show) => void navigate({ search: show === "all" ? { show } : {}, replace: true })}
        />
      </header>
      <div className="border border-line bg-panel">
        {query.isPending && (
          <div role="status" aria-busy="true" aria-label={t.loading} className="flex flex-col gap-3 p-4">
            <Skeleton className="h-10" />
            <Skeleton className="h-10" />
          </div>
        )}
        {query.isError && !query.data && <QueryFailure title={t.couldntLoad} query={query} />}
        {found?.length === 0 && <Empty title={t.none} />}
        <ul className="divide-y divide-line">
          {found?.map((one) => (
            <TokenRow key={one.id} token={one} />
          ))}
        </ul>
      </div>
      <p className="text-sm text-soft">
        {t.howTo} <code className="font-mono text-xs">{t.commands}</code>
      </p>
      <Sessions enabled={enabled} all={shown === "all"} />
    </div>
  );
}
