import type { Job } from "@/api/jobs/jobs";
import { leaves } from "@/lib/difference";
import { isObject, parse, parseJson, stringify, type Json } from "@/lib/json";

/** A field of the selected jobs' payloads, with its values as JSON and how many jobs have each, most frequent first. */
export interface PayloadField {
  path: string;
  values: [value: string, jobs: number][];
}

/** Return the fields that hold a value in a payload, in the order of the payloads. */
export function fieldsOf(jobs: readonly Job[]): PayloadField[] {
  const found = new Map<string, Map<string, number>>();
  for (const { payload } of jobs)
    for (const [path, value] of isObject(payload) ? leaves(payload) : []) {
      if (at(payload, path) !== value) continue;
      const values = found.get(path) ?? new Map<string, number>();
      values.set(value, (values.get(value) ?? 0) + 1);
      found.set(path, values);
    }
  return [...found].map(([path, values]) => ({ path, values: [...values].sort(([, a], [, b]) => b - a) }));
}

/**
 * Return the value that the API finds at a path, as JSON; null if there is none. A name with a dot has no path, because
 * the API reads it as two names.
 */
function at(payload: Json, path: string): string | null {
  let place = payload;
  for (const name of path.split(".")) {
    const inside = Array.isArray(place) || isObject(place) ? Object.entries(place) : [];
    const [, next] = inside.find(([key]) => name !== "" && key === name) ?? [];
    if (next === undefined) return null;
    place = next;
  }
  return stringify(place);
}

/** Return whether all present values of a field are texts, so that a new one is typed without quotes. */
export function isText({ values }: PayloadField): boolean {
  return values.every(([value]) => typeof parse(value) === "string");
}

/** Return what was typed as the new value of a field, or what is wrong with it. */
export function valueOf(field: PayloadField, typed: string): ReturnType<typeof parseJson> {
  return isText(field) ? { ok: true, value: typed } : parseJson(typed);
}

/** One job and the value of the field in it before the change, as JSON; null if it has none. */
export interface Before {
  id: string;
  before: string | null;
}

/** Return the jobs whose value of the field would change to `after` (as JSON), and how many have it already. */
export function preview(jobs: readonly Job[], path: string, after: string) {
  const all = jobs.flatMap(({ id, payload }): Before[] =>
    isObject(payload) ? [{ id, before: at(payload, path) }] : [],
  );
  const changed = all.filter(({ before }) => before !== after);
  return { changed, same: all.length - changed.length, unknown: jobs.length - all.length };
}
