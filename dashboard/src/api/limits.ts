import { queryOptions } from "@tanstack/react-query";
import type { Schemas } from "jobflow-aws";
import { ask } from "@/api/client";
import { because } from "@/api/reason";
import type { JobStatus } from "@/api/jobs/jobs";
import type { Priority } from "@/api/wire";

/** The largest number of places that a limit can have, if the API does not say it. */
const MOST_PLACES = 100;

/** A change of a limit at run time. */
export interface LimitChange {
  /** The value that was changed; null: the limit, or all values of its field. */
  value: string | null;
  n: number;
  by: string;
  reason: string;
  at: number;
  /** False: the code does not declare the limit, so the change does nothing. */
  inForce: boolean;
}

/** A limit, or one value of it. */
export interface Which {
  /** The name in addresses. */
  name: string;
  /** A value of the field, also an empty text; null: the limit, or all values of its field. */
  value: string | null;
}

/** A limit; or the limit of one value of a field, or of all its values. */
export interface Limit extends Which {
  /** The job type or, if it is shared, the name that the code gives the limit. */
  label: string;
  allValues: boolean;
  shared: boolean;
  /** The field of the payload, each value of which has places of its own. */
  by: string | null;
  types: string[];
  /** False: the code declares it no more, and the jobs that wait for it may all run. */
  declared: boolean;
  inCode: number | null;
  /** The number in force, of places, or of starts in `per` seconds; null: jobs are not limited any more. */
  n: number | null;
  /** The seconds in which `n` jobs may start at a rate; null for a limit of places. */
  per: number | null;
  /** The smallest number over 0, and the largest, that it may be given. */
  least: number;
  most: number;
  differs: boolean;
  changed: LimitChange | null;
  /** Of a rate: the jobs that have their turn. Null for all values of a field, and if the API has not read it. */
  inUse: number | null;
  waits: boolean;
  /** At most 100; null if it is not counted. */
  waiting: number | null;
  waitingMore: boolean;
}

export interface Holder {
  id: string;
  type: string | null;
  status: JobStatus | null;
  since: number | null;
  /** It does not need the place any more. */
  stale: boolean;
}

/** The jobs of one type that wait, and the first of them. */
export interface Line {
  type: string;
  waiting: number;
  more: boolean;
  first: { id: string; since: number; priority: Priority }[];
}

export interface LimitDetail extends Limit {
  holders: Holder[];
  lines: Line[];
  /** For all values of a field: those that are changed, and those for which jobs wait. */
  values: Limit[];
  moreValues: boolean;
}

export const limitKeys = { all: ["limits"] as const };

/** All limits, by name; `more`: jobs wait for more values than the API lists. */
export const limits = () =>
  queryOptions({
    queryKey: [...limitKeys.all, "list"],
    queryFn: async ({ signal }) => {
      const found = await ask("get", "/limits", { signal });
      return { limits: found.limits.map(read), more: found.more };
    },
  });

const at = ({ name, value }: Which) => ({
  path: { limit_name: name },
  query: value === null ? {} : { value },
});

export const limitOne = (which: Which) =>
  queryOptions({
    queryKey: [...limitKeys.all, "one", which.name, which.value],
    queryFn: async ({ signal }): Promise<LimitDetail> => {
      const found = await ask("get", "/limits/{limit_name}", { ...at(which), signal });
      return {
        ...read(found),
        holders: found.holders.map(({ job_id, type, status, since, stale }) => ({
          ...{ id: job_id, type, status, stale },
          since: since === null ? null : Date.parse(since),
        })),
        lines: found.lines.map(({ type, waiting, waiting_more, first }) => ({
          ...{ type, waiting, more: waiting_more },
          first: first.map((one) => ({
            ...{ id: one.job_id, since: Date.parse(one.due_since) },
            // An API from before this field does not send it.
            priority: (one as Partial<typeof one>).priority ?? ("normal" as const),
          })),
        })),
        values: found.values.map(read),
        moreValues: found.more_values,
      };
    },
  });

/**
 * Change how many places a limit has, or how many jobs start at a rate, until it is reset. Return for how many values
 * the jobs that wait start only within minutes.
 */
export async function setLimit(which: Which, n: number, reason?: string): Promise<number> {
  const body = { n, ...because(reason) };
  return (await ask("put", "/limits/{limit_name}", { ...at(which), body })).left;
}

/** Give a limit the number that the code says again; return the same as `setLimit`. */
export async function resetLimit(which: Which, reason?: string): Promise<number> {
  return (await ask("delete", "/limits/{limit_name}", { ...at(which), body: because(reason) })).left;
}

function read(wire: Schemas["LimitRow"]): Limit {
  const { changed } = wire;
  return {
    name: wire.name,
    label: wire.label,
    allValues: wire.all_values,
    shared: wire.shared,
    by: wire.by,
    value: wire.value,
    types: wire.types,
    declared: wire.declared,
    inCode: wire.n_declared,
    n: wire.n,
    per: wire.per ?? null,
    least: wire.least ?? 1,
    most: wire.most ?? MOST_PLACES,
    differs: wire.differs,
    changed: changed && {
      ...{ value: changed.value, n: changed.n, by: changed.by, reason: changed.reason },
      ...{ at: Date.parse(changed.at), inForce: changed.in_force },
    },
    inUse: wire.in_use,
    waits: wire.waits,
    waiting: wire.waiting,
    waitingMore: wire.waiting_more,
  };
}
