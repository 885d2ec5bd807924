import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { changePages, refusalPages } from "@/api/audit";
import { shortId } from "@/lib/format";
import { parseSpan } from "@/lib/time";
import { usePolling } from "@/live/live";
import { OlderPages, whileOnePage } from "@/live/OlderPages";
import { QueryFailure } from "@/live/QueryFailure";
import { useMe } from "@/session/session";
import { Button } from "@/ui/Button";
import { Segments, Select } from "@/ui/Field";
import { IconClose } from "@/ui/icons";
import { Empty, Skeleton } from "@/ui/states";
import { ChangeRow } from "./ChangeRow";
import { RefusalRow } from "./RefusalRow";
import { t } from "@/texts/en/audit";

const SPANS = ["24h", "7d", "30d", "all"] as const;
type Span = (typeof SPANS)[number];
const DEFAULT: Span = "7d";
type Shown = "changes" | "refused";
interface Search {
  job?: string;
  bulk?: string;
  principal?: string;
  action?: string;
  span?: string;
  show?: string;
}
/** Milliseconds between two looks at a log that few people read for long. */
const POLL = { atLeast: 15_000 };

/** /audit: who changed what, newest first, or who was refused; only for administrators. */
export function AuditPage() {
  const { can, role, unknown, query } = useMe();
  if (unknown) return <QueryFailure page title={t.couldntLoad} query={query} />;
  if (role !== null && !can.administer)
    return (
      <Empty page title={t.onlyAdmins}>
        {t.onlyAdminsHint}
      </Empty>
    );
  return <Log enabled={can.administer} />;
}

function Log({ enabled }: { enabled: boolean }) {
  const search: Search = useSearch({ from: "/audit" });
  const navigate = useNavigate({ from: "/audit" });
  const shown: Shown = search.show === "refused" ? "refused" : "changes";
  const span = SPANS.find((one) => one === search.span) ?? DEFAULT;
  const choose = (next: Search) => {
    const kept = Object.entries({ ...search, ...next }).filter(([, value]) => value);
    void navigate({ search: Object.fromEntries(kept), replace: true });
  };
  return (
    <div className="flex flex-col gap-3">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2 py-1">
        <div className="flex basis-full flex-wrap items-baseline gap-x-4 lg:me-auto lg:basis-auto">
          <h1 className="text-lg font-semibold">{t.auditLog}</h1>
          <p className="text-sm text-soft">{t.keptFor}</p>
        </div>
        <Segments<Shown>
          label={t.show}
          value={shown}
          options={[
            ["changes", t.changes],
            ["refused", t.refused],
          ]}
          onChange={(show) => choose({ show: show === "refused" ? show : "", job: "", bulk: "", action: "" })}
        />
        {shown === "changes" && (
          <Select
            label={t.action}
            value={search.action ?? ""}
            options={[["", t.allActions], ...Object.entries(t.actions)]}
            onChange={(action) => choose({ action })}
          />
        )}
        <Segments<Span>
          label={t.period}
          value={span}
          options={SPANS.map((one) => [one, t.spans[one]] as const)}
          onChange={(next) => choose({ span: next === DEFAULT ? "" : next })}
        />
      </header>
      <Chips search={search} onRemove={(name) => choose({ [name]: "" })} />
      {shown === "changes" ? (
        <Changes
          enabled={enabled}
          search={search}
          span={span}
          onPrincipal={(principal) => choose({ principal })}
        />
      ) : (
        <Refusals enabled={enabled} principal={search.principal} span={span} />
      )}
    </div>
  );
}

function Chips({
  search,
  onRemove,
}: {
  search: Search;
  onRemove: (name: "job" | "bulk" | "principal") => void;
}) {
  const chips = [
    ...(search.job ? [["job", t.ofJob(shortId(search.job))] as const] : []),
    ...(search.bulk ? [["bulk", t.ofBulk(search.bulk)] as const] : []),
    ...(search.principal ? [["principal", t.byPrincipal(search.principal)] as const] : []),
  ];
  if (chips.length === 0) return null;
  return (
    <ul className="flex flex-wrap gap-2">
      {chips.map(([name, text]) => (
        <li key={name} className="max-w-full">
          <Button size="sm" aria-label={t.withoutFilter(text)} onClick={() => onRemove(name)}>
            <span className="truncate">{text}</span> <IconClose />
          </Button>
        </li>
      ))}
    </ul>
  );
}

function Changes(props: {
  enabled: boolean;
  search: Search;
  span: Span;
  onPrincipal: (principal: string) => void;
}) {
  const { job, bulk, principal, action } = props.search;
  const which = {
    ...(job && { job }),
    ...(bulk && { bulk }),
    ...(principal && { principal }),
    ...(action && { action }),
  };
  const pages = changePages(which, props.span, () => startOf(props.span));
  const query = useInfiniteQuery({ ...pages, ...whileOnePage(usePolling(POLL)), enabled: props.enabled });
  const found = query.data?.pages.flatMap((page) => page.rows);
  return (
    <>
      <Rows query={query} found={found} none={t.none} hint={t.noneHint}>
        {found?.map((one) => (
          <ChangeRow key={one.id} change={one} onPrincipal={principal ? null : props.onPrincipal} />
        ))}
      </Rows>
      <OlderPages queryKey={pages.queryKey} label={t.older} pages={query} />
    </>
  );
}

function Refusals(props: { enabled: boolean; principal: string | undefined; span: Span }) {
  const pages = refusalPages(props.principal, props.span, () => startOf(props.span));
  const query = useInfiniteQuery({ ...pages, ...whileOnePage(usePolling(POLL)), enabled: props.enabled });
  const found = query.data?.pages.flatMap((page) => page.rows);
  return (
    <>
      <Rows query={query} found={found} none={t.noneRefused} hint={t.noneRefusedHint}>
        {found?.map((one) => (
          <RefusalRow key={one.id} refusal={one} />
        ))}
      </Rows>
      <OlderPages queryKey={pages.queryKey} label={t.older} pages={query} />
    </>
  );
}

type Loading = Parameters<typeof QueryFailure>[0]["query"] & { isPending: boolean; isError: boolean };

function Rows({
  query,
  found,
  none,
  hint,
  children,
}: {
  query: Loading & { hasNextPage: boolean };
  found: unknown[] | undefined;
  none: string;
  hint: string;
  children: ReactNode;
}) {
  return (
    <div className="border border-line bg-panel">
      {query.isPending && <Skeleton className="m-4 h-24" />}
      {query.isError && !found && <QueryFailure title={t.couldntLoad} query={query} />}
      {found?.length === 0 && (
        <Empty title={query.hasNextPage ? t.noneAmongNewest : none}>
          {query.hasNextPage ? t.noneAmongNewestHint : hint}
        </Empty>
      )}
      <ul className="divide-y divide-line">{children}</ul>
    </div>
  );
}

function startOf(span: Span): string | null {
  const ms = span === "all" ? null : parseSpan(span);
  return ms === null ? null : new Date(Date.now() - ms).toISOString();
}
