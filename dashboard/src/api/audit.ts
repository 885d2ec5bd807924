import { infiniteQueryOptions } from "@tanstack/react-query";
import type { Schemas } from "jobflow-aws";
import { ask } from "@/api/client";

export type Outcome = Schemas["AuditEntry"]["outcome"];

/** A change by a person or a token. */
export interface Change {
  id: string;
  at: number;
  action: string;
  kind: string;
  target: string | null;
  principal: string;
  label: string | null;
  reason: string | null;
  ip: string | null;
  correlationId: string | null;
  outcome: Outcome;
  error: string | null;
  /** Of a deployment, a rollback, a backup or a restore. */
  version: string | null;
  /** The id of the bulk action, or of the request for many jobs. */
  bulk: string | null;
}

/** How often one caller was refused in a minute, at least. */
export interface Refusal {
  id: string;
  minute: number;
  principal: string;
  reason: string;
  count: number;
}

export interface WhichChanges {
  job?: string | undefined;
  principal?: string | undefined;
  action?: string | undefined;
  bulk?: string | undefined;
}

/** Requests for one page: each reads up to 1,000 rows, which may all be those of others. */
const LOOKS = 5;

/** Where the next page begins. Its start must be that of the first page, because a cursor belongs to one filter. */
interface Place {
  cursor: string;
  from: string | null;
}

interface AuditPage<T> {
  rows: T[];
  next: Place | null;
}

interface Query {
  created_after?: string;
  cursor?: string;
}

/** Ask for pages until one has rows; a page without rows can have a next one. */
async function pageOf<T>(
  place: Place | null,
  start: () => string | null,
  one: (query: Query) => Promise<{ rows: T[]; next: string | null }>,
): Promise<AuditPage<T>> {
  const from = place ? place.from : start();
  let cursor = place?.cursor ?? null;
  for (let look = 1; ; look++) {
    const found = await one({
      ...(from !== null && { created_after: from }),
      ...(cursor !== null && { cursor }),
    });
    cursor = found.next;
    if (found.rows.length > 0 || cursor === null || look === LOOKS)
      return { rows: found.rows, next: cursor === null ? null : { cursor, from } };
  }
}

/** The changes from `start()` (ISO 8601; null: from the beginning) on, newest first, page by page. */
export const changePages = (which: WhichChanges, span: string, start: () => string | null) =>
  infiniteQueryOptions({
    queryKey: ["audit", "changes", which, span],
    queryFn: ({ pageParam, signal }) =>
      pageOf(pageParam, start, async (query) => {
        const page = await ask("get", "/audit", { query: { ...which, ...query }, signal });
        return { rows: page.entries.map(readChange), next: page.next_cursor };
      }),
    initialPageParam: null as Place | null,
    getNextPageParam: (page) => page.next,
  });

/** The counts of refused requests, newest first, page by page. */
export const refusalPages = (principal: string | undefined, span: string, start: () => string | null) =>
  infiniteQueryOptions({
    queryKey: ["audit", "refusals", principal ?? "", span],
    queryFn: ({ pageParam, signal }) =>
      pageOf(pageParam, start, async (query) => {
        const page = await ask("get", "/audit/refusals", { query: { principal, ...query }, signal });
        return { rows: page.refusals.map(readRefusal), next: page.next_cursor };
      }),
    initialPageParam: null as Place | null,
    getNextPageParam: (page) => page.next,
  });

function readChange(wire: Schemas["AuditEntry"]): Change {
  return {
    id: wire.id,
    at: Date.parse(wire.at),
    action: wire.action,
    kind: wire.kind,
    target: wire.target,
    principal: wire.principal,
    label: wire.label,
    reason: wire.reason,
    ip: wire.ip,
    correlationId: wire.correlation_id,
    outcome: wire.outcome,
    error: wire.error,
    version: wire.version ?? null,
    bulk: wire.bulk ?? null,
  };
}

function readRefusal(wire: Schemas["RefusalCount"]): Refusal {
  return {
    id: [wire.minute, wire.principal, wire.reason].join("#"),
    minute: Date.parse(wire.minute),
    principal: wire.principal,
    reason: wire.reason,
    count: wire.count,
  };
}
