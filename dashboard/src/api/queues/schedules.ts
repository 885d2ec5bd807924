import { queryOptions } from "@tanstack/react-query";
import type { JsonObject } from "@/lib/json";
import type { Schemas } from "jobflow-aws";
import { ask } from "@/api/client";
import { because } from "@/api/reason";
import type { JobStatus, Priority, WireSchedule } from "@/api/wire";

export interface Firing {
  at: number;
  /** The same time in the schedule's zone, as ISO 8601 with its offset. */
  local: string;
}

export interface LastFiring extends Firing {
  jobId: string;
  status: JobStatus | null;
  skipped: boolean;
}

export interface MissedFiring extends Firing {
  reason: Schemas["MissedFiring"]["reason"];
}

/** The settings of a schedule that a person can choose. */
export interface Settings {
  type: string;
  cron: string;
  timezone: string;
  payload: JsonObject;
  catchUp: number;
  overlap: "allow" | "skip";
  priority: Priority;
}

export interface Schedule extends Settings {
  id: string;
  /** A number that changes when the settings change. */
  version: string;
  startsAt: string | null;
  endsAt: string | null;
  /** Seconds after its time at which a firing that has not begun is cancelled. */
  expires: number | null;
  declared: boolean;
  paused: boolean;
  problem: string | null;
  /** Who paused it and when; null if it is not paused, or was declared as paused. */
  pause: { by: string; at: number } | null;
  next: Firing[];
  last: LastFiring[];
  /** Firings for which no job was made, newest first. */
  missed: MissedFiring[];
}

/** All schedules, in the order of their ids. */
export const schedules = () =>
  queryOptions({ queryKey: ["schedules"], queryFn: ({ signal }) => allSchedules({ signal }) });

const PAGE = 50;

/** Return all schedules, each with up to `last` last firings: fewer need fewer reads of jobs. */
export async function allSchedules({
  last,
  signal,
}: {
  last?: number;
  signal: AbortSignal;
}): Promise<Schedule[]> {
  const found: Schedule[] = [];
  let after: string | undefined;
  do {
    const query = { limit: PAGE, after, last };
    const page: Schemas["SchedulePage"] = await ask("get", "/schedules", { query, signal });
    found.push(...page.schedules.map(read));
    after = page.next_after ?? undefined;
  } while (after !== undefined);
  return found;
}

/** The next firings of a cron expression; while the expression is wrong, the query fails with the API's error text. */
export const preview = (cron: string, timezone: string) =>
  queryOptions({
    queryKey: ["schedules", "preview", cron, timezone],
    enabled: cron.trim() !== "",
    retry: false,
    staleTime: 30_000,
    queryFn: async ({ signal }) => {
      const query = { cron, timezone, count: 5 };
      return (await ask("get", "/schedules/preview", { query, signal })).firings.map(firing);
    },
  });

export async function setPaused(id: string, paused: boolean, reason?: string): Promise<void> {
  const body = because(reason);
  await ask("post", `/schedules/{schedule_id}/${paused ? "pause" : "resume"}`, { ...at(id), body });
}

/** Create a job of the schedule now, or find the job that was made with this idempotency key; return its id. */
export async function runNow(id: string, key: string, reason?: string): Promise<string> {
  return (await ask("post", "/schedules/{schedule_id}/run", { ...at(id), body: because(reason), key })).id;
}

export async function remove(id: string, reason?: string): Promise<void> {
  await ask("delete", "/schedules/{schedule_id}", { ...at(id), body: because(reason) });
}

export async function create(id: string, settings: Settings, reason?: string): Promise<void> {
  await ask("post", "/schedules", { body: { id, ...wireOf(settings), ...because(reason) } });
}

/**
 * Replace the settings of a schedule, unless they were changed since they were read. `starts_at` and `ends_at`, which
 * the form does not show, are kept.
 */
export async function change(old: Schedule, settings: Settings, reason?: string): Promise<void> {
  const kept = {
    starts_at: old.startsAt,
    ends_at: old.endsAt,
    expires_seconds: old.expires,
    version: old.version,
    ...because(reason),
  };
  await ask("put", "/schedules/{schedule_id}", { ...at(old.id), body: { ...wireOf(settings), ...kept } });
}

const at = (id: string) => ({ path: { schedule_id: id } });

function wireOf({ catchUp, ...rest }: Settings) {
  return { ...rest, catch_up: catchUp };
}

function firing({ at, local }: { at: string; local: string }): Firing {
  return { at: Date.parse(at), local };
}

function read(wire: WireSchedule): Schedule {
  return {
    id: wire.id,
    version: wire.version,
    type: wire.type,
    cron: wire.cron,
    timezone: wire.timezone,
    payload: wire.payload as JsonObject,
    catchUp: wire.catch_up,
    overlap: wire.overlap,
    priority: wire.priority,
    startsAt: wire.starts_at,
    endsAt: wire.ends_at,
    expires: wire.expires_seconds ?? null,
    declared: wire.declared,
    paused: wire.paused,
    problem: wire.problem,
    pause: wire.paused_at == null ? null : { by: wire.paused_by ?? "", at: Date.parse(wire.paused_at) },
    next: wire.next_firings.map(firing),
    last: wire.last_firings.map((one) => ({
      ...firing(one),
      jobId: one.job_id,
      status: one.status,
      skipped: one.error_class === "Skipped",
    })),
    // An API from before this field does not send it.
    missed: ((wire as Partial<WireSchedule>).missed_firings ?? []).map((one) => ({
      ...firing(one),
      reason: one.reason,
    })),
  };
}
