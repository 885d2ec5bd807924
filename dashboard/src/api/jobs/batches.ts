import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ask } from "@/api/client";
import { because } from "@/api/reason";
import { isStatus } from "@/api/numbers/errors";
import type { WireBatch, WireBatchDetail, WireRound } from "@/api/wire";
import { firstJobs, msOrNull } from "./jobs";

/** A round of a batch; its numbers only grow. Times in milliseconds. */
export interface BatchRound {
  round: number;
  state: WireRound["state"];
  /** The number of members; null while it is not known. */
  total: number | null;
  /** The number of members that have ended: completed, failed or cancelled. */
  done: number;
  completed: number;
  failed: number;
  cancelled: number;
  /** The first 100 members that have failed. */
  failedIds: string[];
  openedAt: number;
  closedAt: number | null;
  updatedAt: number;
  endedAt: number | null;
  /** The jobs that were made for `then` and `onFailure`. */
  thenJob: string | null;
  onFailureJob: string | null;
  /** The bulk action that has moved its members into this round. */
  bulk: string | null;
}

/** A batch with its newest round. */
export interface Batch {
  id: string;
  state: WireBatch["state"];
  key: string | null;
  /** The types of the jobs that are made at the end of each round, and at its first failure. */
  then: string | null;
  onFailure: string | null;
  tags: string[];
  /** The webhooks that are told of the end of each round. */
  notify: string[];
  /** The job whose function has made the batch, or the label of the token that has created it. */
  parent: string | null;
  createdBy: string | null;
  createdAt: number;
  newest: BatchRound;
}

export interface BatchDetail extends Batch {
  /** The newest 50 rounds, oldest first. */
  rounds: BatchRound[];
  /** How many members of the newest round had ended, at the times of the last answers; oldest first. */
  seen: Seen[];
  /** True while a request to retry the failed members is being carried out: another one would do nothing. */
  retrying: boolean;
  /** For whom the batch is being cancelled; null before and after. */
  cancelledBy: string | null;
}

export interface Seen {
  round: number;
  at: number;
  done: number;
}

/** Milliseconds for which earlier answers are remembered, to compute the rate. */
const REMEMBERED = 120_000;

/** Add an answer to the remembered ones, without those of another round and older ones. */
export function seenAfter(before: readonly Seen[], { round, done }: BatchRound, at: number): Seen[] {
  const kept = before.filter((one) => one.round === round && at - one.at <= REMEMBERED);
  return [...kept, { round, at, done }];
}

function toRound(wire: WireRound): BatchRound {
  return {
    round: wire.round,
    state: wire.state,
    total: wire.total,
    done: wire.done,
    completed: wire.completed,
    failed: wire.failed,
    cancelled: wire.cancelled,
    failedIds: wire.failed_ids,
    openedAt: Date.parse(wire.opened_at),
    closedAt: msOrNull(wire.closed_at),
    updatedAt: Date.parse(wire.updated_at),
    endedAt: msOrNull(wire.ended_at),
    thenJob: wire.then_job,
    onFailureJob: wire.on_failure_job,
    bulk: wire.bulk,
  };
}

function toBatch(wire: WireBatch): Batch {
  return {
    id: wire.id,
    state: wire.state,
    key: wire.key,
    then: wire.then,
    onFailure: wire.on_failure,
    tags: wire.tags,
    notify: wire.notify,
    parent: wire.parent,
    createdBy: wire.created_by,
    createdAt: Date.parse(wire.created_at),
    newest: toRound(wire.newest),
  };
}

function toDetail(wire: WireBatchDetail, before: readonly Seen[]): BatchDetail {
  const batch = toBatch(wire);
  return {
    ...batch,
    rounds: wire.rounds.map(toRound),
    seen: seenAfter(before, batch.newest, Date.now()),
    retrying: wire.retrying,
    cancelledBy: wire.cancelled_by,
  };
}

export const batchKeys = { all: ["batches"] as const, one: (id: string) => ["batches", "one", id] as const };

/** All batches, newest first, page by page. */
export const batchPages = () =>
  infiniteQueryOptions({
    queryKey: [...batchKeys.all, "pages"],
    queryFn: async ({ pageParam, signal }) => {
      const query = pageParam === null ? {} : { cursor: pageParam };
      const page = await ask("get", "/batches", { query, signal });
      return { batches: page.batches.map(toBatch), nextCursor: page.next_cursor };
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });

export const batchOne = (id: string) =>
  queryOptions({
    queryKey: batchKeys.one(id),
    retry: (times, error) => !isStatus(error, 404) && times < 2,
    queryFn: async ({ client, signal }) => {
      const found = await ask("get", "/batches/{batch_id}", { path: { batch_id: id }, signal });
      return toDetail(found, client.getQueryData<BatchDetail>(batchKeys.one(id))?.seen ?? []);
    },
  });

/**
 * The first members of a batch, in their present state: those of one round, or all. `end` is the time at which the batch
 * has ended, which tells the answers after this end from earlier ones.
 */
export const batchMembers = (id: string, round: number | undefined, end: number | null) =>
  queryOptions({
    queryKey: [...batchKeys.one(id), "members", round ?? null, end],
    queryFn: ({ signal }) => firstJobs({ batch: id, round }, signal),
  });

const path = (id: string) => ({ path: { batch_id: id } });

/** Close a batch without a number: its members are counted. */
export async function closeBatch(id: string, reason?: string): Promise<void> {
  await ask("post", "/batches/{batch_id}/close", { ...path(id), body: because(reason) });
}

/** Close a batch, and cancel the members that have not ended. */
export async function cancelBatch(id: string, reason?: string): Promise<void> {
  await ask("post", "/batches/{batch_id}/cancel", { ...path(id), body: because(reason) });
}

/** Retry the failed members, as a new round; return whether any are retried. `newest` is the newest known round. */
export async function retryBatch(id: string, newest: number, reason?: string): Promise<boolean> {
  const found = await ask("post", "/batches/{batch_id}/retry", { ...path(id), body: because(reason) });
  return found.retrying || found.newest.round > newest;
}
